from __future__ import annotations

import json
from typing import Any

import pytest
from fake_api import FakeApi
from fake_lambda import FakeLambda

from mediawright import DataPlane, DataPlaneError, InvalidOutput, NotConfigured, OperatorError, Task


def test_without_the_endpoint_in_the_environment_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DataplaneEndpoint", raising=False)

    with pytest.raises(NotConfigured, match="environment variable DataplaneEndpoint is not set"):
        DataPlane()


def test_the_event_is_that_of_a_proxy_integration(function_named: None) -> None:
    plane = FakeLambda((200, {"asset_id": "a", "results": {}}))

    DataPlane(lambda_client=plane).retrieve_asset_metadata("a", "Mediainfo", "c=1")

    assert plane.calls[0]["FunctionName"] == "stack-DataPlaneHandler"
    assert plane.calls[0]["InvocationType"] == "RequestResponse"
    event = plane.events[0]
    context = event.pop("requestContext")
    assert event == {
        "resource": "/metadata/{asset_id}/{operator_name}",
        "path": "/metadata/a/Mediainfo",
        "httpMethod": "GET",
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {},
        "queryStringParameters": {"cursor": "c=1"},
        "multiValueQueryStringParameters": {"cursor": ["c=1"]},
        "pathParameters": {"asset_id": "a", "operator_name": "Mediainfo"},
        "stageVariables": {},
        "body": "null",
        "isBase64Encoded": False,
    }
    assert (context["resourcePath"], context["httpMethod"]) == (event["resource"], "GET")
    assert context["requestId"].startswith("lambda_")
    assert len(context["requestId"]) == len("lambda_") + 12


def test_chalice_routes_every_event(function_named: None) -> None:
    from chalice import Chalice

    app = Chalice("plane")

    @app.route("/create", methods=["POST"])
    def create() -> Any:
        return app.current_request.json_body["Input"]

    @app.route("/metadata/{asset_id}", methods=["POST"])
    def store(asset_id: str) -> Any:
        return {"Status": "Success", "asset": asset_id, "query": dict(app.current_request.query_params or {})}

    @app.route("/mediapath/{asset_id}/{workflow_id}")
    def path(asset_id: str, workflow_id: str) -> Any:
        return {"S3Bucket": "b", "S3Key": f"private/assets/{asset_id}/workflows/{workflow_id}/"}

    class Direct(FakeLambda):
        def invoke(self, **call: Any) -> dict[str, Any]:
            answer = app(json.loads(call["Payload"]), None)
            self.answers = [(answer["statusCode"], answer["body"])]
            return super().invoke(**call)

    plane = DataPlane(lambda_client=Direct())

    assert plane.create_asset("Video", "b", "k")["S3Key"] == "k"
    assert plane.generate_media_storage_path("a", "w")["S3Key"] == "private/assets/a/workflows/w/"
    stored = plane.store_asset_metadata("a", "op", "w", {"x": 1}, paginate=True, end=True)
    assert stored["query"] == {"paginated": "true", "end": "true"}


def test_an_error_status_is_raised_with_code_and_message(function_named: None) -> None:
    plane = DataPlane(lambda_client=FakeLambda((404, {"Code": "NotFoundError", "Message": "a does not exist"})))

    with pytest.raises(DataPlaneError) as refusal:
        plane.retrieve_asset_metadata("a")

    assert (refusal.value.status, refusal.value.code) == (404, "NotFoundError")
    assert "a does not exist" in str(refusal.value)


def test_a_data_plane_that_crashed_is_no_answer(function_named: None) -> None:
    lambda_client = FakeLambda()
    lambda_client.raw = {"errorType": "MemoryError", "errorMessage": "out of memory"}

    with pytest.raises(DataPlaneError, match="500 MemoryError: out of memory"):
        DataPlane(lambda_client=lambda_client).retrieve_asset_metadata("a")


def test_the_pages_are_followed_to_the_end(function_named: None) -> None:
    plane = FakeLambda(
        (200, {"asset_id": "a", "results": {"MediaType": "Video"}, "cursor": "1"}),
        (200, {"asset_id": "a", "operator": "op", "results": {"n": 0}, "cursor": "2"}),
        (200, {"asset_id": "a", "operator": "op", "results": {"n": 1}}),
    )

    pages = list(DataPlane(lambda_client=plane).metadata_pages("a"))

    assert [page["results"] for page in pages] == [{"MediaType": "Video"}, {"n": 0}, {"n": 1}]
    assert [event["queryStringParameters"] for event in plane.events] == [None, {"cursor": "1"}, {"cursor": "2"}]
    assert plane.events[0]["multiValueQueryStringParameters"] is None


def test_a_bare_text_answer_stays_text(function_named: None) -> None:
    plane = DataPlane(lambda_client=FakeLambda((200, "Deleted asset: a from the dataplane")))

    assert plane.call("DELETE", "/metadata/{asset_id}", {"asset_id": "a"}) == "Deleted asset: a from the dataplane"


def test_numbers_of_a_document_go_out_as_they_are(function_named: None) -> None:
    plane = FakeLambda((200, {"Status": "Success"}))
    numbers = {"third": 0.1, "whole": 5.0, "huge": 2**60, "tiny": 1e-300}

    DataPlane(lambda_client=plane).store_asset_metadata("a", "op", "w", numbers)

    assert '"third": 0.1, "whole": 5.0, "huge": 1152921504606846976, "tiny": 1e-300' in plane.events[0]["body"]


def test_a_document_that_is_not_json_is_refused_by_name(function_named: None) -> None:
    plane = DataPlane(lambda_client=FakeLambda())

    with pytest.raises(InvalidOutput, match=r"body.Results.scores\[0\] is NaN"):
        plane.store_asset_metadata("a", "op", "w", {"scores": [float("nan")]})


def test_text_beyond_ascii_goes_out_as_it_is(function_named: None) -> None:
    plane = FakeLambda((200, {"Status": "Success"}))
    results = {"text": "é€😀" * 600_000}

    DataPlane(lambda_client=plane).store_asset_metadata("a", "op", "w", results)

    assert len(plane.calls) == 1
    assert len(plane.calls[0]["Payload"]) < 5_500_000
    assert json.loads(plane.events[0]["body"])["Results"] == results


def test_half_of_a_surrogate_pair_goes_out_as_an_escape(function_named: None) -> None:
    plane = FakeLambda((200, {"Status": "Success"}))

    DataPlane(lambda_client=plane).store_asset_metadata("a", "op", "w", {"é": "\ud83d"})

    assert plane.events[0]["body"].endswith(r'{"\u00e9": "\ud83d"}}')


def test_a_document_beyond_one_invocation_is_put_to_a_granted_address(function_named: None, api: FakeApi) -> None:
    granted = {"Status": "Success", "Key": "passing/k", "Url": f"{api.origin}/s3/data/passing/k?signature=s"}
    plane = FakeLambda((200, granted), (200, {"Status": "Success", "Key": "k"}))
    results = {"text": '"' * 2_000_000}

    stored = DataPlane(lambda_client=plane).store_asset_metadata("a", "op", "w", results, paginate=True)

    assert stored["Key"] == "k"
    assert json.loads(api.objects["passing/k"]) == results
    asking, telling = plane.events
    assert asking["queryStringParameters"] == {"upload": "true"}
    assert json.loads(asking["body"]) == {"OperatorName": "op", "WorkflowId": "w"}
    assert telling["queryStringParameters"] == {"paginated": "true"}
    assert json.loads(telling["body"]) == {"OperatorName": "op", "WorkflowId": "w", "ResultsKey": "passing/k"}


def test_a_refused_transfer_is_an_error_without_the_address(function_named: None, api: FakeApi) -> None:
    # whoever asks the API without a signature is refused
    granted = {"Status": "Success", "Key": "passing/k", "Url": f"{api.endpoint}granted?signature=secret"}
    plane = DataPlane(lambda_client=FakeLambda((200, granted)))

    with pytest.raises(DataPlaneError, match="403 TransferFailed") as refusal:
        plane.store_asset_metadata("a", "op", "w", {"text": '"' * 2_000_000})
    assert "secret" not in str(refusal.value)


def test_an_answer_that_lies_elsewhere_is_fetched(function_named: None, api: FakeApi) -> None:
    page = {"asset_id": "a", "operator": "op", "results": {"text": "é"}}
    api.objects["there"] = json.dumps(page).encode()
    elsewhere = FakeLambda((303, {"Location": f"{api.origin}/s3/data/there?signature=s"}))

    assert DataPlane(lambda_client=elsewhere).retrieve_asset_metadata("a", "op") == page


def test_any_other_call_beyond_one_invocation_is_refused_before_it_is_sent(function_named: None) -> None:
    lambda_client = FakeLambda()

    with pytest.raises(OperatorError, match="send it in parts"):
        DataPlane(lambda_client=lambda_client).call("POST", "/create", body={"Input": "x" * 6_300_000})
    assert lambda_client.events == []


def test_a_task_stores_pages_and_ends_with_the_last(event: dict[str, Any]) -> None:
    plane = FakeLambda((200, {"Status": "Success"}))

    Task(event, dataplane=DataPlane("plane", plane)).store_metadata_pages({"page": n} for n in range(3))

    paged = {"paginated": "true"}
    assert [sent["queryStringParameters"] for sent in plane.events] == [paged, paged, {**paged, "end": "true"}]
    assert [json.loads(sent["body"])["Results"] for sent in plane.events] == [{"page": 0}, {"page": 1}, {"page": 2}]


def test_a_task_without_a_page_stores_nothing(event: dict[str, Any]) -> None:
    plane = FakeLambda((200, {"Status": "Success"}))

    with pytest.raises(OperatorError, match="no page to store"):
        Task(event, dataplane=DataPlane("plane", plane)).store_metadata_pages([])
    assert plane.events == []


def test_a_task_stores_a_document_under_its_own_name(event: dict[str, Any]) -> None:
    plane = FakeLambda((200, {"Status": "Success", "Bucket": "b", "Key": "k"}))

    stored = Task(event, dataplane=DataPlane("plane", plane)).store_metadata({"x": 0.5})

    assert stored["Key"] == "k"
    assert json.loads(plane.events[0]["body"]) == {
        "OperatorName": "op-a",
        "WorkflowId": "run-1",
        "Results": {"x": 0.5},
    }
