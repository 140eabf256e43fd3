"""What CloudFormation is answered, and where an answer may be sent.

Source: the CloudFormation user guide, "Custom resource response objects": at most 4096 bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from chalicelib.web.errors import BadRequestError

MAX_BYTES = 4096
_MAX_ID = 1024
_MAX_REASON = 1500
_S3_HOST = re.compile(r"([a-z0-9][a-z0-9.-]*\.)?s3([.-][a-z0-9-]+)*\.amazonaws\.com(\.cn)?")


def success(event: Mapping[str, Any], physical_id: str, data: Mapping[str, Any]) -> bytes:
    """The answer that a request is done."""
    return _body(event, {"Status": "SUCCESS", "PhysicalResourceId": physical_id, "Data": data})


def failure(event: Mapping[str, Any], physical_id: str, reason: str) -> bytes:
    """The answer that a request can't be done, with a reason that the stack's events show."""
    message = f"Exception during processing: {reason}"[:_MAX_REASON]
    answer = {
        "Status": "FAILED",
        "PhysicalResourceId": physical_id[:_MAX_ID],
        "Reason": reason[:_MAX_REASON] or "unknown",
    }
    body = _body(event, {**answer, "Data": {"Message": message}})
    return body if len(body) <= MAX_BYTES else _body(event, {**answer, "Reason": reason[:200]})


def _body(event: Mapping[str, Any], answer: dict[str, Any]) -> bytes:
    echoed = {name: str(event.get(name, ""))[:_MAX_ID] for name in ("StackId", "RequestId", "LogicalResourceId")}
    return json.dumps({**echoed, **answer}).encode()


def check_url(url: object, s3_endpoint: str) -> str:
    """The address to answer at: S3 by TLS, or the S3 endpoint that this process's own client talks to.

    Raises BadRequestError, which doesn't quote the address: whoever has it may answer.
    """
    parts = urlsplit(url if isinstance(url, str) else "")
    own = urlsplit(s3_endpoint)
    at_s3 = parts.scheme == "https" and _is_s3(parts.netloc)
    if not at_s3 and (parts.scheme, parts.netloc) != (own.scheme, own.netloc):
        raise BadRequestError("ResponseURL: only an address of S3 may be answered at")
    return str(url)


def _is_s3(host: str) -> bool:
    return bool(_S3_HOST.fullmatch(host.lower().removesuffix(":443")))
