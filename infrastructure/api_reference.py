"""The API's OpenAPI document as a page of the documentation: every route with what it takes, answers and refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]

_ROOMS = {
    "system": "The system",
    "definitions": "Operations, stages, workflows",
    "executions": "Runs",
    "batches": "Batches",
    "triggers": "Triggers",
    "events": "Webhooks",
    "assets": "The data plane",
    "accounts": "Accounts",
    "jobs": "Media jobs",
    "proxies": "Transcribe and Translate",
    "web": "This description",
}
_HEAD = """# The API

Every route lies below the stack's output `WorkflowApiEndpoint`. A request is signed with Signature Version 4 for the
service `execute-api`, unless its route says otherwise. A refusal is `{"Code", "Message", "RequestId"}`, below `/v1`
`{"detail"}`; it names the field. The same for machines: [openapi.json](openapi.json), also served at `/openapi.json`,
and as a page to try routes from at `/docs`.
"""


def page(document: Document) -> str:
    """The whole page, in Markdown."""
    return "\n".join([_HEAD, *_sections(document)]) + "\n"


def _sections(document: Document) -> Iterator[str]:
    rooms: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            text = "\n".join(_operation(document, method.upper(), path, operation))
            rooms.setdefault(operation["tags"][0], []).append(text)
    for room in sorted(rooms, key=list(_ROOMS).index):
        yield f"## {_ROOMS[room]}\n"
        yield from rooms[room]


def _security(operation: Document) -> str:
    if not operation["security"]:
        return " Needs no signature."
    return " Needs a Bearer token." if "bearer" in operation["security"][0] else ""


def _operation(document: Document, method: str, path: str, operation: Document) -> Iterator[str]:
    yield f"### {method} {path}\n"
    yield f"{operation['summary']}.{_security(operation)}\n"
    if operation["parameters"]:
        yield from _parameters(operation["parameters"])
    body = next(iter(operation.get("requestBody", {}).get("content", {}).values()), None)
    if body:
        yield from _members(_resolved(document, body["schema"]))
        yield from _example("A request", body.get("example"))
    for status, answer in operation["responses"].items():
        if status.startswith("2") and "content" in answer:
            yield from _example("Its answer", next(iter(answer["content"].values())).get("example"))
    yield _refusals(operation["responses"])


def _parameters(parameters: list[Document]) -> Iterator[str]:
    yield "| Parameter | In | |\n|---|---|---|"
    for parameter in parameters:
        yield f"| `{parameter['name']}` | {parameter['in']} | {_cell(parameter.get('description', ''))} |"
    yield ""


def _members(schema: Document) -> Iterator[str]:
    """The members of a body's object; a body that is one of several kinds shows in its example only."""
    if not schema.get("properties"):
        return
    yield "| Member | Type | |\n|---|---|---|"
    for name, rule in schema["properties"].items():
        need = "Needed. " if name in schema.get("required", []) else ""
        yield f"| `{name}` | {_type(rule)} | {need}{_cell(rule.get('description', ''))} |"
    yield ""


def _type(rule: Document) -> str:
    if "enum" in rule:
        return ", ".join(f"`{value}`" for value in rule["enum"])
    kinds = rule.get("type", "any")
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


def _example(title: str, example: Any) -> Iterator[str]:
    if example is None:
        return
    is_text = isinstance(example, str)
    text = example if is_text else json.dumps(example, indent=2, ensure_ascii=False)
    yield f"{title}:\n\n```{'text' if is_text else 'json'}\n{text}\n```\n"


def _refusals(responses: Document) -> str:
    others = [
        f"{status}: {answer['description']}" for status, answer in responses.items() if not status.startswith("2")
    ]
    return "".join(f"* {other}\n" for other in others)


def _resolved(document: Document, schema: Document) -> Document:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Document = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
