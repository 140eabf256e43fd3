"""`python -m infrastructure.local`: the same as `python -m infrastructure.local.up`."""

import sys

from infrastructure.local.up import main

sys.exit(main(arguments=sys.argv[1:]))
