"""Answers at presigned addresses. The address is a secret: it stands in no message and no log."""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

from chalicelib.aws.clients import client

_ATTEMPTS = 4
_PAUSE_SECONDS = 0.5
_TIMEOUT_SECONDS = 6


class AnswerNotTaken(Exception):
    """The address took no answer."""


def s3_endpoint() -> str:
    """The address of S3 that this process talks to."""
    return str(client("s3").meta.endpoint_url)


def put(url: str, body: bytes) -> None:
    """Put an answer; failures of the connection or of the server are tried again. Redirects aren't followed.

    Raises AnswerNotTaken.
    """
    told = ""
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE_SECONDS * 2**attempt)
        try:
            status = _put(url, body)
        except (OSError, http.client.HTTPException) as error:
            told = type(error).__name__
            continue
        if status < 300:
            return
        told = f"status {status}"
        if status < 500:
            break
    raise AnswerNotTaken(told)


def _put(url: str, body: bytes) -> int:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=_TIMEOUT_SECONDS)
    try:
        # the address is signed for an empty content type
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request("PUT", path, body, {"Content-Type": "", "Content-Length": str(len(body))})
        return connection.getresponse().status
    finally:
        connection.close()
