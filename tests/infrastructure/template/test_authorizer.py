"""Who may call what, as API Gateway is told: read from the expanded template of the app itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infrastructure.template.app_loader import load_app_module
from infrastructure.template.expand import expanded

PROJECT = Path(__file__).resolve().parents[3]
PUBLIC = {("get", "/"), ("get", "/docs"), ("get", "/openapi.json")}
"""What tells nothing about the stack: a greeting, and the API's description."""
BY_TOKEN = {
    ("post", "/v1/auth/register"),
    ("post", "/v1/auth/login"),
    ("post", "/v1/auth/refresh"),
    ("get", "/v1/auth/me"),
    ("get", "/v1/health"),
    ("post", "/v1/uploads"),
    ("post", "/v1/uploads/{id}/complete"),
    ("get", "/v1/jobs"),
    ("get", "/v1/jobs/{id}"),
    ("delete", "/v1/jobs/{id}"),
    ("post", "/v1/image/convert/webp"),
    ("post", "/v1/image/convert/avif"),
    ("post", "/v1/image/convert/format"),
    ("post", "/v1/image/resize"),
    ("post", "/v1/image/batch/convert/webp"),
    ("post", "/v1/image/batch/convert/avif"),
    ("post", "/v1/image/batch/convert/format"),
    ("post", "/v1/video/convert"),
    ("post", "/v1/video/rotate"),
    ("post", "/v1/video/resize"),
    ("post", "/v1/video/trim"),
    ("post", "/v1/video/thumbnail"),
    ("post", "/v1/audio/convert"),
}
"""The view of jobs: its callers have accounts of their own, whose Bearer tokens the function checks."""


@pytest.fixture(scope="module")
def body() -> dict[str, Any]:
    found: dict[str, Any] = expanded(PROJECT)["Resources"]["RestAPI"]["Properties"]["Body"]
    return found


def methods(body: dict[str, Any], *, options: bool) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): operation
        for path, operations in body["paths"].items()
        for method, operation in operations.items()
        if (method == "options") == options
    }


def test_every_route_but_the_public_ones_is_authorised_by_iam(body: dict[str, Any]) -> None:
    found = methods(body, options=False)

    assert {key for key, operation in found.items() if not operation.get("security")} == PUBLIC | BY_TOKEN
    guarded = [operation["security"] for key, operation in found.items() if key not in PUBLIC | BY_TOKEN]
    assert all(security == [{"sigv4": []}] for security in guarded)
    assert body["securityDefinitions"] == {
        "sigv4": {
            "in": "header",
            "type": "apiKey",
            "name": "Authorization",
            "x-amazon-apigateway-authtype": "awsSigv4",
        }
    }


def test_the_template_has_every_route_that_the_app_declares(body: dict[str, Any]) -> None:
    app = load_app_module(PROJECT).app
    declared = {(method.lower(), path) for path, by_method in app.routes.items() for method in by_method}

    assert set(methods(body, options=False)) == declared


def test_questions_about_cors_reach_no_function(body: dict[str, Any]) -> None:
    found = methods(body, options=True)

    assert found
    for operation in found.values():
        assert operation["x-amazon-apigateway-integration"]["type"] == "mock"
    assert {path for _, path in found} == {path for _, path in methods(body, options=False)} - {
        path for _, path in PUBLIC
    }
