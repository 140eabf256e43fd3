"""What is known to go wrong in the old engine, by name: each once more, on this one."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from infrastructure.local.clock import CLOCK
from infrastructure.local.faults import FAULTS
from infrastructure.local.interception import Call, Perform, client_error, intercepted
from tests.system.conftest import Engine
from tests.system.contract.conftest import refused
from tests.system.test_concurrency import peak
from tests.system.test_events import drained, from_topic, settle, statuses
from tests.system.test_fairness import Gate
from tests.system.test_waiting import leftovers, sweep, wait_operation

SETTLED_SECONDS = 61
"""After so long the sweep looks at a run that nothing has moved since its start."""
QUIET_SECONDS = 901
"""After so long it believes that a state machine is gone."""


@pytest.fixture
def gate(engine: Engine, tmp_path: Path) -> Iterator[Gate]:
    made = Gate(engine, tmp_path / "open")
    yield made
    made.open()


def started(engine: Engine, workflow: str, attempt: int = 1) -> dict[str, Any]:
    """A run whose state machine is at work."""
    return at_work(engine, engine.start(workflow), attempt)


def at_work(engine: Engine, run: str, attempt: int) -> dict[str, Any]:
    """The document of a run once an attempt's state machine has reached its first operation."""
    found: dict[str, Any] = engine.until(
        lambda: engine.get(run), lambda run: (run["Status"], run["Attempt"]) == ("Started", attempt)
    )
    states, arn = engine.aws.client("stepfunctions"), found["StateMachineExecutionArn"]
    engine.until(
        lambda: states.get_execution_history(executionArn=arn)["events"],
        lambda events: any(event["type"] == "TaskStarted" for event in events),
    )
    return found


def stop(engine: Engine, run: dict[str, Any]) -> None:
    """What somebody at AWS's console may do."""
    engine.aws.client("stepfunctions").stop_execution(
        executionArn=run["StateMachineExecutionArn"], error="Console", cause="somebody pressed stop"
    )


def invoke(engine: Engine, function: str, event: Any) -> dict[str, Any]:
    """Invoke one of the engine's functions, as AWS does when an event comes late; its answer, or its error."""
    functions = engine.aws.client("lambda")
    names = [
        one["FunctionName"]
        for page in functions.get_paginator("list_functions").paginate()
        for one in page["Functions"]
    ]
    [name] = [name for name in names if name.startswith("mediawright-") and name.endswith(f"-{function}")]
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event))
    document: dict[str, Any] = json.loads(answer["Payload"].read())
    return document


def machines(engine: Engine) -> set[str]:
    """The ARNs of all state machines."""
    pages = engine.aws.client("stepfunctions").get_paginator("list_state_machines").paginate()
    return {machine["stateMachineArn"] for page in pages for machine in page["stateMachines"]}


def aborted(run: dict[str, Any]) -> dict[str, Any]:
    """EventBridge's word that an execution was stopped."""
    arn = run["StateMachineExecutionArn"]
    detail = {
        "executionArn": arn,
        "stateMachineArn": arn.replace(":execution:", ":stateMachine:").rsplit(":", 1)[0],
        "name": arn.rsplit(":", 1)[1],
        "status": "ABORTED",
    }
    return {"source": "aws.states", "detail-type": "Step Functions Execution Status Change", "detail": detail}


def completed(run: dict[str, Any]) -> dict[str, Any]:
    """A state machine's call of stage completion for a first stage of one operation, which made a fact."""
    kept = {"Status": "Complete", "MetaData": {"late": True}}
    entered = "2026-11-25T00:00:00.000Z"
    output = {"Do": "run", "Kept": kept, "Entered": entered, "Left": entered}
    name = run["StateMachineExecutionArn"].rsplit(":", 1)[1]
    return {"Execution": name, "Stage": 0, "Entered": entered, "Outputs": [output]}


# -- stuck in Started ----------------------------------------------------------------------------------------------


def test_stuck_in_started_after_an_abort(engine: Engine, gate: Gate) -> None:
    run = started(engine, engine.workflow([gate.operation()]))

    stop(engine, run)

    ended = engine.ended(run["Id"], 10)
    assert ended["Status"] == "Error"
    assert "ABORTED: Console: somebody pressed stop" in ended["Message"]
    engine.aws.wait_idle()
    assert engine.slots() == []
    assert leftovers(engine, run["Id"]) == []


def test_stuck_in_started_after_an_abort_of_which_aws_told_nobody(engine: Engine, gate: Gate) -> None:
    engine.cap(1)
    FAULTS.drop_status_events = 1.0
    workflow = engine.workflow([gate.operation()])
    run, next_one = started(engine, workflow), engine.start(workflow)
    stop(engine, run)
    engine.aws.wait_idle()
    assert engine.get(run["Id"])["Status"] == "Started"

    CLOCK.move(SETTLED_SECONDS)
    sweep(engine)

    ended = engine.get(run["Id"])
    assert ended["Status"] == "Error"
    assert "ABORTED: Console: somebody pressed stop" in ended["Message"]
    assert leftovers(engine, run["Id"]) == []
    assert at_work(engine, next_one, 1)["Status"] == "Started"
    gate.open()
    assert engine.ended(next_one)["Status"] == "Complete"


def test_stuck_in_started_after_its_state_machine_was_deleted(engine: Engine, gate: Gate) -> None:
    engine.cap(1)
    FAULTS.drop_status_events = 1.0
    run = started(engine, engine.workflow([gate.operation()]))
    next_one = engine.start(engine.workflow([engine.operation("echo")]))
    states = engine.aws.client("stepfunctions")
    machine = run["StateMachineExecutionArn"].replace(":execution:", ":stateMachine:").rsplit(":", 1)[0]
    states.delete_state_machine(stateMachineArn=machine)
    # AWS ends the execution at its next transition, and the machine with it
    gate.open()
    engine.until(lambda: machine in machines(engine), lambda is_there: not is_there)

    CLOCK.move(QUIET_SECONDS)
    sweep(engine)

    ended = engine.get(run["Id"])
    assert ended["Status"] == "Error"
    assert "state machine" in ended["Message"].lower()
    assert leftovers(engine, run["Id"]) == []
    assert engine.ended(next_one)["Status"] == "Complete"
    engine.aws.wait_idle()
    assert engine.slots() == []


# -- resuming, numbers ---------------------------------------------------------------------------------------------


def test_resume_while_busy_fails_the_run(engine: Engine, gate: Gate) -> None:
    engine.cap(1)
    wait = wait_operation(engine)
    stage = engine.stage(wait)
    workflow = f"wf-{uuid.uuid4().hex[:12]}"
    engine.ok("POST", "workflow", {"Name": workflow, "StartAt": stage, "Stages": {stage: {"End": True}}})
    run = engine.start(workflow)
    engine.until(lambda: engine.get(run)["Status"], lambda status: status == "Waiting")
    busy = started(engine, engine.workflow([gate.operation()]))["Id"]

    engine.ok("PUT", f"workflow/execution/{run}", {"WaitingStageName": stage})

    assert engine.get(run)["Status"] == "Resumed"
    gate.open()
    assert {engine.ended(one)["Status"] for one in (run, busy)} == {"Complete"}


def test_floats_hang_a_run(engine: Engine) -> None:
    numbers = {
        "score": 54.4,
        "tiny": 5e-324,
        "huge": 1.7976931348623157e308,
        "third": 1 / 3,
        "list": [0.1, {"deep": -2.5}],
    }

    run = engine.run(engine.workflow([engine.operation("echo", Make=numbers)], [engine.operation("echo")]))

    assert run["Status"] == "Complete"
    assert run["Globals"]["MetaData"] == numbers


def test_integers_fail_the_next_stage(engine: Engine) -> None:
    numbers = {"frames": 1234, "none": 0, "below": -7, "most": 2**53 - 1, "list": [1, {"deep": 2}]}
    reader = engine.operation("seen", Threshold=80)

    run = engine.run(engine.workflow([engine.operation("echo", Make=numbers)], [reader]))

    assert run["Status"] == "Complete"
    event = run["Globals"]["MetaData"][reader]
    assert event["Input"]["MetaData"] == numbers
    assert event["Configuration"]["Threshold"] == 80


# -- scheduling ----------------------------------------------------------------------------------------------------


def test_the_cap_is_overshot(engine: Engine, tmp_path: Path) -> None:
    """The old engine counted on an index that lags; thirty runs come at once here, and the index lags by a second."""
    log = tmp_path / "log"
    workflow = engine.workflow([engine.operation("nap", Log=str(log))])
    engine.cap(3)
    FAULTS.index_lag = 1.0

    with ThreadPoolExecutor(10) as pool:
        runs = list(pool.map(lambda _: engine.start(workflow), range(30)))

    assert Counter(engine.ended(run)["Status"] for run in runs) == {"Complete": 30}
    assert peak(log) == 3


@pytest.mark.parametrize("failing", [1, 5, 10_000], ids=["once", "five times", "for ever"])
def test_a_scheduler_exception_drops_its_batch(engine: Engine, tmp_path: Path, failing: int) -> None:
    workflow = engine.workflow([engine.operation("nap", Log=str(tmp_path / "log"), Seconds=0.02)])
    engine.cap(2)
    failed: list[str] = []

    def fail(call: Call, perform: Perform) -> Any:
        if call.function.endswith("-Scheduler") and len(failed) < failing:
            failed.append(call.invocation)
            raise client_error(call)
        return perform()

    with intercepted(fail):
        with ThreadPoolExecutor(8) as pool:
            runs = list(pool.map(lambda _: engine.start(workflow), range(16)))
        ended = [engine.ended(run) for run in runs]
        engine.until(lambda: failed, lambda found: len(found) >= min(failing, 5))

    assert {run["Status"] for run in ended} == {"Complete"}
    engine.aws.wait_idle()
    assert engine.slots() == []


# -- ghosts and late events ----------------------------------------------------------------------------------------


def test_a_deleted_run_is_resurrected_as_a_ghost(engine: Engine) -> None:
    run = engine.run(engine.workflow([engine.operation("echo")]))
    engine.ok("DELETE", f"workflow/execution/{run['Id']}")

    invoke(engine, "StatusChange", aborted(run))
    late = invoke(engine, "StageCompletion", completed(run))

    assert late["errorType"] == "RunClosed"
    refused(engine.http.get(f"workflow/execution/{run['Id']}"), 404)
    items = engine.aws.client("dynamodb").query(
        TableName=engine.aws.outputs["ExecutionsTable"],
        KeyConditionExpression="Id = :id",
        ExpressionAttributeValues={":id": {"S": run["Id"]}},
        ConsistentRead=True,
    )
    assert items["Items"] == []
    listed = engine.ok("GET", "workflow/execution?view=summary&limit=1000")
    assert run["Id"] not in [entry["Id"] for entry in listed]


def test_a_late_event_of_the_first_attempt_changes_the_second(engine: Engine, gate: Gate) -> None:
    first = started(engine, engine.workflow([gate.operation()]))
    engine.ok("POST", f"workflow/execution/{first['Id']}/cancel", {})
    engine.ok("POST", f"workflow/execution/{first['Id']}/retry", {})
    at_work(engine, first["Id"], 2)
    before = engine.get(first["Id"])

    invoke(engine, "StatusChange", aborted(first))
    late = invoke(engine, "StageCompletion", completed(first))

    assert late["errorType"] == "RunClosed"
    assert engine.get(first["Id"]) == before
    assert len(engine.slots()) == 1
    gate.open()
    ended = engine.ended(first["Id"])
    assert (ended["Status"], ended["Attempt"]) == ("Complete", 2)
    assert "late" not in ended["Globals"]["MetaData"]


def test_a_checkout_poisons_the_stream(engine: Engine) -> None:
    """The old engine's stream reader took the lock for an operator, and never got past it."""
    workflow = engine.workflow([engine.operation("echo", Make={"made": True})])
    first = engine.run(workflow)
    drained(engine, engine.aws.outputs["MieSQSQueue"])
    engine.ok("POST", f"checkout/{first['AssetId']}", {"LockedBy": "Ada"})

    locked = engine.run(workflow, Input={"AssetId": first["AssetId"]})
    other = engine.run(workflow)

    settle(engine)
    told = from_topic(engine)
    for run in (locked, other):
        assert run["Status"] == "Complete"
        assert statuses(told, run["Id"]) == ["Queued", "Started", "Complete"]
    assert engine.http.post(f"checkin/{first['AssetId']}").status_code == 200
    assert engine.ok("GET", f"metadata/{first['AssetId']}")["asset_id"] == first["AssetId"]
