"""The function that operators invoke, with the events that their helpers send."""

from __future__ import annotations

import importlib
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.assets.dataplane_handler import handle
from MediaInsightsEngineLambdaHelper import DataPlane
from tests.chalicelib.api import Api
from tests.chalicelib.assets.conftest import BUCKET

Invoke = Callable[..., dict[str, Any]]


def event(
    resource: str,
    method: str,
    body: Any = None,
    path_params: dict[str, str] | None = None,
    query_params: dict[str, str] | None = None,
) -> dict[str, Any]:
    """An event as the old helper's `call_dataplane` spells it, without what API Gateway would add."""
    return {
        "resource": resource,
        "path": resource.format(**(path_params or {})),
        "httpMethod": method,
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {},
        "queryStringParameters": query_params,
        "multiValueQueryStringParameters": query_params and {name: [value] for name, value in query_params.items()},
        "pathParameters": path_params,
        "stageVariables": {},
        "requestContext": {
            "resourcePath": resource,
            "requestTime": "21/Nov/2026:04:05:06 +0000",
            "httpMethod": method,
            "requestId": "lambda_0123456789ab",
        },
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


@pytest.fixture
def invoke(api: Api) -> Invoke:
    app: Any = importlib.import_module("app").app
    return lambda given: handle(given, None, app)


def test_an_operators_round_trip(invoke: Invoke, asset: str) -> None:
    body = {"OperatorName": "op", "WorkflowId": "run-1", "Results": {"score": 0.1}}
    where = {"asset_id": asset}
    stored = invoke(event("/metadata/{asset_id}", "POST", body, where))
    key = f"private/assets/{asset}/workflows/run-1/op.json"
    assert (stored["statusCode"], stored["body"]) == (
        200,
        f'{{"Status":"Success","Bucket":"{BUCKET}","Key":"{key}"}}',
    )
    read = invoke(event("/metadata/{asset_id}/{operator_name}", "GET", None, {**where, "operator_name": "op"}))
    assert read["body"] == f'{{"asset_id":"{asset}","operator":"op","results":{{"score": 0.1}}}}'
    assert read["headers"]["Content-Type"] == "application/json"


def test_pages_and_cursors_travel_in_the_query(invoke: Invoke, asset: str) -> None:
    where = {"asset_id": asset}
    for n, query in enumerate([{"paginated": "true"}, {"paginated": "true", "end": "true"}]):
        body = {"OperatorName": "op", "WorkflowId": "run-1", "Results": {"n": n}}
        assert (
            json.loads(invoke(event("/metadata/{asset_id}", "POST", body, where, query))["body"])["Status"]
            == "Success"
        )
    first = json.loads(invoke(event("/metadata/{asset_id}", "GET", None, where))["body"])
    found = []
    cursor = first["cursor"]
    while cursor:
        page = json.loads(invoke(event("/metadata/{asset_id}", "GET", None, where, {"cursor": cursor}))["body"])
        found.append(page["results"])
        cursor = page.get("cursor")
    assert found == [{"n": 0}, {"n": 1}]


def test_an_asset_is_made_and_its_storage_path_told(invoke: Invoke, asset: str) -> None:
    body = {"Input": {"MediaType": "Video", "S3Bucket": BUCKET, "S3Key": "upload/clip.mp4"}}
    made = json.loads(invoke(event("/create", "POST", body))["body"])
    params = {"asset_id": made["AssetId"], "workflow_id": "w"}
    path = invoke(event("/mediapath/{asset_id}/{workflow_id}", "GET", None, params))
    assert path["body"] == f'{{"S3Bucket":"{BUCKET}","S3Key":"private/assets/{made["AssetId"]}/workflows/w/"}}'


def test_the_compatible_helper_is_served(invoke: Invoke, asset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Functions:
        """The Lambda client of an operator."""

        def invoke(self, *, FunctionName: str, Payload: bytes | str, **_: Any) -> dict[str, Any]:
            answer = json.dumps(invoke(json.loads(Payload)))
            return {"StatusCode": 200, "Payload": io.BytesIO(answer.encode())}

    monkeypatch.setenv("DataplaneEndpoint", "data-plane")
    monkeypatch.setattr("mediawright.aws.client", lambda _: Functions())
    plane = DataPlane()
    assert plane.store_asset_metadata(asset, "op", "run-1", {"n": 0}, paginate=True) == {"Status": "Success"}
    assert plane.store_asset_metadata(asset, "op", "run-1", {"n": 1}, paginate=True, end=True)["Status"] == "Success"
    first = plane.retrieve_asset_metadata(asset, operator_name="op")
    second = plane.retrieve_asset_metadata(asset, operator_name="op", cursor=first["cursor"])
    assert (first["results"], second["results"]) == ({"n": 0}, {"n": 1})
    assert "cursor" not in second
    assert plane.generate_media_storage_path(asset, "w")["S3Key"] == f"private/assets/{asset}/workflows/w/"
    assert plane.create_asset("Video", BUCKET, "upload/clip.mp4")["MediaType"] == "Video"
    assert plane.store_asset_metadata("none", "op", "run-1", {})["Code"] == "NotFoundError"
    assert plane.store_asset_metadata(asset, "op", "run-1", {}, end=True)["Code"] == "BadRequestError"


def test_an_event_with_the_bare_necessities_is_served(invoke: Invoke) -> None:
    given = {
        "resource": "/metadata",
        "httpMethod": "GET",
        "requestContext": {"resourcePath": "/metadata", "httpMethod": "GET"},
        "queryStringParameters": {"limit": 5},
    }
    answer = invoke(given)
    assert (answer["statusCode"], answer["body"]) == (200, '{"assets":[]}')
    assert invoke({**given, "queryStringParameters": {"limit": 0}})["statusCode"] == 400


def test_what_both_apis_share_is_served(invoke: Invoke) -> None:
    assert invoke(event("/", "GET"))["body"] == '{"hello":"world"}'
    assert json.loads(invoke(event("/version", "GET"))["body"])["ApiVersion"] == "3.0.0"


def test_all_sixteen_routes_and_no_others_are_served() -> None:
    from chalicelib.assets import dataplane_handler

    assert len(dataplane_handler._routes()) == 16


def test_progress_is_taken_in(invoke: Invoke) -> None:
    run_id = "0d5f0b5e-6f2c-4f0e-9a51-6f6f0a6a4b11"
    body = {"Stage": "s", "Operation": "o", "Attempt": 1, "Percent": 40}

    answer = invoke(event("/workflow/execution/{id}/progress", "POST", body, {"id": run_id}))

    assert (answer["statusCode"], json.loads(answer["body"])["Code"]) == (404, "NotFoundError")


def _differing(**changes: Any) -> dict[str, Any]:
    return {**event("/metadata", "GET"), **changes}


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        "GET /metadata",
        {},
        {"requestContext": None},
        {"requestContext": {"resourcePath": "/metadata"}},
        event("/workflow", "GET"),
        event("/workflow/operation", "POST", {}),
        event("/workflow/execution/{id}", "DELETE", None, {"id": "x"}),
        event("/system/configuration", "POST", {}),
        event("/openapi.json", "GET"),
        event("/metadata", "PUT"),
        event("/metadata/", "GET"),
        event("/no/such", "GET"),
        _differing(resource="/workflow"),
        _differing(httpMethod="POST"),
        _differing(requestContext={"resourcePath": "/workflow", "httpMethod": "GET"}),
        _differing(requestContext={"resourcePath": ["/metadata"], "httpMethod": "GET"}),
        _differing(isBase64Encoded=True),
        {"source": "aws.events", "detail-type": "Scheduled Event"},
        {"Records": [{"eventSource": "aws:dynamodb"}]},
    ],
)
def test_everything_else_is_forbidden(given: Any) -> None:
    def app(_event: Any, _context: Any) -> Any:
        pytest.fail("the event reached the app")

    answer = handle(given, None, app)
    assert answer["statusCode"] == 403
    assert json.loads(answer["body"])["Code"] == "ForbiddenError"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"pathParameters": None}, "asset_id"),
        ({"pathParameters": {"asset_id": 5}}, "asset_id"),
        ({"pathParameters": {"asset_id": "\ud800"}}, "asset_id"),
        ({"body": "\ud800"}, "body"),
        ({"body": {"OperatorName": "x"}}, "body"),
        ({"body": None}, "not valid JSON"),
        ({"body": "null"}, "object"),
    ],
)
def test_crooked_members_are_named(invoke: Invoke, change: dict[str, Any], field: str) -> None:
    given = {**event("/metadata/{asset_id}", "POST", {}, {"asset_id": "a"}), **change}
    answer = invoke(given)
    assert answer["statusCode"] == 400
    assert field in json.loads(answer["body"])["Message"]
