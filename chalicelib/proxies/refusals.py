"""What AWS refuses, in the terms of our own API: which error an answer of AWS becomes.

Contract: chapter 11, decision 10. The message keeps AWS's code and text.
"""

from __future__ import annotations

from typing import Any

from chalicelib.web.errors import (
    BadGatewayError,
    BadRequestError,
    ConflictError,
    ForbiddenError,
    MediawrightError,
    NotFoundError,
    UnavailableError,
)

_PATIENCE = (
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ServiceUnavailableException",
)
_CLASSES: dict[str, type[MediawrightError]] = {
    **dict.fromkeys(("NotFoundException", "ResourceNotFoundException"), NotFoundError),
    **dict.fromkeys(("ConflictException", "ConcurrentModificationException"), ConflictError),
    **dict.fromkeys(("AccessDenied", "AccessDeniedException"), ForbiddenError),
    **dict.fromkeys(_PATIENCE, UnavailableError),
}


def of(service: str, response: dict[str, Any]) -> MediawrightError:
    """Our error for the `response` of botocore's ClientError."""
    code = str(response.get("Error", {}).get("Code", "Unknown"))
    text = str(response.get("Error", {}).get("Message", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    return _class(service, code, text, status)(f"{code}: {text}")


def _class(service: str, code: str, text: str, status: int) -> type[MediawrightError]:
    if code in _CLASSES:
        return _CLASSES[code]
    if service == "transcribe" and code == "LimitExceededException":
        # Transcribe means too many requests; Translate means a quota, which waiting doesn't change
        return UnavailableError
    if service == "transcribe" and code == "BadRequestException" and "couldn't be found" in text:
        # Transcribe has NotFoundException, and answers this for a name that it doesn't know
        return NotFoundError
    return BadGatewayError if status >= 500 else BadRequestError
