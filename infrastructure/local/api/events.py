"""Turns an HTTP request into the event of API Gateway's Lambda proxy integration, and its answer into HTTP."""

from __future__ import annotations

import base64
import binascii
import json
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from infrastructure.local.api.routes import Answer
from infrastructure.local.invocation import Invocation

ACCOUNT = "123456789012"


@dataclass(frozen=True)
class HttpRequest:
    """One request; `path` begins after the stage, `query` is as sent."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source: str = "127.0.0.1"

    def header(self, name: str) -> str | None:
        """The last header of a name, in any case."""
        wanted = name.lower()
        return next((value for key, value in reversed(self.headers) if key.lower() == wanted), None)


class MalformedAnswer(Exception):
    """The function failed, or its answer is not what the proxy integration takes; API Gateway says 502."""


def lambda_event(
    request: HttpRequest, resource: str, variables: dict[str, str], binary_types: Iterable[str], caller: str | None
) -> dict[str, Any]:
    """The proxy integration's event; `caller` is the access key of a verified signature."""
    headers: dict[str, list[str]] = {}
    for name, value in request.headers:
        headers.setdefault(name, []).append(value)
    query = parse_qs(request.query, keep_blank_values=True) or None
    content_type = (request.header("Content-Type") or "").partition(";")[0].strip().lower()
    binary = content_type in binary_types
    text = base64.b64encode(request.body).decode() if binary else request.body.decode("utf-8", "replace")
    return {
        "resource": resource,
        "path": request.path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": query and {name: values[-1] for name, values in query.items()},
        "multiValueQueryStringParameters": query,
        # Still percent-encoded, as a REST API (unlike an HTTP API) hands them on.
        "pathParameters": variables or None,
        "stageVariables": None,
        "requestContext": _context(request, resource, caller),
        "body": text if request.body else None,
        "isBase64Encoded": binary and bool(request.body),
    }


def _context(request: HttpRequest, resource: str, caller: str | None) -> dict[str, Any]:
    return {
        "accountId": ACCOUNT,
        "apiId": "local",
        "stage": "api",
        "requestId": str(uuid.uuid4()),
        "requestTimeEpoch": int(time.time() * 1000),
        "resourcePath": resource,
        "httpMethod": request.method,
        "path": f"/api{request.path}",
        "protocol": "HTTP/1.1",
        "identity": {
            "sourceIp": request.source,
            "userAgent": request.header("User-Agent"),
            "accessKey": caller,
            "accountId": caller and ACCOUNT,
            "userArn": caller and f"arn:aws:iam::{ACCOUNT}:user/{caller}",
        },
    }


def http_answer(invocation: Invocation) -> Answer:
    """The HTTP answer that a proxy integration's function returned. Raises MalformedAnswer."""
    if invocation.error:
        raise MalformedAnswer(invocation.payload.decode(errors="replace"))
    try:
        returned = json.loads(invocation.payload)
        status = int(returned["statusCode"])
        headers = {name: str(value) for name, value in (returned.get("headers") or {}).items()}
        for name, values in (returned.get("multiValueHeaders") or {}).items():
            headers[name] = ", ".join(str(value) for value in values)
        text = "" if returned.get("body") is None else returned["body"]
        body = base64.b64decode(text) if returned.get("isBase64Encoded") else text.encode()
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise MalformedAnswer(str(error)) from error
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/json"
    return Answer(status, headers, body)
