"""Operators in the style of the old engine, written against every name of its helper."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest
from fake_lambda import FakeLambda

import MediaInsightsEngineLambdaHelper as old
from MediaInsightsEngineLambdaHelper import (
    DataPlane,
    MasExecutionError,
    MediaInsightsOperationHelper,
    OutputHelper,
    Status,
)


def run_test_operator(event: dict[str, Any], status: str) -> dict[str, Any]:
    """The behaviour of the old engine's own test operators."""
    helper = MediaInsightsOperationHelper(event)
    media_type = helper.configuration.get("OutputMediaType", helper.configuration["MediaType"])
    fact = {"Meta": f"Workflow metadata for {helper.name}"}
    if "TestCustomConfig" in helper.configuration:
        fact["TestCustomConfig"] = helper.configuration["TestCustomConfig"]
    helper.add_workflow_metadata_json({helper.name: fact})
    helper.add_media_object(
        media_type, f"S3BucketFrom{helper.name}", f"S3/Key/From/{helper.name}/{media_type.lower()}"
    )
    helper.update_workflow_status(status)
    if status == Status.OPERATION_STATUS_ERROR:
        raise MasExecutionError(helper.return_output_object())
    return helper.return_output_object()


def test_a_test_operator_completes_with_its_metadata_and_media(event: dict[str, Any]) -> None:
    event["Configuration"]["TestCustomConfig"] = "custom"

    answer = run_test_operator(event, Status.OPERATION_STATUS_COMPLETE)

    assert answer["Status"] == "Complete"
    assert answer["MetaData"] == {"op-a": {"Meta": "Workflow metadata for op-a", "TestCustomConfig": "custom"}}
    assert answer["Media"]["Video"] == {"S3Bucket": "S3BucketFromop-a", "S3Key": "S3/Key/From/op-a/video"}
    assert set(answer) == {
        "Name", "AssetId", "WorkflowExecutionId", "Input", "Configuration", "Status", "MetaData", "Media",
    }  # fmt: skip


def test_a_failing_test_operator_tells_its_output_in_the_error(event: dict[str, Any]) -> None:
    with pytest.raises(MasExecutionError) as failure:
        run_test_operator(event, Status.OPERATION_STATUS_ERROR)

    told = ast.literal_eval(str(failure.value))
    assert told["Status"] == "Error"
    assert told["MetaData"]["op-a"]["Meta"] == "Workflow metadata for op-a"


def test_the_operation_helper_shows_the_event_by_its_old_names(event: dict[str, Any]) -> None:
    helper = MediaInsightsOperationHelper(event)

    assert helper.name == "op-a"
    assert helper.asset_id == "asset-1"
    assert helper.workflow_execution_id == "run-1"
    assert helper.input is event["Input"]
    assert helper.configuration is event["Configuration"]
    assert helper.status == "Started"
    assert (helper.metadata, helper.media) == ({}, {})
    assert helper.base_s3_key == "private/media/"
    assert helper.workflow_info() == {"AssetId": "asset-1", "WorkflowExecutionId": "run-1"}


def test_a_monitor_finds_what_its_start_function_added(event: dict[str, Any]) -> None:
    start = MediaInsightsOperationHelper(event)
    start.add_workflow_metadata(JobId="j-1", AssetId="asset-1")
    start.update_workflow_status(Status.OPERATION_STATUS_EXECUTING)

    monitor = MediaInsightsOperationHelper(start.return_output_object())

    assert (monitor.status, monitor.metadata["JobId"]) == ("Executing", "j-1")


@pytest.mark.parametrize("missing", ["Name", "AssetId", "WorkflowExecutionId", "Input", "Configuration", "Status"])
def test_an_event_without_a_member_is_a_key_error(event: dict[str, Any], missing: str) -> None:
    del event[missing]

    with pytest.raises(KeyError, match=missing):
        MediaInsightsOperationHelper(event)


def test_metadata_and_media_may_be_absent(event: dict[str, Any]) -> None:
    del event["MetaData"], event["Media"]

    helper = MediaInsightsOperationHelper(event)

    assert (helper.metadata, helper.media) == ({}, {})


def test_the_output_helper_answers_four_members_only() -> None:
    output = OutputHelper("op")
    assert output.status == ""
    output.update_workflow_status("anything goes")
    output.add_workflow_metadata(JobId="j", Score=0.5)
    output.add_media_object("Image", "b", "k")

    assert output.return_output_object() == {
        "Name": "op",
        "Status": "anything goes",
        "MetaData": {"JobId": "j", "Score": 0.5},
        "Media": {"Image": {"S3Bucket": "b", "S3Key": "k"}},
    }
    assert output.base_s3_key == "private/media/"
    assert not hasattr(output, "add_workflow_metadata_json")


def test_two_output_helpers_share_nothing() -> None:
    OutputHelper("a").add_workflow_metadata(x=1)

    assert OutputHelper("a").metadata == {}


def test_every_status_has_its_old_spelling() -> None:
    spelled = {name: value for name, value in vars(Status).items() if name.isupper()}

    assert spelled == {
        **{
            f"WORKFLOW_STATUS_{s.upper()}": s
            for s in ("Queued", "Started", "Waiting", "Resumed", "Error", "Complete")
        },
        **{f"STAGE_STATUS_{s.upper()}": s for s in ("Started", "Executing", "Error", "Complete")},
        **{f"OPERATION_STATUS_{s.upper()}": s for s in ("Started", "Executing", "Error", "Complete", "Skipped")},
        "STAGE_STATUS_NOT_STARTED": "Not Started",
        "OPERATION_STATUS_NOT_STARTED": "Not Started",
    }


class Plane:
    """An old data plane over a fake Lambda client."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: tuple[int, Any]) -> None:
        self.fake = FakeLambda(*answers)
        monkeypatch.setattr(old.aws, "client", lambda service: self.fake)
        self.plane = DataPlane()

    def sent(self) -> tuple[str, str, str, Any, Any]:
        event = self.fake.events[-1]
        body = json.loads(event["body"])
        return event["httpMethod"], event["path"], event["resource"], event["queryStringParameters"], body


@pytest.fixture
def plane(monkeypatch: pytest.MonkeyPatch, function_named: None) -> Plane:
    return Plane(monkeypatch, (200, {"Status": "Success"}))


def test_the_data_plane_has_its_old_attributes(plane: Plane) -> None:
    assert plane.plane.dataplane_function_name == "stack-DataPlaneHandler"
    assert plane.plane.lambda_client is plane.fake


def test_without_an_endpoint_it_says_so_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DataplaneEndpoint", raising=False)
    monkeypatch.setattr(old.aws, "client", lambda service: FakeLambda())

    with pytest.raises(old.NotConfigured, match="DataplaneEndpoint is not set"):
        DataPlane()


def test_create_asset(plane: Plane) -> None:
    plane.plane.create_asset("Video", "b", "k")

    media = {"MediaType": "Video", "S3Bucket": "b", "S3Key": "k"}
    assert plane.sent() == ("POST", "/create", "/create", None, {"Input": media})


@pytest.mark.parametrize(
    ("flags", "query"),
    [
        ({}, None),
        ({"paginate": True}, {"paginated": "true"}),
        ({"paginate": True, "end": True}, {"paginated": "true", "end": "true"}),
        ({"end": True}, {"end": "true"}),
    ],
)
def test_store_asset_metadata(plane: Plane, flags: dict[str, bool], query: dict[str, str] | None) -> None:
    answer = plane.plane.store_asset_metadata(
        asset_id="a", operator_name="op", workflow_id="w", results={"x": 0.1}, **flags
    )

    assert answer == {"Status": "Success"}
    body = {"OperatorName": "op", "Results": {"x": 0.1}, "WorkflowId": "w"}
    assert plane.sent() == ("POST", "/metadata/a", "/metadata/{asset_id}", query, body)


def test_retrieve_asset_metadata(plane: Plane) -> None:
    plane.plane.retrieve_asset_metadata("a")
    assert plane.sent() == ("GET", "/metadata/a", "/metadata/{asset_id}", None, None)

    plane.plane.retrieve_asset_metadata("a", operator_name="op", cursor="c")
    assert plane.sent() == ("GET", "/metadata/a/op", "/metadata/{asset_id}/{operator_name}", {"cursor": "c"}, None)


def test_generate_media_storage_path(plane: Plane) -> None:
    plane.plane.generate_media_storage_path("a", "w")

    assert plane.sent() == ("GET", "/mediapath/a/w", "/mediapath/{asset_id}/{workflow_id}", None, None)
    assert plane.fake.events[-1]["pathParameters"] == {"asset_id": "a", "workflow_id": "w"}


def test_call_dataplane_answers_the_body_whatever_its_status(
    monkeypatch: pytest.MonkeyPatch, function_named: None
) -> None:
    plane = Plane(monkeypatch, (404, {"Code": "NotFoundError", "Message": "gone"}))

    answer = plane.plane.call_dataplane("/metadata/a", "/metadata/{asset_id}", "GET", None, {"asset_id": "a"}, None)

    assert answer == {"Code": "NotFoundError", "Message": "gone"}
    assert "Status" not in answer
