"""Promises that once were broken: what was idle, written twice, canceled by a dry run, or accepted in vain."""

from __future__ import annotations

from typing import Any

from tests.system.conftest import Engine
from tests.system.contract.conftest import Gate, asset, everything, fresh, refused, uploaded


def test_wait_idle_waits_for_runs(engine: Engine) -> None:
    workflow = engine.workflow([engine.operation("echo")])
    for _ in range(20):
        run = engine.start(workflow)
        engine.aws.wait_idle()
        assert engine.get(run)["Status"] == "Complete"


def test_one_put_makes_one_version(engine: Engine) -> None:
    place, s3 = uploaded(engine, f"uploads/{fresh()}"), engine.aws.client("s3")
    listed = s3.list_object_versions(Bucket=engine.bucket, Prefix=place["S3Key"])["Versions"]
    assert len(listed) == 1


def test_a_dry_run_of_a_cancellation_cancels_nothing(engine: Engine, gate: Gate) -> None:
    run = engine.start(engine.workflow([gate.operation()]))
    engine.until(lambda: engine.get(run), lambda found: found["Status"] == "Started")

    engine.http.post(f"workflow/execution/{run}/cancel?dryRun=true")

    assert engine.get(run)["Status"] == "Started"


def test_dry_runs_of_data_plane_posts_write_nothing(engine: Engine) -> None:
    asset_id, place = asset(engine), uploaded(engine, f"uploads/{fresh()}.mp4")
    before = everything(engine)
    for path, body in (("create", {"Input": place}), (f"checkout/{asset_id}", {"LockedBy": "me"})):
        engine.http.post(f"{path}?dryRun=true", json=body)
        assert everything(engine) == before, path


def test_a_configuration_that_no_stage_can_hold_is_refused_at_registration(engine: Engine) -> None:
    body: dict[str, Any] = {
        "Name": fresh("op"),
        "Type": "Sync",
        "StartLambdaArn": engine.function("echo"),
        "Configuration": {"MediaType": "Video", "Enabled": True, "x": "y" * 70_000},
    }
    refused(engine.http.post("workflow/operation", json=body), 400, "Configuration")


def test_an_operation_that_cannot_be_polled_so_long_is_refused_at_registration(engine: Engine) -> None:
    body: dict[str, Any] = {
        "Name": fresh("op"),
        "Type": "Async",
        "StartLambdaArn": engine.function("begin"),
        "MonitorLambdaArn": engine.function("look"),
        "TimeoutSeconds": 86400,
        "PollMaxSeconds": 1,
        "Configuration": {"MediaType": "Video", "Enabled": True},
    }
    refused(engine.http.post("workflow/operation", json=body), 400, "PollMaxSeconds")


def test_a_known_asset_whose_source_is_gone_is_refused(engine: Engine) -> None:
    workflow, asset_id = engine.workflow([engine.operation("echo")]), asset(engine)
    facts = engine.ok("GET", f"metadata/{asset_id}")["results"]
    engine.aws.client("s3").delete_object(Bucket=facts["S3Bucket"], Key=facts["S3Key"])

    answer = engine.http.post("workflow/execution", json={"Name": workflow, "Input": {"AssetId": asset_id}})

    refused(answer, 400, facts["S3Key"])


def test_data_plane_bodies_may_have_members_that_nobody_knows_as_before(engine: Engine) -> None:
    asset_id, place = asset(engine), uploaded(engine, f"uploads/{fresh()}.mp4")
    for path, body in (
        ("create", {"Input": {"MediaType": "Video", **place}, "Extra": 1}),
        ("upload", {"S3Bucket": engine.bucket, "S3Key": "upload/x", "Extra": 1}),
        (f"metadata/{asset_id}", {"OperatorName": "o", "WorkflowId": "w", "Results": {}, "Extra": 1}),
        (f"checkout/{asset_id}", {"LockedBy": "me", "Extra": 1}),
        (f"checkin/{asset_id}", {"Extra": 1}),
    ):
        assert engine.http.post(path, json=body).status_code == 200, path


def test_a_setting_that_would_make_the_list_unreadable_is_refused(engine: Engine) -> None:
    body = {"Name": fresh("setting"), "Value": "x" * 9_000}
    refused(engine.http.post("system/configuration", json=body), 400, "Value")
