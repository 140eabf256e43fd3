"""Retrying runs: what completed stays, what failed or never ran runs; every attempt stays readable."""

from __future__ import annotations

import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from infrastructure.local.clock import CLOCK
from tests.system.conftest import Engine
from tests.system.contract.conftest import refused


class Flow:
    """A workflow of two stages whose second has an operation that fails until a file is there."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.log, self.until = folder / "log", folder / "until"
        log = str(self.log)
        self.first = engine.operation("logs", Log=log)
        self.good = engine.operation("logs", Log=log, Value="kept")
        self.bad = engine.operation("logs", Log=log, Until=str(self.until))
        self.last = engine.operation("logs", Log=log)
        self.workflow = engine.workflow([self.first], [self.good, self.bad], [self.last])

    def calls(self) -> Counter[tuple[str, str]]:
        """How often each operation was called in each attempt."""
        keys = [line.split("/") for line in self.log.read_text().splitlines()]
        return Counter((operation, attempt) for _run, _stage, operation, attempt in keys)


@pytest.fixture
def flow(engine: Engine, tmp_path: Path) -> Flow:
    return Flow(engine, tmp_path)


def test_a_retry_runs_only_what_failed_or_never_ran(engine: Engine, flow: Flow) -> None:
    failed = engine.run(flow.workflow)
    assert failed["Status"] == "Error"
    flow.until.touch()

    answer = engine.ok("POST", f"workflow/execution/{failed['Id']}/retry", {})

    assert answer["Id"] == failed["Id"]
    ended = engine.ended(failed["Id"])
    assert ended["Status"] == "Complete"
    assert ended["Attempt"] == 2
    assert flow.calls() == {
        (flow.first, "1"): 1,
        (flow.good, "1"): 1,
        (flow.bad, "1"): 1,
        (flow.bad, "2"): 1,
        (flow.last, "2"): 1,
    }
    assert ended["Globals"]["MetaData"] == {flow.first: 1, flow.good: "kept", flow.bad: 1, flow.last: 1}
    engine.aws.wait_idle()
    assert engine.slots() == []


def test_every_attempt_stays_readable(engine: Engine, flow: Flow) -> None:
    run = engine.run(flow.workflow)["Id"]
    engine.ok("POST", f"workflow/execution/{run}/retry", {})
    again = engine.ended(run)
    assert again["Attempt"] == 2
    assert again["Status"] == "Error"
    flow.until.touch()
    engine.ok("POST", f"workflow/execution/{run}/retry", {})

    ended = engine.ended(run)

    assert ended["Status"] == "Complete"
    first, second = ended["Attempts"]
    for number, attempt in enumerate((first, second), 1):
        assert attempt["Attempt"] == number
        assert attempt["Status"] == "Error"
        assert "not yet" in attempt["Message"]
    made = [{output["Name"]: output["Status"] for output in attempt["Outputs"]} for attempt in (first, second)]
    assert made == [{flow.good: "Complete", flow.bad: "Error"}, {flow.bad: "Error"}]
    assert "Message" not in ended


def test_a_retry_may_change_the_configuration(engine: Engine, flow: Flow, tmp_path: Path) -> None:
    failed = engine.run(flow.workflow)
    stage = list(failed["Workflow"]["Stages"])[1]
    (tmp_path / "other").touch()
    change = {"Configuration": {stage: {flow.bad: {"Until": str(tmp_path / "other")}}}}

    engine.ok("POST", f"workflow/execution/{failed['Id']}/retry", change)

    ended = engine.ended(failed["Id"])
    assert ended["Status"] == "Complete"
    assert ended["Configuration"] == change["Configuration"]


def test_a_canceled_run_is_retried_from_where_it_was(engine: Engine, flow: Flow, tmp_path: Path) -> None:
    engine.cap(1)
    blocker = engine.start(engine.workflow([engine.operation("nap", Log=str(tmp_path / "nap"), Seconds=1)]))
    run = engine.start(flow.workflow)
    engine.ok("POST", f"workflow/execution/{run}/cancel", {})
    flow.until.touch()

    engine.ok("POST", f"workflow/execution/{run}/retry", {})

    ended = engine.ended(run)
    assert ended["Status"] == "Complete"
    assert ended["Attempts"][0]["Status"] == "Canceled"
    assert "CanceledBy" not in ended
    engine.ended(blocker)


def test_what_cannot_be_retried_is_refused(engine: Engine, flow: Flow) -> None:
    flow.until.touch()
    run = engine.run(flow.workflow)["Id"]
    path = f"workflow/execution/{run}/retry"

    refused(engine.http.post(path), 409, "Complete")
    refused(engine.http.post(f"workflow/execution/{uuid.uuid4()}/retry"), 404)
    refused(engine.http.post(path, json={"Configuration": 3}), 400, "Configuration")
    refused(engine.http.post(path, json={"Other": {}}), 400, "Other")
    assert engine.get(run)["Attempt"] == 1


def test_a_configuration_that_does_not_fit_is_refused_and_nothing_changes(engine: Engine, flow: Flow) -> None:
    run = engine.run(flow.workflow)["Id"]
    before = engine.get(run)

    for configuration in ({"nowhere": {}}, {next(iter(before["Workflow"]["Stages"])): {flow.first: {"Enabled": 3}}}):
        answer = engine.http.post(f"workflow/execution/{run}/retry", json={"Configuration": configuration})
        refused(answer, 400, "Configuration")

    assert engine.get(run) == before


def test_many_runs_are_retried_by_what_their_message_begins_with(engine: Engine, flow: Flow) -> None:
    failed = [engine.run(flow.workflow)["Id"] for _ in range(3)]
    other = engine.run(flow.workflow, Configuration={})["Id"]
    engine.ok("DELETE", f"workflow/execution/{other}")
    stage = engine.get(failed[0])["CurrentStage"]
    body: dict[str, Any] = {"Workflow": flow.workflow, "Status": "Error", "ErrorPrefix": f"Stage {stage}"}

    dry = engine.ok("POST", "workflow/execution/retry", {**body, "DryRun": True})
    assert (dry["Retried"], dry["More"]) == (failed, False)
    assert engine.ok("POST", "workflow/execution/retry", {**body, "ErrorPrefix": "other"})["Retried"] == []
    assert engine.ok("POST", "workflow/execution/retry", {**body, "Since": "2100-01-01T00:00:00Z"})["Retried"] == []
    flow.until.touch()
    first = engine.ok("POST", "workflow/execution/retry", {**body, "Limit": 2})
    assert (first["Retried"], first["More"]) == (failed[:2], True)
    for run in failed[:2]:
        assert engine.ended(run)["Status"] == "Complete"
    assert engine.ok("POST", "workflow/execution/retry", body)["Retried"] == failed[2:]

    assert engine.ended(failed[2])["Status"] == "Complete"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"Status": "Complete"}, "Status"),
        ({"Status": 3}, "Status"),
        ({"Since": "yesterday"}, "Since"),
        ({"Since": ""}, "Since"),
        ({"Limit": 0}, "Limit"),
        ({"Limit": 5000}, "Limit"),
        ({"Workflow": None}, "Workflow"),
        ({"DryRun": "yes"}, "DryRun"),
    ],
)
def test_a_selection_that_is_none_is_refused(engine: Engine, change: dict[str, Any], field: str) -> None:
    refused(engine.http.post("workflow/execution/retry", json={"Workflow": "x", **change}), 400, field)
    if field != "Status":
        refused(engine.http.post("workflow/execution/delete", json={"Workflow": "x", **change}), 400, field)


def test_many_ended_runs_are_deleted_and_live_ones_are_not(engine: Engine, flow: Flow, tmp_path: Path) -> None:
    failed = [engine.run(flow.workflow)["Id"] for _ in range(2)]
    flow.until.touch()
    complete = engine.run(flow.workflow)["Id"]

    gone = engine.ok("POST", "workflow/execution/delete", {"Workflow": flow.workflow, "Status": "Error"})
    assert gone == {"Deleted": failed, "Refused": [], "More": False}
    for run in failed:
        refused(engine.http.get(f"workflow/execution/{run}"), 404)
    assert engine.ok("POST", "workflow/execution/delete", {"Workflow": flow.workflow})["Deleted"] == [complete]


def test_an_old_run_is_retried_though_its_machine_is_gone(engine: Engine, flow: Flow) -> None:
    failed = engine.run(flow.workflow)
    engine.aws.client("stepfunctions").delete_state_machine(stateMachineArn=failed["Workflow"]["StateMachineArn"])
    flow.until.touch()
    CLOCK.move(120)

    engine.ok("POST", f"workflow/execution/{failed['Id']}/retry", {})

    assert engine.ended(failed["Id"])["Status"] == "Complete"
