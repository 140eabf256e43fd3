"""What API Gateway reads from the template's REST API: routes, who needs a signature, CORS and its own answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """A status, headers and a body, ready to be sent."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Method:
    """One method of one path."""

    resource: str
    signed: bool
    mock: Answer | None


@dataclass
class _Node:
    """One level of the tree of paths."""

    literals: dict[str, _Node] = field(default_factory=dict)
    variable: _Node | None = None
    variable_name: str = ""
    methods: dict[str, Method] = field(default_factory=dict)


class Routes:
    """The routes of a Swagger 2.0 body, as API Gateway matches them: a literal segment before a variable."""

    def __init__(self, body: dict[str, Any]) -> None:
        self._root = _Node()
        self.binary_types = frozenset(body.get("x-amazon-apigateway-binary-media-types", []))
        self._answers: dict[str, Any] = body.get("x-amazon-apigateway-gateway-responses", {})
        for path, methods in body["paths"].items():
            node = self._node(path)
            for method, operation in methods.items():
                node.methods[method.upper()] = _method(path, operation)

    def _node(self, path: str) -> _Node:
        node = self._root
        for segment in filter(None, path.split("/")):
            if segment.startswith("{"):
                if node.variable is None:
                    node.variable, node.variable_name = _Node(), segment[1:-1]
                elif node.variable_name != segment[1:-1]:
                    raise ValueError(f"{path}: API Gateway allows one variable name per level, here {segment}")
                node = node.variable
            else:
                node = node.literals.setdefault(segment, _Node())
        return node

    def find(self, method: str, path: str) -> tuple[Method, dict[str, str]] | None:
        """The method that serves a path, and its variables as they stand in the path; None when there is none."""
        variables: dict[str, str] = {}
        node = self._root
        for segment in path.strip("/").split("/") if path.strip("/") else []:
            if segment in node.literals:
                node = node.literals[segment]
            elif node.variable is not None and segment:
                variables[node.variable_name] = segment
                node = node.variable
            else:
                return None
        found = node.methods.get(method)
        return (found, variables) if found else None

    def own_answer(self, kind: str, status: int, message: str) -> Answer:
        """What API Gateway answers itself, such as `MISSING_AUTHENTICATION_TOKEN`, in the template's form."""
        default = "DEFAULT_5XX" if status >= 500 else "DEFAULT_4XX"
        entry = self._answers.get(kind) or self._answers.get(default) or {}
        text = entry.get("responseTemplates", {}).get("application/json", '{"message":$context.error.messageString}')
        text = text.replace("$context.error.messageString", json.dumps(message))
        body = text.replace("$context.error.responseType", kind).encode()
        headers = {"Content-Type": "application/json"}
        headers.update(_literals(entry.get("responseParameters", {}), "gatewayresponse.header."))
        return Answer(int(entry.get("statusCode", status)), headers, body)


def _method(path: str, operation: dict[str, Any]) -> Method:
    integration = operation["x-amazon-apigateway-integration"]
    mock = None
    if integration["type"] == "mock":
        response = integration["responses"]["default"]
        headers = _literals(response.get("responseParameters", {}), "method.response.header.")
        mock = Answer(int(response["statusCode"]), headers, b"")
    return Method(path, bool(operation.get("security")), mock)


def _literals(parameters: dict[str, str], prefix: str) -> dict[str, str]:
    """Header values, which API Gateway wants in single quotes."""
    return {name.removeprefix(prefix): value.strip("'") for name, value in parameters.items()}
