"""Documents to and from S3 by presigned addresses: what is too large for one call of the data plane."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mediawright.errors import DataPlaneError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_ATTEMPTS = 3
_TIMEOUT_SECONDS = 60


def put(url: str, document: bytes) -> None:
    """Put a JSON document to a presigned address. Raises DataPlaneError when S3 refuses it, or can't be reached."""
    _request("PUT", url, document)


def get(url: str) -> str:
    """Fetch a JSON document from a presigned address; raises the same."""
    return _request("GET", url, None).data.decode()


def _request(method: str, url: str, body: bytes | None) -> BaseHTTPResponse:
    # the SDK's own HTTP library; imported when needed, since most operators never come here
    import urllib3

    retries = urllib3.Retry(_ATTEMPTS, status_forcelist=(500, 502, 503), backoff_factor=0.2, raise_on_status=False)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    try:
        with urllib3.PoolManager(timeout=_TIMEOUT_SECONDS, retries=retries) as pool:
            answer = pool.request(method, url, body=body, headers=headers)
    except urllib3.exceptions.HTTPError as error:
        # a presigned URL is a secret: only its host is told
        raise DataPlaneError(503, "TransferFailed", f"{urlsplit(url).hostname}: {type(error).__name__}") from None
    if answer.status >= 300:
        raise DataPlaneError(answer.status, "TransferFailed", f"S3 answered {answer.status} to a {method}")
    return answer
