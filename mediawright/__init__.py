"""Mediawright for operator authors. The client of the HTTP API is `mediawright.client.Client`."""

from mediawright.dataplane import DataPlane as DataPlane
from mediawright.errors import ApiError as ApiError
from mediawright.errors import DataPlaneError as DataPlaneError
from mediawright.errors import InvalidInput as InvalidInput
from mediawright.errors import InvalidOutput as InvalidOutput
from mediawright.errors import MediawrightError as MediawrightError
from mediawright.errors import NotConfigured as NotConfigured
from mediawright.errors import OperatorError as OperatorError
from mediawright.operator import Operator as Operator
from mediawright.operator import operator as operator
from mediawright.task import MediaObject as MediaObject
from mediawright.task import Task as Task
