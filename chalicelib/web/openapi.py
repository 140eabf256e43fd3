"""The OpenAPI 3.1 document, generated from the declared routes and their schemas."""

from __future__ import annotations

import re
from typing import Any

from chalicelib.web.dialect import OLD_ENGINE
from chalicelib.web.forms import MULTIPART
from chalicelib.web.room import ENDPOINTS, JSON, Endpoint
from chalicelib.web.validation import schema

TITLE = "Mediawright"
API_VERSION = "3.0.0"

_ERROR_TEXTS = {
    400: "The request is wrong; the message names the field.",
    401: "The Bearer token is missing, has expired or isn't good.",
    403: "The caller may not do this.",
    404: "There is nothing by this name or id.",
    409: "The name is taken, the item busy or locked.",
    410: "What a cursor pointed at, or an equal request made before, was deleted.",
    413: "The body is larger than a request may be.",
    415: "The body, or a file in it, is of a kind that isn't taken.",
    422: "The request is wrong; the answer names the field.",
    429: "The caller's share of the minute is used up; try again after `Retry-After` seconds.",
    501: "The stack lacks the part that does this.",
    502: "The AWS service behind this route failed, or gave no answer; a change may have been made all the same.",
    503: "AWS is throttling; try again after `Retry-After` seconds.",
}
_BODY_ERRORS = (413, 415)
_SEE_OTHER = {
    "description": "The answer is too large for one call; it lies at `Location` for an hour.",
    "headers": {"Location": {"required": True, "schema": {"type": "string", "format": "uri"}}},
}
_DRY_RUN = {
    "name": "dryRun",
    "in": "query",
    "description": "Check all, answer what would be made, write nothing.",
    "schema": {"type": "boolean", "default": False},
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same request sent again with its key within a day makes nothing new; another one is 409.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def document(server: str = "/api") -> dict[str, Any]:
    """The whole document; `server` is where the API is mounted."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in sorted(ENDPOINTS, key=lambda declared: (declared.path, declared.method)):
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": TITLE,
            "version": API_VERSION,
            "description": "Runs media workflows on AWS and remembers everything about them.",
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": _errors() | {_component(name): _shown(name) for name in _schema_names()},
            "securitySchemes": {
                "sigv4": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "description": "AWS Signature Version 4 for the service execute-api.",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                },
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The `access_token` that `/v1/auth/login` answers.",
                },
            },
        },
    }


def _errors() -> dict[str, Any]:
    dialects = {endpoint.dialect.name: endpoint.dialect for endpoint in ENDPOINTS}
    return {name: dialects[name].schema for name in sorted(dialects)}


def _schema_names() -> list[str]:
    names = {name for endpoint in ENDPOINTS for name in (endpoint.request, endpoint.response) if name}
    return sorted(names)


def _component(name: str) -> str:
    return name.replace("/", ".")


def _shown(name: str) -> dict[str, Any]:
    return {member: value for member, value in schema(name).items() if member != "$schema"}


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(endpoint),
        "summary": endpoint.summary,
        "tags": [_tag(endpoint)],
        "parameters": _parameters(endpoint),
        "responses": _responses(endpoint),
        "security": _security(endpoint),
    }
    if endpoint.request:
        operation["requestBody"] = {
            "required": not endpoint.body_optional,
            "content": {kind: _content(endpoint, kind) for kind in endpoint.content},
        }
    return operation


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    if endpoint.signed:
        return [{"sigv4": []}]
    return [{"bearer": []}] if endpoint.guard else []


def _content(endpoint: Endpoint, kind: str) -> dict[str, Any]:
    fields = _reference(str(endpoint.request))
    if kind == MULTIPART and endpoint.files:
        files = {name: _files(name) for name in endpoint.files}
        return {"schema": {"allOf": [fields, {"type": "object", "properties": files}]}}
    content: dict[str, Any] = {"schema": fields}
    if endpoint.example is not None and kind == endpoint.content[0]:
        content["example"] = endpoint.example
    return content


def _files(name: str) -> dict[str, Any]:
    one = {"type": "string", "contentMediaType": "application/octet-stream"}
    return {"type": "array", "items": one} if name == "files" else one


def _operation_id(endpoint: Endpoint) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "_", endpoint.path).strip("_") or "root"
    return f"{endpoint.method.lower()}_{words}"


def _tag(endpoint: Endpoint) -> str:
    return (endpoint.response or "system/").split("/")[0]


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    named = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", endpoint.path)
    ]
    asked = [
        {
            "name": name,
            "in": "query",
            "description": rule.get("description", ""),
            "schema": {member: value for member, value in rule.items() if member != "description"},
        }
        for name, rule in endpoint.query.items()
    ]
    dry_run = [_DRY_RUN] if endpoint.dry_run else []
    return [*named, *asked, *dry_run, *([_IDEMPOTENCY_KEY] if endpoint.idempotent else [])]


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    kind = endpoint.media_type or ("text/plain" if endpoint.text else "application/json")
    content = {"schema": _reference(endpoint.response), "example": endpoint.answer_example}
    success: dict[str, Any] = {"description": endpoint.summary}
    if endpoint.status != 204:
        success["content"] = {kind: content}
    responses: dict[str, Any] = {str(endpoint.status): success}
    if endpoint.see_other:
        responses["303"] = _SEE_OTHER
    for status in sorted(_error_statuses(endpoint)):
        responses[str(status)] = {
            "description": _ERROR_TEXTS[status],
            "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{endpoint.dialect.name}"}}},
        }
    return responses


def _error_statuses(endpoint: Endpoint) -> set[int]:
    found = set(endpoint.errors)
    if endpoint.request:
        found |= set(_BODY_ERRORS) if endpoint.dialect is OLD_ENGINE else {endpoint.dialect.invalid, 413}
    if endpoint.guard:
        found.add(401)
    # a guard asks nobody: only what goes on to AWS may be throttled
    return found | ({503} if endpoint.signed or endpoint.request or endpoint.guard else set())


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{_component(name)}"}
