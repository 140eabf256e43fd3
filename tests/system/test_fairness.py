"""Caps of workflows and operations beside the global one, priority, timeouts, idempotency keys, retention."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from infrastructure.local.clock import CLOCK
from tests.system.conftest import Engine
from tests.system.contract.conftest import fresh, refused
from tests.system.test_concurrency import peak
from tests.system.test_waiting import leftovers, wait_operation


class Gate:
    """Operations that don't end before the test says so."""

    def __init__(self, engine: Engine, file: Path) -> None:
        self._engine, self._file = engine, file

    def operation(self) -> str:
        return self._engine.operation("waits", File=str(self._file))

    def open(self) -> None:
        self._file.touch()


@pytest.fixture
def gate(engine: Engine, tmp_path: Path) -> Iterator[Gate]:
    made = Gate(engine, tmp_path / "open")
    yield made
    made.open()


def capped_workflow(engine: Engine, stage: str, **members: Any) -> str:
    name = fresh("wf")
    body = {"Name": name, "StartAt": stage, "Stages": {stage: {"End": True}}, **members}
    engine.ok("POST", "workflow", body)
    return name


def pool_items(engine: Engine, pool: str) -> list[str]:
    answer = engine.aws.client("dynamodb").query(
        TableName=engine.aws.outputs["ExecutionsTable"],
        KeyConditionExpression="Id = :id AND begins_with(Part, :slot)",
        ExpressionAttributeValues={":id": {"S": f"pool#{pool}"}, ":slot": {"S": "slot#"}},
        ConsistentRead=True,
    )
    return [item["Part"]["S"] for item in answer["Items"]]


@pytest.mark.parametrize("capped", ["workflow", "operation"])
def test_a_cap_of_its_own_holds_and_blocks_nobody_else(engine: Engine, tmp_path: Path, capped: str) -> None:
    log, free_log = tmp_path / "capped", tmp_path / "free"
    operation = engine.operation("nap", Log=str(log))
    if capped == "operation":
        engine.ok("PUT", "workflow/operation", {"Name": operation, "MaxConcurrent": 2})
    members = {"MaxConcurrent": 2} if capped == "workflow" else {}
    workflow = capped_workflow(engine, engine.stage(operation), **members)
    free = engine.workflow([engine.operation("nap", Log=str(free_log))])
    engine.cap(6)

    with ThreadPoolExecutor(8) as pool:
        slow = list(pool.map(lambda _: engine.start(workflow), range(20)))
        quick = list(pool.map(lambda _: engine.start(free), range(20)))
    ended = [engine.ended(run) for run in quick + slow]

    assert {run["Status"] for run in ended} == {"Complete"}
    assert peak(log) == 2
    assert peak(free_log) >= 3
    engine.aws.wait_idle()
    name = workflow if capped == "workflow" else operation
    assert pool_items(engine, f"{capped}:{name}") == []
    assert engine.ok("GET", "system/health")["Queue"] == {"Length": 0, "Parked": {}, "OldestSeconds": 0.0}


def test_a_raised_and_a_removed_cap_let_parked_runs_go(engine: Engine, gate: Gate) -> None:
    operation = gate.operation()
    engine.ok("PUT", "workflow/operation", {"Name": operation, "MaxConcurrent": 1})
    workflow = capped_workflow(engine, engine.stage(operation))
    runs = [engine.start(workflow) for _ in range(4)]

    def started(count: int) -> None:
        engine.until(
            lambda: sum(engine.get(run)["Status"] == "Started" for run in runs), lambda found: found == count
        )

    started(1)
    parked = engine.ok("GET", "system/health")["Queue"]["Parked"]
    assert parked == {f"operation:{operation}": 3}
    engine.ok("PUT", "workflow/operation", {"Name": operation, "MaxConcurrent": 2})
    started(2)
    engine.ok("PUT", "workflow/operation", {"Name": operation, "MaxConcurrent": None})
    started(4)


def test_an_operations_slot_is_given_back_when_its_stage_is_passed(engine: Engine, gate: Gate) -> None:
    first = engine.operation("echo")
    engine.ok("PUT", "workflow/operation", {"Name": first, "MaxConcurrent": 1})
    workflow = engine.workflow([first], [gate.operation()])

    runs = [engine.start(workflow) for _ in range(3)]

    for run in runs:
        engine.until(
            lambda run=run: engine.get(run),
            lambda found: (
                found["Workflow"]["Stages"] and found["CurrentStage"] == list(found["Workflow"]["Stages"])[1]
            ),
        )
    assert pool_items(engine, f"operation:{first}") == []
    gate.open()
    assert {engine.ended(run)["Status"] for run in runs} == {"Complete"}


def test_a_parked_run_is_canceled(engine: Engine, gate: Gate) -> None:
    workflow = capped_workflow(engine, engine.stage(gate.operation()), MaxConcurrent=1)
    holder, parked = engine.start(workflow), engine.start(workflow)

    engine.ok("POST", f"workflow/execution/{parked}/cancel", {})

    assert engine.get(parked)["Status"] == "Canceled"
    assert leftovers(engine, parked) == []
    gate.open()
    assert engine.ended(holder)["Status"] == "Complete"


def test_a_waiting_run_gives_back_all_its_slots(engine: Engine) -> None:
    wait = wait_operation(engine)
    stage = engine.stage(wait)
    workflow = capped_workflow(engine, stage, MaxConcurrent=1)
    first, second = engine.start(workflow), engine.start(workflow)
    for run in (first, second):
        engine.until(lambda run=run: engine.get(run)["Status"], lambda status: status == "Waiting")
    assert pool_items(engine, f"workflow:{workflow}") == []

    for run in (first, second):
        engine.ok("PUT", f"workflow/execution/{run}", {"WaitingStageName": stage})

    assert {engine.ended(run)["Status"] for run in (first, second)} == {"Complete"}


def test_higher_priority_begins_first_and_age_breaks_ties(engine: Engine, tmp_path: Path) -> None:
    log = tmp_path / "log"
    workflow = engine.workflow([engine.operation("nap", Log=str(log), Seconds=0.05)])
    engine.cap(1)
    priorities = [5, 0, 9, 5, 9]
    blocker = engine.start(engine.workflow([engine.operation("nap", Log=str(tmp_path / "other"), Seconds=1)]))

    runs = [engine.start(workflow, Priority=priority) for priority in priorities]
    for run in (blocker, *runs):
        engine.ended(run)

    order = [runs.index(line.split()[0]) for line in log.read_text().splitlines()]
    assert order == [2, 4, 0, 3, 1]
    assert engine.get(runs[2])["Priority"] == 9


@pytest.mark.parametrize("priority", [-1, 10, 1.5, "5", True, None])
def test_a_priority_is_a_whole_number_from_0_to_9(engine: Engine, priority: Any) -> None:
    body = {"Name": "x", "Input": {"AssetId": "x"}, "Priority": priority}
    refused(engine.http.post("workflow/execution", json=body), 400, "Priority")


def test_a_run_that_exceeds_its_time_ends_naming_the_operation(engine: Engine) -> None:
    slow = engine.operation("begin", monitor="never")
    workflow = engine.workflow([engine.operation("echo")], [slow])

    ended = engine.run(workflow, TimeoutSeconds=30)

    assert ended["Status"] == "Error"
    assert slow in ended["Message"]
    assert ended["TimeoutSeconds"] == 30


def test_an_operation_that_exceeds_the_runs_own_timeout_ends_it(engine: Engine) -> None:
    slow = engine.operation("begin", monitor="never")
    workflow = engine.workflow([slow])
    stage = engine.ok("GET", f"workflow/{workflow}")["StartAt"]

    ended = engine.run(workflow, Timeouts={stage: {slow: 15}})

    assert ended["Status"] == "Error"
    assert f"operation {slow} failed" in ended["Message"]
    assert "15 seconds" in ended["Message"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"TimeoutSeconds": 0}, "TimeoutSeconds"),
        ({"TimeoutSeconds": "60"}, "TimeoutSeconds"),
        ({"Timeouts": []}, "Timeouts"),
        ({"Timeouts": {"nowhere": {"x": 1}}}, "Timeouts"),
        ({"Timeouts": {"nowhere": {"x": 0}}}, "Timeouts"),
    ],
)
def test_a_timeout_that_is_none_is_refused(engine: Engine, change: dict[str, Any], field: str) -> None:
    workflow = engine.workflow([engine.operation("echo")])
    body = {"Name": workflow, "Input": engine.video(), **change}
    refused(engine.http.post("workflow/execution", json=body), 400, field)


def test_ten_equal_requests_at_once_make_one_run(engine: Engine) -> None:
    workflow = engine.workflow([engine.operation("echo")])
    body = {"Name": workflow, "Input": engine.video()}
    headers = {"Idempotency-Key": fresh("key")}

    with ThreadPoolExecutor(10) as pool:
        answers = list(
            pool.map(lambda _: engine.http.post("workflow/execution", json=body, headers=headers), range(10))
        )

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["Id"] for answer in answers}) == 1
    other = engine.http.post("workflow/execution", json={**body, "Priority": 1}, headers=headers)
    refused(other, 409, "Idempotency-Key")
    assert engine.ended(answers[0].json()["Id"])["Status"] == "Complete"


def test_a_key_is_forgotten_after_a_day(engine: Engine) -> None:
    workflow = engine.workflow([engine.operation("echo")])
    body, headers = {"Name": workflow, "Input": engine.video()}, {"Idempotency-Key": fresh("key")}
    first = engine.http.post("workflow/execution", json=body, headers=headers).json()["Id"]
    engine.ended(first)

    CLOCK.move(86_401)
    second = engine.http.post("workflow/execution", json=body, headers=headers).json()["Id"]

    assert second != first
    engine.ended(second)


@pytest.mark.parametrize("key", ["", "x" * 256, "two words"])
def test_a_key_is_visible_ascii(engine: Engine, key: str) -> None:
    body = {"Name": "x", "Input": {"AssetId": "x"}}
    answer = engine.http.post("workflow/execution", json=body, headers={"Idempotency-Key": key})
    refused(answer, 400, "Idempotency-Key")


def test_a_run_beyond_its_retention_is_gone_before_and_after_it_is_deleted(engine: Engine) -> None:
    workflow = engine.workflow([engine.operation("echo")])
    engine.ok("POST", "system/configuration", {"Name": "RetentionDays", "Value": 2})
    CLOCK.move(61)
    try:
        run = engine.run(workflow)
        kept = [entry["Id"] for entry in engine.ok("GET", "workflow/execution?view=summary")]
        assert run["Id"] in kept
        CLOCK.move(2 * 86_400 + 1)
        refused(engine.http.get(f"workflow/execution/{run['Id']}"), 404)
        refused(engine.http.post(f"workflow/execution/{run['Id']}/retry"), 404)
        refused(engine.http.delete(f"workflow/execution/{run['Id']}"), 404)
        for path in ("", "/status/Complete", f"/asset/{run['AssetId']}"):
            listed = engine.ok(
                "GET",
                f"workflow/execution{path}?limit=1000" if path else "workflow/execution?view=summary&limit=1000",
            )
            assert run["Id"] not in [entry["Id"] for entry in listed]
        engine.aws.expire_now()
        engine.aws.wait_idle()
        parts = engine.aws.client("dynamodb").query(
            TableName=engine.aws.outputs["ExecutionsTable"],
            KeyConditionExpression="Id = :id",
            ExpressionAttributeValues={":id": {"S": run["Id"]}},
        )
        assert parts["Items"] == []
    finally:
        engine.ok("POST", "system/configuration", {"Name": "RetentionDays", "Value": 0})
        CLOCK.move(61)
