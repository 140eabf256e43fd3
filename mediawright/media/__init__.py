"""What may be asked of the media operations: read by the operators that do it and by the API that takes it in."""

from mediawright.media.parameters import NAMES as NAMES
from mediawright.media.parameters import InvalidParameter as InvalidParameter
from mediawright.media.parameters import check as check
from mediawright.media.parameters import configuration_schema as configuration_schema
from mediawright.media.parameters import defaults as defaults
from mediawright.media.parameters import schema as schema
