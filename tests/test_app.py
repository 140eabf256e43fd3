"""The app as a whole: what importing it costs, and that every route says what it takes and answers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate as validate_openapi

from chalicelib.accounts import tokens
from chalicelib.web import openapi
from chalicelib.web.room import ENDPOINTS, Endpoint
from chalicelib.web.validation import schema
from infrastructure.openapi import generated
from tests.chalicelib.conftest import ENVIRONMENT

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = json.loads(generated())

named = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda declared: f"{declared.method} {declared.path}")


def test_importing_the_app_loads_no_sdk_client_and_no_tracing() -> None:
    code = "import app, sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    modules = json.loads(done.stdout)

    heavy = {"boto3", "botocore.client", "botocore.session", "aws_xray_sdk", "moto", "jsonschema", "httpx", "jinja2"}
    heavy |= {"aws_lambda_powertools"}
    assert heavy.isdisjoint(modules)
    assert len(modules) < 420


def test_what_the_rooms_warn_of_is_logged() -> None:
    code = "import app, logging; logging.getLogger('mediawright.events').warning('a word')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "a word" in done.stdout


@named
def test_every_route_declares_its_answer_its_errors_and_examples(endpoint: Endpoint) -> None:
    assert endpoint.summary
    assert schema(endpoint.response).get("title")
    assert endpoint.answer_example is not None
    Draft202012Validator(schema(endpoint.response)).validate(endpoint.answer_example)
    if endpoint.method in ("POST", "PUT"):
        assert endpoint.request, "a route that takes a body declares its schema"
        assert endpoint.dialect.invalid in endpoint.errors
    if endpoint.request:
        assert endpoint.example is not None
        Draft202012Validator(schema(endpoint.request)).validate(endpoint.example)
    if "{" in endpoint.path and not endpoint.path.startswith("/workflow/execution/"):
        assert endpoint.errors


@named
def test_every_schema_is_typed(endpoint: Endpoint) -> None:
    for name in filter(None, (endpoint.request, endpoint.response)):
        Draft202012Validator.check_schema(schema(name))
        assert "type" in schema(name) or "oneOf" in schema(name) or "anyOf" in schema(name)


def test_the_openapi_document_is_valid() -> None:
    validate_openapi(DOCUMENT)
    assert len(DOCUMENT["paths"]) == len({endpoint.path for endpoint in ENDPOINTS})


def test_only_what_is_meant_to_be_public_is_unsigned() -> None:
    public = {endpoint.path for endpoint in ENDPOINTS if not endpoint.signed and not endpoint.guard}

    accounts = {"/v1/auth/register", "/v1/auth/login", "/v1/auth/refresh"}
    assert public == {"/", "/docs", "/openapi.json", "/v1/health"} | accounts


def test_what_bearer_tokens_open_lies_under_its_own_prefix() -> None:
    guarded = [endpoint for endpoint in ENDPOINTS if endpoint.guard]

    assert all(endpoint.guard is tokens.bearer and not endpoint.signed for endpoint in guarded)
    assert all(endpoint.path.startswith("/v1/") for endpoint in guarded)


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for path in DOCUMENT["paths"].values() for operation in path.values()]

    assert len(ids) == len(set(ids))


def test_one_variable_name_per_level_of_the_tree() -> None:
    """API Gateway refuses two variables beside each other."""
    names = defaultdict(set)
    for endpoint in ENDPOINTS:
        parts = endpoint.path.split("/")
        for depth, part in enumerate(parts):
            if part.startswith("{"):
                parent = re.sub(r"{\w+}", "{}", "/".join(parts[:depth]))
                names[parent].add(part)

    assert {parent: found for parent, found in names.items() if len(found) > 1} == {}


def test_the_committed_document_is_fresh() -> None:
    assert (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8") == generated()


def test_the_document_names_no_outside_host() -> None:
    page = (ROOT / "chalicelib" / "web" / "docs.html").read_text(encoding="utf-8")

    assert "http://" not in page
    assert "https://" not in page
    assert openapi.document()["servers"] == [{"url": "/api"}]


@pytest.mark.parametrize("failing", ["retry_deliveries", "sweeping"])
def test_a_sweep_does_all_of_its_work_though_a_part_of_it_fails(
    monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    from app import sweep
    from chalicelib.events import entrances as events
    from chalicelib.executions import entrances as executions

    done: list[str] = []

    def work(name: str) -> Callable[..., Any]:
        def do(*_: Any) -> Any:
            done.append(name)
            if name == failing:
                raise ConnectionError(name)
            return {}

        return do

    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(events, "retry_deliveries", work("retry_deliveries"))
    monkeypatch.setattr(executions, "sweeping", work("sweeping"))

    with pytest.raises(ConnectionError, match=failing):
        sweep({}, None)

    assert done == ["retry_deliveries", "sweeping"]


def test_every_function_says_in_its_lines_which_invocation_they_are_of() -> None:
    source = (ROOT / "app.py").read_text(encoding="utf-8")
    declared = re.findall(r"^@app\.lambda_function\(.*\)\n(.*)$", source, re.MULTILINE)

    assert declared
    assert set(declared) == {"@observed"}
