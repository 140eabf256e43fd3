"""Runs that wait for people, and operations that are called back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infrastructure.local.clock import CLOCK
from tests.system.conftest import Engine
from tests.system.contract.conftest import fresh, refused


def sweep(engine: Engine) -> None:
    """Invoke the sweep as its schedule does."""
    answer = engine.aws.client("lambda").invoke(FunctionName="mediawright-Sweep", Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


@pytest.fixture(autouse=True)
def nobody_left_waiting(engine: Engine) -> Iterator[None]:
    """What a test leaves live is canceled, so that the engine comes to rest."""
    yield
    for status in ("Queued", "Started", "Waiting", "Resumed"):
        for run in engine.ok("GET", f"workflow/execution/status/{status}"):
            engine.http.post(f"workflow/execution/{run['Id']}/cancel")


def waiting_workflow(engine: Engine, *waits: str, before: list[str] | None = None) -> tuple[str, str]:
    """A workflow with a stage of waits (and others) in the middle, and that stage's name."""
    stages = [
        engine.stage(*(before or [engine.operation("echo")])),
        engine.stage(*waits),
        engine.stage(engine.operation("echo")),
    ]
    name = fresh("wf")
    chain: dict[str, Any] = {
        stages[0]: {"Next": stages[1]},
        stages[1]: {"Next": stages[2]},
        stages[2]: {"End": True},
    }
    engine.ok("POST", "workflow", {"Name": name, "StartAt": stages[0], "Stages": chain})
    return name, stages[1]


def wait_operation(engine: Engine, **members: Any) -> str:
    name = fresh("wait")
    body = {"Name": name, "Type": "Wait", "Configuration": {"MediaType": "MetadataOnly", "Enabled": True, **members}}
    engine.ok("POST", "workflow/operation", body)
    return name


def callback_operation(engine: Engine, file: Path, handler: str = "keeps_token", **members: Any) -> str:
    name = fresh("call")
    body = {
        "Name": name,
        "Type": "Callback",
        "StartLambdaArn": engine.function(handler),
        "Configuration": {"MediaType": "Video", "Enabled": True, "File": str(file)},
        **members,
    }
    engine.ok("POST", "workflow/operation", body)
    return name


def at(engine: Engine, run: str, status: str) -> dict[str, Any]:
    found: dict[str, Any] = engine.until(lambda: engine.get(run), lambda found: found["Status"] == status)
    return found


def token_in(engine: Engine, file: Path, count: int = 1) -> str:
    lines = engine.until(
        lambda: file.read_text().splitlines() if file.exists() else [], lambda lines: len(lines) >= count
    )
    return str(lines[-1])


def test_a_run_waits_without_a_slot_and_goes_on_when_it_is_resumed(engine: Engine) -> None:
    workflow, stage = waiting_workflow(engine, "Wait")
    run = engine.start(workflow, Configuration={stage: {"Wait": {"Enabled": True}}})
    waiting = at(engine, run, "Waiting")
    assert waiting["CurrentStage"] == stage
    assert engine.slots() == []

    answer = engine.http.put(f"workflow/execution/{run}", json={"WaitingStageName": stage, "Reason": "looks good"})

    assert answer.json() == {"Id": run, "Status": "Resumed"}
    ended = engine.ended(run)
    assert ended["Status"] == "Complete"
    output = engine.outputs(ended)["Wait"]
    assert output["Status"] == "Complete"
    assert output["Reason"] == "looks good"
    assert output["AnsweredBy"]


def test_a_wait_that_is_not_enabled_is_skipped(engine: Engine) -> None:
    workflow, _stage = waiting_workflow(engine, "Wait")

    assert engine.outputs(engine.run(workflow))["Wait"]["Status"] == "Skipped"


def test_a_run_with_several_waits_waits_until_all_are_resumed(engine: Engine) -> None:
    first, second = wait_operation(engine), wait_operation(engine)
    workflow, stage = waiting_workflow(engine, first, second)
    run = engine.start(workflow)
    engine.until(lambda: engine.get(run).get("Waits", []), lambda waits: len(waits) == 2)
    path = f"workflow/execution/{run}"

    one = engine.http.put(path, json={"WaitingStageName": stage, "Operation": first})
    again = engine.http.put(path, json={"WaitingStageName": stage, "Operation": first})
    assert one.json()["Status"] == "Waiting"
    refused(again, 409, first)
    assert engine.get(run)["Status"] == "Waiting"
    assert engine.http.put(path, json={"WaitingStageName": stage}).json()["Status"] == "Resumed"

    assert engine.ended(run)["Status"] == "Complete"


def test_resuming_under_a_full_cap_waits_for_a_slot_and_never_fails_the_run(engine: Engine, tmp_path: Path) -> None:
    """Old engine: resume while busy fails the run."""
    engine.cap(1)
    workflow, stage = waiting_workflow(engine, wait_operation(engine))
    run = engine.start(workflow)
    at(engine, run, "Waiting")
    gate = callback_operation(engine, tmp_path / "gate")
    busy = engine.start(engine.workflow([gate]))
    token = token_in(engine, tmp_path / "gate")
    engine.ok("PUT", f"workflow/execution/{run}", {"WaitingStageName": stage})

    assert engine.get(run)["Status"] == "Resumed"
    body = {"Operation": gate, "Token": token, "Status": "Complete"}
    engine.ok("POST", f"workflow/execution/{busy}/callback", body)

    assert engine.ended(run)["Status"] == "Complete"
    assert engine.ended(busy)["Status"] == "Complete"


def test_a_wait_expires_and_the_run_ends_naming_it(engine: Engine) -> None:
    operation = wait_operation(engine, ExpiresAfterSeconds=10)
    workflow, _stage = waiting_workflow(engine, operation)
    run = engine.start(workflow)
    at(engine, run, "Waiting")

    CLOCK.move(70)
    sweep(engine)

    ended = engine.ended(run)
    assert ended["Status"] == "Error"
    assert f"operation {operation} failed: States.Timeout: nobody has resumed" in ended["Message"]
    assert "10 seconds" in ended["Message"]
    engine.aws.wait_idle()
    assert leftovers(engine, ended["Id"]) == []


def test_what_cannot_be_resumed_is_refused(engine: Engine) -> None:
    workflow, stage = waiting_workflow(engine, wait_operation(engine))
    run = engine.start(workflow)
    at(engine, run, "Waiting")
    path = f"workflow/execution/{run}"

    refused(engine.http.put(path, json={"WaitingStageName": "other"}), 400, stage)
    refused(engine.http.put(path, json={"WaitingStageName": stage, "Operation": "x"}), 400, "Operation")
    refused(engine.http.put(path, json={"WaitingStageName": 3}), 400, "WaitingStageName")
    refused(engine.http.put(path, json={}), 400, "WaitingStageName")
    unknown = f"workflow/execution/{uuid.uuid4()}"
    refused(engine.http.put(unknown, json={"WaitingStageName": stage}), 404)
    assert engine.get(run)["Status"] == "Waiting"

    engine.ok("POST", f"{path}/cancel", {})
    refused(engine.http.put(path, json={"WaitingStageName": stage}), 409, "Canceled")
    engine.aws.wait_idle()
    assert leftovers(engine, run) == []


def test_an_operation_is_completed_by_its_callback(engine: Engine, tmp_path: Path) -> None:
    operation = callback_operation(engine, tmp_path / "token")
    run = engine.start(engine.workflow([operation]))
    body = {"Operation": operation, "Token": token_in(engine, tmp_path / "token"), "Status": "Complete"}

    engine.ok("POST", f"workflow/execution/{run}/callback", {**body, "MetaData": {"Words": 3}})

    ended = engine.ended(run)
    assert ended["Status"] == "Complete"
    assert ended["Globals"]["MetaData"] == {"Words": 3}
    engine.aws.wait_idle()
    assert leftovers(engine, run) == []


def test_an_operation_is_failed_by_its_callback(engine: Engine, tmp_path: Path) -> None:
    operation = callback_operation(engine, tmp_path / "token")
    run = engine.start(engine.workflow([operation]))
    token = token_in(engine, tmp_path / "token")
    body = {"Operation": operation, "Token": token, "Status": "Error", "Error": "NoSpeech", "Cause": "silence"}

    engine.ok("POST", f"workflow/execution/{run}/callback", body)

    ended = engine.ended(run)
    assert ended["Status"] == "Error"
    assert f"operation {operation} failed: NoSpeech: silence" in ended["Message"]


def test_an_operation_may_be_completed_directly_with_its_token(engine: Engine, tmp_path: Path) -> None:
    operation = callback_operation(engine, tmp_path / "token")
    run = engine.start(engine.workflow([operation]))
    token = token_in(engine, tmp_path / "token")

    engine.aws.client("stepfunctions").send_task_success(taskToken=token, output='{"Status": "Complete"}')

    assert engine.ended(run)["Status"] == "Complete"


def test_a_start_function_that_fails_fails_its_operation(engine: Engine, tmp_path: Path) -> None:
    operation = callback_operation(engine, tmp_path / "token", "refuses_token")

    ended = engine.run(engine.workflow([operation]))

    assert ended["Status"] == "Error"
    assert "ValueError: the service doesn't take the job" in ended["Message"]


def test_a_forged_a_reused_and_a_foreign_token_change_nothing(engine: Engine, tmp_path: Path) -> None:
    operation = callback_operation(engine, tmp_path / "token")
    other = callback_operation(engine, tmp_path / "other")
    run, another = engine.start(engine.workflow([operation])), engine.start(engine.workflow([other]))
    token, foreign = token_in(engine, tmp_path / "token"), token_in(engine, tmp_path / "other")
    path = f"workflow/execution/{run}/callback"
    good = {"Operation": operation, "Token": token, "Status": "Complete"}

    for wrong in ("x", foreign, token + "x"):
        answer = engine.http.post(path, json={**good, "Token": wrong})
        assert answer.status_code == 403
        assert wrong not in answer.json()["Message"]
    refused(engine.http.post(path, json={**good, "Operation": other}), 409, "Operation")
    for body, field in (
        ({**good, "Status": "Skipped"}, "Status"),
        ({**good, "Token": ""}, "Token"),
        ({**good, "Error": "Busy"}, "Error"),
        ({**good, "MetaData": []}, "MetaData"),
        ({**good, "Media": {"Video": "x"}}, "Media"),
        ({"Operation": operation}, "Token"),
        ({**good, "MetaData": {"x": "y" * 250_000}}, "MetaData"),
    ):
        refused(engine.http.post(path, json=body), 400, field)
    refused(engine.http.post(f"workflow/execution/{uuid.uuid4()}/callback", json=good), 404)
    assert engine.get(run)["Status"] == "Started"

    engine.ok("POST", path, good)
    assert engine.ended(run)["Status"] == "Complete"
    refused(engine.http.post(path, json=good), 409, "Complete")
    engine.ok(
        "POST", f"workflow/execution/{another}/callback", {"Operation": other, "Token": foreign, "Status": "Complete"}
    )
    assert engine.ended(another)["Status"] == "Complete"


def test_a_heartbeat_keeps_an_operation_and_its_absence_ends_it(engine: Engine, tmp_path: Path) -> None:
    operation = callback_operation(engine, tmp_path / "token", HeartbeatSeconds=60)
    run = engine.start(engine.workflow([operation]))
    token = token_in(engine, tmp_path / "token")

    body = {"Operation": operation, "Token": token, "Status": "Executing"}
    assert engine.http.post(f"workflow/execution/{run}/callback", json=body).status_code == 200
    ended = engine.ended(run)

    assert ended["Status"] == "Error"
    assert f"operation {operation} failed: States.Timeout" in ended["Message"]
    assert "60 seconds" in ended["Message"]


def test_a_callback_is_called_again_with_a_new_token_where_its_retry_says_so(engine: Engine, tmp_path: Path) -> None:
    retry = {"MaxAttempts": 1, "IntervalSeconds": 1, "ErrorEquals": ["Busy"]}
    operation = callback_operation(engine, tmp_path / "token", Retry=retry)
    run = engine.start(engine.workflow([operation]))
    path = f"workflow/execution/{run}/callback"
    old = token_in(engine, tmp_path / "token")
    engine.ok("POST", path, {"Operation": operation, "Token": old, "Status": "Error", "Error": "Busy"})
    new = token_in(engine, tmp_path / "token", 2)
    assert new != old
    engine.until(
        lambda: engine.http.post(path, json={"Operation": operation, "Token": old, "Status": "Complete"}).status_code,
        lambda status: status == 403,
    )

    engine.ok("POST", path, {"Operation": operation, "Token": new, "Status": "Complete"})

    assert engine.ended(run)["Status"] == "Complete"


@pytest.mark.parametrize("status", ["Waiting", "Started"])
def test_a_waiting_run_is_canceled_and_its_machine_stopped(engine: Engine, tmp_path: Path, status: str) -> None:
    operation = wait_operation(engine) if status == "Waiting" else callback_operation(engine, tmp_path / "t")
    workflow, _stage = waiting_workflow(engine, operation)
    run = engine.start(workflow)
    document = at(engine, run, status)
    if status == "Started":
        token_in(engine, tmp_path / "t")

    answer = engine.ok("POST", f"workflow/execution/{run}/cancel", {"Reason": "never mind"})

    assert answer["Status"] == "Canceled"
    assert answer["Message"] == "Canceled: never mind"
    states = engine.aws.client("stepfunctions")
    arn = document["StateMachineExecutionArn"]
    engine.until(lambda: states.describe_execution(executionArn=arn)["status"], lambda found: found == "ABORTED")
    engine.aws.wait_idle()
    assert leftovers(engine, run) == []
    assert engine.ok("POST", f"workflow/execution/{run}/cancel", {})["Message"] == "Canceled: never mind"


def leftovers(engine: Engine, run: str) -> list[str]:
    """The keys of items of the Executions table that a run which has ended must not leave."""
    table = engine.aws.client("dynamodb").get_paginator("scan")
    pages = table.paginate(TableName=engine.aws.outputs["ExecutionsTable"])
    items = [item for page in pages for item in page["Items"]]
    keys = [(item["Id"]["S"], item["Part"]["S"], item.get("Run", {}).get("S")) for item in items]
    return [
        f"{key} {part}"
        for key, part, holder in keys
        if holder == run or (key == run and part.startswith("token#")) or (key == "stopping" and run in part)
    ]


def test_a_wait_that_was_resumed_in_time_does_not_expire_in_the_queue(engine: Engine, tmp_path: Path) -> None:
    engine.cap(1)
    workflow, stage = waiting_workflow(engine, wait_operation(engine, ExpiresAfterSeconds=60))
    run = engine.start(workflow)
    at(engine, run, "Waiting")
    gate = callback_operation(engine, tmp_path / "gate")
    busy = engine.start(engine.workflow([gate]))
    token = token_in(engine, tmp_path / "gate")
    engine.ok("PUT", f"workflow/execution/{run}", {"WaitingStageName": stage})

    CLOCK.move(3600)
    sweep(engine)
    assert engine.get(run)["Status"] == "Resumed"
    engine.ok(
        "POST", f"workflow/execution/{busy}/callback", {"Operation": gate, "Token": token, "Status": "Complete"}
    )

    assert engine.ended(run)["Status"] == "Complete"


def test_one_wait_of_a_stage_that_expired_does_not_keep_the_others(engine: Engine) -> None:
    short, long = wait_operation(engine, ExpiresAfterSeconds=60), wait_operation(engine)
    workflow, stage = waiting_workflow(engine, short, long)
    run = engine.start(workflow)
    engine.until(lambda: engine.get(run).get("Waits", []), lambda waits: len(waits) == 2)
    CLOCK.move(130)
    sweep(engine)
    path = f"workflow/execution/{run}"

    assert engine.http.put(path, json={"WaitingStageName": stage, "Operation": long}).json()["Status"] == "Resumed"

    ended = engine.ended(run)
    assert ended["Status"] == "Error"
    assert engine.outputs(ended)[long]["Status"] == "Complete"
    assert short in ended["Message"]


def test_a_run_beyond_its_time_is_ended_while_it_waits(engine: Engine) -> None:
    operation = wait_operation(engine)
    workflow, _stage = waiting_workflow(engine, operation)
    run = engine.start(workflow, TimeoutSeconds=600)
    at(engine, run, "Waiting")

    CLOCK.move(700)
    sweep(engine)

    ended = engine.ended(run)
    assert ended["Status"] == "Error"
    assert f"operation {operation} " in ended["Message"]
    engine.aws.wait_idle()
    assert leftovers(engine, run) == []
