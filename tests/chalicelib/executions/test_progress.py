"""How far an operation is: reports that come late, twice, backwards, or for what is over."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.definitions.revision import Revision
from chalicelib.executions import close, complete, progress, removal, retry, store
from chalicelib.executions.document import whole_document
from chalicelib.executions.errors import NotRunningError, UnknownExecutionError
from chalicelib.executions.progress import Report
from tests.chalicelib.api import serve
from tests.chalicelib.executions.conftest import Define, StepFunctions, operation, stage
from tests.chalicelib.executions.world import OK, completion, failed, make


@pytest.fixture(autouse=True)
def flow(define: Define, aws: None) -> Revision:
    return define(stage("first", operation("convert"), operation("look")), stage("second", operation("convert")))


@pytest.fixture
def running(clip: dict[str, Any], sfn: StepFunctions) -> str:
    return make(clip)


def told(percent: int, **changes: Any) -> Report:
    return Report(**{"stage": "first", "operation": "convert", "attempt": 1, "percent": percent, **changes})


def shown(flow: Revision, run_id: str) -> list[dict[str, int] | None]:
    stages = whole_document(store.existing(run_id, store.read_whole(run_id)), flow)["Workflow"]["Stages"]
    return [stage.get("Progress") for stage in stages.values()]


def test_a_report_is_shown_with_its_stage(running: str, flow: Revision) -> None:
    assert progress.keep(running, told(40))
    assert progress.keep(running, told(7, operation="look"))

    assert shown(flow, running) == [{"convert": 40, "look": 7}, None]


def test_who_reports_nothing_shows_nothing(running: str, flow: Revision) -> None:
    assert shown(flow, running) == [None, None]


def test_it_never_goes_backwards(running: str, flow: Revision) -> None:
    assert progress.keep(running, told(40))

    assert not progress.keep(running, told(40))
    assert not progress.keep(running, told(39))
    assert shown(flow, running) == [{"convert": 40}, None]


def test_an_operation_that_is_done_has_all_and_the_next_stage_begins_anew(running: str, flow: Revision) -> None:
    progress.keep(running, told(40))
    complete.complete_stage(completion(running, 0, OK, OK))

    assert shown(flow, running) == [{"convert": 100}, None]
    assert progress.keep(running, told(3, stage="second"))
    assert shown(flow, running) == [{"convert": 100}, {"convert": 3}]


@pytest.mark.parametrize(
    "changes",
    [{"stage": "second"}, {"operation": "other"}, {"attempt": 2}, {"stage": "unknown"}, {"operation": "CONVERT"}],
)
def test_what_does_not_run_has_no_progress(running: str, flow: Revision, changes: dict[str, Any]) -> None:
    with pytest.raises(NotRunningError):
        progress.keep(running, told(40, **changes))

    assert shown(flow, running) == [None, None]


def test_a_run_that_has_ended_takes_no_report(running: str) -> None:
    close.cancel(running, None, "somebody")

    with pytest.raises(NotRunningError):
        progress.keep(running, told(40))


def test_the_next_attempt_begins_anew_and_the_last_ones_reports_come_too_late(running: str, flow: Revision) -> None:
    progress.keep(running, told(90))
    failed(running, {"Do": "run", "Failed": {"Error": "ValueError", "Cause": "no"}}, OK)
    retry.retry(running, None, "somebody")

    assert shown(flow, running) == [None, None]
    with pytest.raises(NotRunningError):
        progress.keep(running, told(95))
    assert progress.keep(running, told(5, attempt=2))
    assert shown(flow, running) == [{"convert": 5}, None]


def test_it_goes_with_the_run(running: str) -> None:
    progress.keep(running, told(40))
    close.cancel(running, None, "somebody")

    removal.delete(running)

    assert store.other_parts(running) == []
    with pytest.raises(UnknownExecutionError):
        progress.keep(running, told(50))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"Percent": 100}, "Percent"),
        ({"Percent": -1}, "Percent"),
        ({"Percent": "40"}, "Percent"),
        ({"Percent": 1.5}, "Percent"),
        ({"Percent": True}, "Percent"),
        ({"Attempt": 0}, "Attempt"),
        ({"Operation": "a b"}, "Operation"),
        ({"Stage": None}, "Stage"),
        ({"Other": 1}, "Other"),
    ],
)
def test_a_bad_report_is_refused_by_name(running: str, change: dict[str, Any], field: str) -> None:
    body = {"Stage": "first", "Operation": "convert", "Attempt": 1, "Percent": 40, **change}

    answer = serve()("POST", f"/workflow/execution/{running}/progress", body)

    assert answer.status == 400
    assert field in answer.body["Message"]
