"""How each service answers a request that isn't granted."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

_CODES = {
    "s3": ("AccessDenied", 403),
    "sns": ("AuthorizationError", 403),
    "cloudwatch": ("AccessDenied", 403),
    "lambda": ("AccessDeniedException", 403),
    "scheduler": ("AccessDeniedException", 403),
}
_JSON = ("AccessDeniedException", 400)


def message(account: str, role: str, session: str, action: str, resource: str) -> str:
    """What AWS says of a request that no policy of the role allows."""
    return (
        f"User: arn:aws:sts::{account}:assumed-role/{role}/{session} is not authorized to perform: {action}"
        f" on resource: {resource} because no identity-based policy allows the {action} action"
    )


def refusal(service: str, operation: str, text: str) -> ClientError:
    """The SDK's error for a refused call."""
    code, status = _CODES.get(service, _JSON)
    if operation.startswith("Head"):  # an answer to HEAD has no body, so nothing says why
        code, text = "403", "Forbidden"
    response: Any = {
        "Error": {"Code": code, "Message": text},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0},
    }
    return ClientError(response, operation)
