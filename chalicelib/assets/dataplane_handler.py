"""The Lambda function that operators invoke: the data plane's routes, the report of progress, and no others.

Whoever may invoke a function of the package directly meets no signature check, so an event passes only if it is a
request to a declared data-plane route. Events are those of API Gateway's proxy integration, as operators' helpers
build them: members that only API Gateway itself would send may be missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from chalicelib.web.documents import compact
from chalicelib.web.room import ENDPOINTS

_OWN = "assets/"
_SHARED = {("GET", "/"), ("GET", "/version"), ("POST", "/workflow/execution/{id}/progress")}

App = Callable[[dict[str, Any], Any], dict[str, Any]]


def handle(event: Any, context: Any, app: App) -> dict[str, Any]:
    """Answer a request to the data plane; 403 for everything else."""
    refusal = _refusal(event)
    if refusal is not None:
        return _answer(*refusal, _request_id(event))
    return app(_completed(event), context)


@cache
def _routes() -> frozenset[tuple[str, str]]:
    import chalicelib.assets.routes  # noqa: F401  (declares the routes)

    own = {(declared.method, declared.path) for declared in ENDPOINTS if declared.response.startswith(_OWN)}
    return frozenset(own | _SHARED)


def _refusal(event: Any) -> tuple[int, str, str] | None:
    """Status, code and message of why an event doesn't pass."""
    if not _is_route(event):
        return 403, "ForbiddenError", "This function serves the routes of the data plane only"
    parameters = event.get("pathParameters") or {}
    for name in re.findall(r"{(\w+)}", event["resource"]):
        if not isinstance(parameters.get(name), str) or not _is_unicode(parameters[name]):
            return 400, "BadRequestError", f"{name}: the path parameter is missing or no text"
    body = event.get("body")
    if body is not None and not (isinstance(body, str) and _is_unicode(body)):
        return 400, "BadRequestError", "body: UTF-8 text is expected"
    return None


def _is_route(event: Any) -> bool:
    if not isinstance(event, dict) or not isinstance(event.get("requestContext"), dict):
        return False
    asked = event["requestContext"]
    method, path = asked.get("httpMethod"), asked.get("resourcePath")
    if not (isinstance(method, str) and isinstance(path, str)):
        return False
    alike = event.get("httpMethod") == method and event.get("resource") == path
    return alike and (method, path) in _routes() and not event.get("isBase64Encoded")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _completed(event: dict[str, Any]) -> dict[str, Any]:
    asked = event["requestContext"]
    path = event.get("path") or event["resource"]
    return {
        **event,
        "headers": event.get("headers") or {},
        "multiValueQueryStringParameters": _query(event),
        "pathParameters": event.get("pathParameters"),
        "stageVariables": event.get("stageVariables"),
        "body": event.get("body"),
        "isBase64Encoded": False,
        "requestContext": {"identity": {}, "path": path, "stage": "api", "requestId": "", **asked},
    }


def _query(event: dict[str, Any]) -> dict[str, list[str]] | None:
    given = event.get("multiValueQueryStringParameters") or event.get("queryStringParameters") or {}
    query = {str(name): [_text(value) for value in _listed(values)] for name, values in given.items()}
    return {name: values for name, values in query.items() if values} or None


def _listed(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _request_id(event: Any) -> str:
    asked = event.get("requestContext") if isinstance(event, dict) else None
    given = asked.get("requestId") if isinstance(asked, dict) else None
    return given if isinstance(given, str) else ""


def _answer(status: int, code: str, message: str, request_id: str) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {},
        "body": compact({"Code": code, "Message": message, "RequestId": request_id}),
        "isBase64Encoded": False,
    }
