"""Every route against what callers get wrong: 4xx that names the field, and nothing written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.aws.clients import client
from tests.chalicelib.api import Api
from tests.chalicelib.assets.conftest import object_keys

PLACE = {"S3Bucket": "test-data", "S3Key": "upload/x.mp4"}
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "upload": ("/upload", PLACE),
    "download": ("/download", PLACE),
    "create": ("/create", {"Input": {"MediaType": "Video", **PLACE}}),
    "checkout": ("/checkout/asset-1", {"LockedBy": "me"}),
    "metadata": ("/metadata/asset-1", {"OperatorName": "op", "WorkflowId": "w", "Results": {}}),
}
ANYTHING_GOES = {"Results"}
FREE_TEXT = {"LockedBy", "S3Key"}

MALFORMED = [b"", b"{", b"nul", b"\xff\xfe", b'{"a": NaN}', b'{"a": 1e999}', b'{"a": 9007199254740993}', b'"\\ud800"']
NOT_OBJECTS = [b"null", b"[]", b"1", b'""', b"true"]
WRONG = [None, True, 1, 1.5, 2**53 + 1, "", [], "x" * 2000, ["x"]]
ODD = ['"', "%", "{%", "a\n", "\n", "é", "a/b", "a'b", "\x00", "${x}"]
ODD_IN_PATHS = ["%22", "%25", "%7B%25", "a%0A", "%C3%A9", "a%2Fb", "x" * 129, "%00", "%FF", "a%23b", ".."]


@pytest.fixture(autouse=True)
def nothing_is_written(api: Api) -> Any:
    yield
    assert object_keys("") == []
    items = client("dynamodb").scan(TableName="Assets")["Items"]
    assert items == []


@pytest.mark.parametrize("route", BODIES)
def test_malformed_bodies(api: Api, route: str) -> None:
    for raw in (*MALFORMED, *NOT_OBJECTS):
        answer = api("POST", BODIES[route][0], raw)
        assert answer.status == 400, raw
        assert answer.body["Message"], raw


def _fields(document: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, value in document.items():
        found.append((*path, name))
        if isinstance(value, dict):
            found += _fields(value, (*path, name))
    return found


def _with(document: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(document))
    node = changed
    for name in path[:-1]:
        node = node[name]
    node[path[-1]] = value
    return changed


@pytest.mark.parametrize("route", BODIES)
def test_wrong_values_name_the_field(api: Api, route: str) -> None:
    path, good = BODIES[route]
    for field in _fields(good):
        for value in WRONG:
            if value == "x" * 2000 and field[-1] in ANYTHING_GOES:
                continue
            answer = api("POST", path, _with(good, field, value))
            assert answer.status == 400, (field, value)
            beyond = value == 2**53 + 1 and field[-1] not in ANYTHING_GOES
            assert ("2^53" if beyond else field[-1]) in answer.body["Message"], (field, value)


@pytest.mark.parametrize("route", BODIES)
def test_odd_characters_are_refused_where_they_would_become_names(api: Api, route: str) -> None:
    path, good = BODIES[route]
    for field in _fields(good):
        if field[-1] in FREE_TEXT | ANYTHING_GOES | {"Input"}:
            continue
        for value in ODD:
            answer = api("POST", path, _with(good, field, value))
            assert answer.status == 400, (field, value)


@pytest.mark.parametrize("route", BODIES)
def test_unknown_members_change_nothing(api: Api, route: str) -> None:
    """The old engine ignored them, and its clients may send some."""
    path, good = BODIES[route]
    assert api("POST", path, {**good, 'Extra "%{%': 1}).status == api("POST", path, good).status


@pytest.mark.parametrize("route", ["upload", "download", "create"])
def test_control_characters_are_refused_in_keys(api: Api, route: str) -> None:
    path, good = BODIES[route]
    field = ("Input", "S3Key") if route == "create" else ("S3Key",)
    for value in ("a\n", "\n", "a\x00b", "a\x7fb", "\t"):
        answer = api("POST", path, _with(good, field, value))
        assert answer.status == 400
        assert "S3Key" in answer.body["Message"]


@pytest.mark.parametrize("value", ODD_IN_PATHS)
def test_ids_in_paths_that_no_asset_has_are_unknown(api: Api, value: str) -> None:
    good = BODIES["metadata"][1]
    requests: list[tuple[str, str, Any]] = [
        ("GET", f"/metadata/{value}", None),
        ("DELETE", f"/metadata/{value}", None),
        ("POST", f"/metadata/{value}", good),
        ("GET", f"/metadata/{value}/op", None),
        ("DELETE", f"/metadata/{value}/op", None),
        ("POST", f"/checkout/{value}", {"LockedBy": "me"}),
        ("POST", f"/checkin/{value}", None),
    ]
    for method, path, body in requests:
        assert api(method, path, body).status == 404, (method, path)


@pytest.mark.parametrize("value", ODD_IN_PATHS)
def test_operators_and_workflows_in_paths_are_names(api: Api, value: str) -> None:
    for method, path, field in (
        ("GET", f"/metadata/asset-1/{value}", "operator_name"),
        ("DELETE", f"/metadata/asset-1/{value}", "operator_name"),
        ("GET", f"/mediapath/asset-1/{value}", "workflow_id"),
        ("GET", f"/mediapath/{value}/w", "asset_id"),
    ):
        answer = api(method, path)
        assert answer.status == 400, (method, path)
        assert field in answer.body["Message"]


def test_items_that_are_no_assets_are_none(api: Api) -> None:
    assert api("GET", "/metadata/months").status == 404
    assert api("DELETE", "/metadata/months").status == 404
