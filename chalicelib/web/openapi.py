"""The OpenAPI 3.1 document, generated from the declared routes and their schemas."""

from __future__ import annotations

import re
from typing import Any

from chalicelib.web.room import ENDPOINTS, Endpoint
from chalicelib.web.validation import schema

TITLE = "Mediawright"
API_VERSION = "3.0.0"

_ERROR_TEXTS = {
    400: "The request is wrong; the message names the field.",
    403: "The caller may not do this.",
    404: "There is nothing by this name or id.",
    409: "The name is taken, the item busy or locked.",
    410: "What a cursor pointed at, or an equal request made before, was deleted.",
    413: "The body is larger than a request may be.",
    415: "The body is not declared as JSON.",
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
_ERROR = {
    "title": "Why a request is refused",
    "type": "object",
    "required": ["Code", "Message"],
    "properties": {
        "Code": {"type": "string", "description": "The error's class."},
        "Message": {"type": "string", "description": "What is wrong, with the field."},
        "RequestId": {"type": "string"},
    },
    "additionalProperties": False,
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
            "schemas": {"Error": _ERROR} | {_component(name): _shown(name) for name in _schema_names()},
            "securitySchemes": {
                "sigv4": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "description": "AWS Signature Version 4 for the service execute-api.",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                }
            },
        },
    }


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
        "security": [{"sigv4": []}] if endpoint.signed else [],
    }
    if endpoint.request:
        content: dict[str, Any] = {"schema": _reference(endpoint.request)}
        if endpoint.example is not None:
            content["example"] = endpoint.example
        operation["requestBody"] = {
            "required": not endpoint.body_optional,
            "content": {"application/json": content},
        }
    return operation


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
    responses: dict[str, Any] = {"200": {"description": endpoint.summary, "content": {kind: content}}}
    if endpoint.see_other:
        responses["303"] = _SEE_OTHER
    errors = {*endpoint.errors, *(_BODY_ERRORS if endpoint.request else ()), *((503,) if endpoint.signed else ())}
    for status in sorted(errors):
        responses[str(status)] = {
            "description": _ERROR_TEXTS[status],
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
    return responses


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{_component(name)}"}
