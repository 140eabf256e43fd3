"""The REST API's description as CloudFormation hands it to API Gateway: its functions resolved."""

from __future__ import annotations

from typing import Any

import moto.cloudformation.models as moto_cloudformation

from infrastructure.local.stack.deploy import ACCOUNT, REGION

_BACKENDS: Any = moto_cloudformation.cloudformation_backends


def api_body(stack: str) -> dict[str, Any]:
    """The body of a deployed stack's API, with the stack's parameters."""
    records = _BACKENDS[ACCOUNT][REGION].get_stack(stack).life.records
    body: dict[str, Any] = records["RestAPI"].properties["Body"]
    return body
