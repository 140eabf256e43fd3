"""Every declared route against what users and attackers send: a 4xx that says why, and nothing half-written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from jsonschema import Draft202012Validator

import app  # noqa: F401  mounting the rooms declares their routes
from chalicelib.web.dialect import OLD_ENGINE
from chalicelib.web.room import ENDPOINTS, Endpoint
from chalicelib.web.validation import schema
from tests.system.conftest import Engine

HOSTILE = [
    "a'b\"c",
    "100%",
    "{% $states.input %}",
    "two\nlines",
    "né",
    "\u202e",
    "a" * 200,
    "$.x",
    "a b",
    "<x>",
]
NOT_JSON: list[bytes] = [b"", b"{", b'{"Name": }', b"\xff\xfe", b"NaN", b'{"a": 1e999}', b"[" * 5000, b'"\\ud800"']
NOT_AN_OBJECT: list[Any] = [None, [], "text", 7, True]
WRONG: list[Any] = [None, 7, True, [], {}, "", "two\nlines", "{% 1 %}", "x" * 5000, 9007199254740993]

OWN = [declared for declared in ENDPOINTS if declared.dialect is OLD_ENGINE]
"""The views' routes, which speak otherwise, have tests of their own."""
TAKING = [declared for declared in OWN if declared.request]
NAMED = [declared for declared in OWN if "{" in declared.path]


def by_route(endpoints: list[Endpoint]) -> Any:
    return pytest.mark.parametrize("endpoint", endpoints, ids=lambda declared: f"{declared.method} {declared.path}")


def path(endpoint: Endpoint, value: str = "nobody") -> str:
    return re.sub(r"{\w+}", quote(value, safe=""), endpoint.path).lstrip("/")


def refused(answer: httpx.Response) -> str:
    """The message of a refusal, which is all that a caller sees of it."""
    assert 400 <= answer.status_code < 500, f"{answer.request.method} {answer.request.url}: {answer.text[:300]}"
    body = answer.json()
    assert set(body) <= {"Code", "Message", "RequestId", "message"}, body
    message: str = body.get("Message") or body["message"]
    assert message
    assert "Traceback" not in message
    assert len(message) < 2000
    return message


def world(engine: Engine) -> dict[str, Any]:
    """Everything that a failed request must leave as it was."""
    scan = engine.aws.client("dynamodb").scan
    tables = {name: engine.aws.outputs[name] for name in engine.aws.outputs if name.endswith("Table")}
    items = {
        name: sorted(
            json.dumps(item, sort_keys=True)
            for item in scan(TableName=table)["Items"]
            # the stack's secret is made by whoever needs it first
            if item.get("Kind") != {"S": "secret"}
        )
        for name, table in tables.items()
    }
    machines = engine.aws.client("stepfunctions").list_state_machines()["stateMachines"]
    objects = engine.aws.client("s3").list_objects_v2(Bucket=engine.bucket).get("Contents", [])
    return {
        **items,
        "machines": sorted(machine["stateMachineArn"] for machine in machines),
        "objects": sorted(entry["Key"] for entry in objects),
    }


@pytest.fixture
def unchanged(engine: Engine) -> Iterator[Engine]:
    """The engine; fails when the test has changed anything."""
    engine.aws.wait_idle()
    before = world(engine)
    yield engine
    assert world(engine) == before


@by_route(TAKING)
def test_a_body_that_is_no_json_object_is_refused(unchanged: Engine, endpoint: Endpoint) -> None:
    send = unchanged.http.request
    optional = b"" if endpoint.body_optional else None
    for content in NOT_JSON:
        if content != optional:
            refused(
                send(endpoint.method, path(endpoint), content=content, headers={"Content-Type": "application/json"})
            )
    for document in NOT_AN_OBJECT:
        refused(send(endpoint.method, path(endpoint), json=document))


@by_route(TAKING)
def test_a_body_of_another_media_type_is_refused(unchanged: Engine, endpoint: Endpoint) -> None:
    answer = unchanged.http.request(
        endpoint.method, path(endpoint), content=b"<x/>", headers={"Content-Type": "application/xml"}
    )

    assert answer.status_code == 415
    refused(answer)


@by_route(TAKING)
def test_a_body_beyond_what_a_lambda_takes_is_refused(unchanged: Engine, endpoint: Endpoint) -> None:
    content = json.dumps({"Name": "x" * 7_000_000}).encode()
    answer = unchanged.http.request(
        endpoint.method, path(endpoint), content=content, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 413
    refused(answer)


def broken(endpoint: Endpoint) -> Iterator[tuple[str, Any]]:
    """The example with one member gone or wrong by the route's own schema, as (member, body)."""
    rules = schema(endpoint.request or "")
    for member, rule in rules.get("properties", {}).items():
        if member in rules.get("required", []):
            yield member, {name: value for name, value in endpoint.example.items() if name != member}
        for wrong in WRONG:
            if wrong == 9007199254740993 or not Draft202012Validator(rule).is_valid(wrong):
                yield member, {**endpoint.example, member: wrong}


@by_route(TAKING)
def test_a_missing_or_wrong_member_is_named(unchanged: Engine, endpoint: Endpoint) -> None:
    for member, body in broken(endpoint):
        answer = unchanged.http.request(endpoint.method, path(endpoint), json=body)
        message = refused(answer)
        if answer.status_code == 400 and "2^53" not in message:
            assert member in message, (body, message)


@by_route(NAMED)
def test_a_hostile_name_in_the_path_finds_nothing(unchanged: Engine, endpoint: Endpoint) -> None:
    for name in HOSTILE:
        answer = unchanged.http.request(endpoint.method, path(endpoint, name), json=endpoint.example)
        if answer.status_code == 200:
            # lists by asset or status answer an empty list for what they don't know; a media path is computed
            assert answer.json() == [] or endpoint.path.startswith("/mediapath/"), answer.text
        else:
            refused(answer)


PAGES = [
    (declared, query)
    for declared in OWN
    for query in ("limit=0", "limit=-1", "limit=x", "limit=1.5", "limit=999999999", "cursor=x", "cursor=")
    if query.split("=")[0] in declared.query
]


@pytest.mark.parametrize(("listing", "query"), PAGES, ids=lambda part: getattr(part, "path", part))
def test_a_wrong_page_is_refused(unchanged: Engine, listing: Endpoint, query: str) -> None:
    answer = unchanged.http.get(f"{path(listing, 'Started')}?{query}")

    message = refused(answer)
    assert answer.status_code == 404 or query.split("=")[0] in message


def test_an_unknown_path_or_method_is_refused_as_by_api_gateway(unchanged: Engine) -> None:
    for method, where in (("GET", "nowhere"), ("PATCH", "workflow"), ("DELETE", "workflow")):
        answer = unchanged.http.request(method, where)
        assert answer.status_code == 403
        assert answer.json() == {"message": "Missing Authentication Token"}
