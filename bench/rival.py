"""What the old engine, Media Insights on AWS 5.1.11, measured on the same moto. Constants: its code is not here.

Measured on a machine of this kind (two cores, Python 3.11, moto 5.2.5), its own code unchanged and Step Functions
executed by moto; the idle cost is what its published architecture comes to.
"""

from __future__ import annotations

RUN_MS = 465.0
TRANSITIONS = 24
ENGINE_INVOCATIONS = 9
DYNAMODB_REQUESTS = 17
WRITE_UNITS = 400
IMPORT_MS = 376.0
IDLE_USD_A_MONTH = 16.0
