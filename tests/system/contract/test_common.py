"""What holds for every route: addresses, headers, bodies, errors."""

from __future__ import annotations

import json
import re

import pytest

from tests.system.conftest import Engine
from tests.system.contract.conftest import asset, fresh, refused

ALLOWED = "Authorization,Content-Type,Idempotency-Key,X-Amz-Date,X-Amz-Security-Token,X-Api-Key"


def test_hello_is_answered_in_the_old_engines_bytes(engine: Engine) -> None:
    answer = engine.http.get("")

    assert (answer.status_code, answer.content) == (200, b'{"hello":"world"}')
    assert answer.headers["Content-Type"] == "application/json"


def test_version_tells_the_old_api_version_first_and_our_own_framework_version(engine: Engine) -> None:
    answer = engine.http.get("version")

    assert answer.status_code == 200
    own = engine.aws.outputs["Version"]
    assert answer.text == f'{{"ApiVersion":"3.0.0","FrameworkVersion":"{own}"}}'
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", own)


def test_a_doubled_slash_is_one_slash_on_every_kind_of_path(engine: Engine) -> None:
    operation, asset_id = engine.operation("echo"), asset(engine)
    origin = engine.aws.api_url.rstrip("/")
    for once, doubled in (
        ("/", "//"),
        ("/version", "//version"),
        (f"/workflow/operation/{operation}", f"//workflow//operation///{operation}"),
        (f"/metadata/{asset_id}", f"//metadata//{asset_id}"),
        ("/workflow/execution/status/Waiting", "//workflow/execution//status/Waiting"),
    ):
        plain, again = engine.http.get(origin + once), engine.http.get(origin + doubled)
        assert (again.status_code, again.content) == (200, plain.content), doubled

    made = engine.http.post(origin + "//workflow/stage", json={"Name": fresh("st"), "Operations": [operation]})
    assert made.status_code == 200, made.text


def test_one_endpoint_serves_the_paths_of_both_old_apis(engine: Engine) -> None:
    assert engine.aws.outputs["WorkflowApiEndpoint"] == engine.aws.outputs["DataplaneApiEndpoint"]
    assert engine.aws.outputs["WorkflowApiEndpoint"].endswith("/api/")


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("workflow/operation", {"GET", "POST", "PUT"}),
        ("workflow/execution/some-id", {"GET", "PUT", "DELETE"}),
        ("metadata/some-id", {"GET", "POST", "DELETE"}),
        ("checkouts", {"GET"}),
    ],
)
def test_a_browser_may_ask_beforehand_on_every_route_but_the_first(
    engine: Engine, path: str, methods: set[str]
) -> None:
    answer = engine.http.options(path)

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Headers"] == ALLOWED
    assert set(answer.headers["Access-Control-Allow-Methods"].split(",")) == methods | {"OPTIONS"}
    assert engine.http.options("").status_code == 403


def test_answers_and_refusals_carry_the_headers_that_browsers_need(engine: Engine) -> None:
    for path in ("version", f"workflow/operation/{fresh()}", "workflow/operation?limit=0"):
        answer = engine.http.get(path)
        assert answer.headers["Access-Control-Allow-Origin"] == "*", path
        assert answer.headers["Access-Control-Allow-Headers"] == ALLOWED, path


@pytest.mark.parametrize("content_type", [None, "application/json", "application/json; charset=utf-8"])
def test_a_body_without_a_content_type_is_json(engine: Engine, content_type: str | None) -> None:
    body = json.dumps({"Name": fresh("setting"), "Value": "é"}).encode()
    headers = {"Content-Type": content_type} if content_type else {}

    answer = engine.http.post("system/configuration", content=body, headers=headers)

    assert (answer.status_code, answer.text) == (200, "{}")
    assert "content-type" not in answer.request.headers or content_type


@pytest.mark.parametrize("path", ["workflow/operation", "workflow/execution", "create", "metadata/some-id"])
def test_a_body_of_another_type_is_refused_with_the_old_code(engine: Engine, path: str) -> None:
    answer = engine.http.post(path, content=b"a=1", headers={"Content-Type": "application/x-www-form-urlencoded"})

    assert answer.status_code == 415
    assert answer.json()["Code"] == "UnsupportedMediaType"
    assert "Unsupported media type: application/x-www-form-urlencoded" in answer.json()["Message"]


def test_answers_are_compact_json(engine: Engine) -> None:
    operation = engine.operation("echo", Text="é", Number=0.1)

    for path in (f"workflow/operation/{operation}", "workflow/stage", "system/configuration", "metadata"):
        text = engine.http.get(path).text
        assert text == json.dumps(json.loads(text), separators=(",", ":")), path


def test_refusals_have_the_old_body_with_a_request_id(engine: Engine) -> None:
    refused(engine.http.get(f"workflow/{fresh()}"), 404)
    refused(engine.http.post("workflow", json={}), 400)
    refused(engine.http.post("system/configuration", content=b"{"), 400, "not valid JSON")
    first = engine.http.get(f"workflow/{fresh()}").json()["RequestId"]
    assert engine.http.get(f"workflow/{fresh()}").json()["RequestId"] != first


def test_an_unknown_path_or_method_is_answered_by_api_gateway(engine: Engine) -> None:
    for method, path in (("GET", "nowhere"), ("PUT", "metadata/some-id"), ("DELETE", "workflow/operation")):
        answer = engine.http.request(method, path)
        assert (answer.status_code, answer.text) == (403, '{"message":"Missing Authentication Token"}')
