"""Requests for many runs of a workflow: which they take, how they say that there is more, what a crash leaves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.aws import clock
from chalicelib.executions import bulk, close, complete, retry, store
from chalicelib.executions.statuses import Status
from chalicelib.web.errors import BadRequestError, ConflictError
from tests.chalicelib.api import Api, serve
from tests.chalicelib.executions.conftest import Define, StepFunctions, operation, stage
from tests.chalicelib.executions.world import (
    FAILED,
    OK,
    Died,
    Points,
    cap,
    clear,
    completion,
    dies,
    everything,
    failed,
    finish,
    inconsistencies,
    make,
    run_of,
    statuses,
)

pytestmark = pytest.mark.usefixtures("aws", "flow")

Maker = Callable[..., list[str]]


@pytest.fixture
def ended(clip: dict[str, Any], sfn: StepFunctions) -> Maker:
    """A maker of runs that have ended as Error, the oldest first."""
    cap(1000)

    def _make(count: int = 1, workflow: str = "flow") -> list[str]:
        made = [make(clip, workflow) for _ in range(count)]
        for run_id in made:
            failed(run_id, OK, FAILED)
        return made

    return _make


def retried(dry_run: bool = False, **body: Any) -> dict[str, Any]:
    return bulk.retry_many({"Workflow": "flow", **body}, "night shift", dry_run=dry_run)


def deleted(dry_run: bool = False, **body: Any) -> dict[str, Any]:
    return bulk.delete_many({"Workflow": "flow", **body}, dry_run=dry_run)


@pytest.fixture
def api(aws: None) -> Api:
    return serve()


def exists(run_id: str) -> bool:
    return store.read(run_id) is not None


def created(run_id: str) -> str:
    return run_of(run_id).created


# -- which ---------------------------------------------------------------------------------------------------------


def test_runs_of_the_workflow_alone_are_taken_the_oldest_first(ended: Maker, define: Define) -> None:
    define(stage("first", operation("a"), operation("b")), name="other")
    ours, theirs = ended(3), ended(1, "other")

    assert retried() == {"Retried": ours, "Refused": [], "More": False}
    assert statuses(*ours) == ["Started"] * 3
    assert statuses(*theirs) == ["Error"]
    assert run_of(ours[0]).attempt == 2


def test_a_status_narrows_and_without_one_all_that_may_be_are_taken(
    ended: Maker, clip: dict[str, Any], sfn: StepFunctions
) -> None:
    [wrong], canceled, live, done = ended(), make(clip), make(clip), make(clip)
    close.cancel(canceled, None, "me")
    complete.complete_stage(completion(done, 0, OK, OK))
    finish(done)

    assert retried(dry_run=True, Status="Canceled")["Retried"] == [canceled]
    assert retried(dry_run=True)["Retried"] == [wrong, canceled]
    assert deleted(dry_run=True, Status="Complete")["Deleted"] == [done]
    assert deleted(dry_run=True)["Deleted"] == [wrong, canceled, done]
    assert live not in deleted()["Deleted"]


def test_since_takes_its_own_moment_and_before_does_not(ended: Maker) -> None:
    first, second, third = ended(3)

    assert retried(dry_run=True, Since=created(second))["Retried"] == [second, third]
    assert retried(dry_run=True, Before=created(second))["Retried"] == [first]
    assert retried(dry_run=True, Since=created(second), Before=created(third))["Retried"] == [second]
    assert retried(dry_run=True, Since=created(third), Before=created(first))["Retried"] == []


@pytest.mark.parametrize("shift", [0, 5.5])
def test_a_time_may_be_of_any_zone_or_seconds_since_1970(ended: Maker, shift: float) -> None:
    first, second = ended(2)
    local = clock.iso(clock.epoch(created(second)) + shift * 3600).removesuffix("Z")
    zone = f"+{int(shift):02}:{int(shift % 1 * 60):02}"

    assert retried(dry_run=True, Since=local + zone)["Retried"] == [second]
    early, late = clock.epoch(created(first)) - 1, clock.epoch(created(second)) + 1
    assert retried(dry_run=True, Since=f"{early:.3f}", Before=f"{late:.3f}")["Retried"] == [first, second]


def test_the_message_is_to_begin_with_the_prefix(ended: Maker) -> None:
    [run_id] = ended()
    message = run_of(run_id).message
    assert message is not None

    assert retried(dry_run=True, ErrorPrefix=message[:12])["Retried"] == [run_id]
    assert retried(dry_run=True, ErrorPrefix=message[1:])["Retried"] == []
    assert retried(dry_run=True, ErrorPrefix="")["Retried"] == [run_id]


def test_a_dry_run_tells_the_same_and_changes_nothing(ended: Maker) -> None:
    runs = ended(2)
    before = everything()

    assert retried(dry_run=True)["Retried"] == runs
    assert deleted(dry_run=True)["Deleted"] == runs
    assert everything() == before


def test_a_run_that_refuses_is_told_and_the_others_go_on(
    ended: Maker, clip: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = ended(3)
    real = retry.retry

    def _busy(run_id: str, *args: Any, **options: Any) -> Any:
        if run_id == second:
            raise ConflictError("its asset is busy")
        return real(run_id, *args, **options)

    monkeypatch.setattr(retry, "retry", _busy)

    answer = retried()

    assert answer["Retried"] == [first, third]
    assert answer["Refused"] == [{"Id": second, "Message": "its asset is busy"}]
    assert statuses(second) == ["Error"]


def test_a_changed_configuration_that_does_not_fit_is_refused_for_each(ended: Maker) -> None:
    runs = ended(2)

    answer = retried(Configuration={"nowhere": {}})

    assert [refused["Id"] for refused in answer["Refused"]] == runs
    assert all("Configuration" in refused["Message"] for refused in answer["Refused"])
    assert statuses(*runs) == ["Error", "Error"]


def test_what_is_deleted_is_gone_with_all_its_items(ended: Maker) -> None:
    runs = ended(2)

    assert deleted() == {"Deleted": runs, "Refused": [], "More": False}
    assert not any(map(exists, runs))
    assert not [item for item in everything() if item["Id"] in runs]


# -- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Since", "Before"])
@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T04:05:06",
        "2026-11-21",
        "yesterday",
        "nan",
        "inf",
        "-1e3",
        "1e400",
        "9" * 40,
        "²",
        "2026-13-01T00:00:00Z",
        "2026-11-21T04:05:06+99:00",
        "' OR 1=1",
    ],
)
def test_a_time_that_is_none_or_has_no_zone_is_refused_by_its_name(ended: Maker, name: str, text: str) -> None:
    [run_id] = ended()

    with pytest.raises(BadRequestError, match=f"^{name}: a time with its zone such as 2026-11-21T04:05:06Z"):
        deleted(**{name: text})
    assert exists(run_id)


@pytest.mark.parametrize("status", ["Complete", "Started", "error", "", "Nonsense"])
def test_a_status_that_cant_be_retried_is_refused_with_those_that_can(status: str) -> None:
    with pytest.raises(BadRequestError, match=r"^Status: only Error, Canceled are possible here"):
        retried(Status=status)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "Workflow"),
        ({"Workflow": 7}, "Workflow"),
        ({"Workflow": "../x"}, "Workflow"),
        ({"Workflow": "flow", "Limit": 0}, "Limit"),
        ({"Workflow": "flow", "Limit": 1001}, "Limit"),
        ({"Workflow": "flow", "Limit": "10"}, "Limit"),
        ({"Workflow": "flow", "Limit": True}, "Limit"),
        ({"Workflow": "flow", "Since": 5}, "Since"),
        ({"Workflow": "flow", "Before": ""}, "Before"),
        ({"Workflow": "flow", "ErrorPrefix": None}, "ErrorPrefix"),
        ({"Workflow": "flow", "ErrorPrefix": "x" * 1001}, "ErrorPrefix"),
        ({"Workflow": "flow", "DryRun": "yes"}, "DryRun"),
        ({"Workflow": "flow", "Status": ["Error"]}, "Status"),
        ({"Workflow": "flow", "All": True}, "All"),
    ],
)
@pytest.mark.parametrize("path", ["retry", "delete"])
def test_a_member_of_another_type_is_refused_by_its_name(api: Api, path: str, body: Any, field: str) -> None:
    answer = api("POST", f"/workflow/execution/{path}", body)

    assert answer.status == 400
    assert field in answer.body["Message"]


# -- going on --------------------------------------------------------------------------------------------------------


def test_a_limit_ends_the_answer_with_where_to_go_on(ended: Maker) -> None:
    runs = ended(5)

    first = retried(Limit=2)
    second = retried(Limit=2, Since=first["Next"])
    third = retried(Limit=2, Since=second["Next"])

    assert [first["Retried"], second["Retried"], third["Retried"]] == [runs[:2], runs[2:4], runs[4:]]
    assert [first["More"], second["More"], third["More"]] == [True, True, False]
    assert "Next" not in third


def test_a_limit_that_is_just_enough_leaves_no_more(ended: Maker) -> None:
    assert retried(Limit=len(ended(2)))["More"] is False


def test_a_request_ends_in_time_after_one_run_at_least(ended: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run takes as long as a whole request may."""
    runs, passed = ended(3), 0.0
    now, real = clock.seconds(), retry.retry

    def _slow(*args: Any, **options: Any) -> Any:
        nonlocal passed
        passed += bulk.SECONDS + 1
        return real(*args, **options)

    monkeypatch.setattr(clock, "seconds", lambda: now + passed)
    monkeypatch.setattr(retry, "retry", _slow)

    answers = [retried()]
    while answers[-1]["More"]:
        answers.append(retried(Since=answers[-1]["Next"]))

    assert [answer["Retried"] for answer in answers] == [[run_id] for run_id in runs]


def test_a_request_that_ends_between_two_pages_goes_on_behind_what_it_has_told(
    ended: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, passed = ended(4), 0.0
    now, real = clock.seconds(), retry.retry

    def _slow(*args: Any, **options: Any) -> Any:
        nonlocal passed
        passed += bulk.SECONDS / 2 + 1
        return real(*args, **options)

    monkeypatch.setattr(bulk, "_PAGE", 2)
    monkeypatch.setattr(clock, "seconds", lambda: now + passed)
    monkeypatch.setattr(retry, "retry", _slow)

    first = retried(dry_run=True)
    second = retried(dry_run=True, Since=first["Next"])

    assert (first["Retried"], second["Retried"], second["More"]) == (runs[:2], runs[2:], False)


def test_more_than_a_page_of_the_index_is_gone_through(ended: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_PAGE", 2)

    runs = ended(5)
    assert retried(Limit=100)["Retried"] == runs


def dying(request: Callable[[], Any]) -> Callable[[], None]:
    """The request of somebody who may die over it."""

    def make() -> None:
        with suppress(Died):
            request()

    return make


def test_whoever_dies_over_a_retry_is_followed_by_the_same_request(
    ended: Maker, points: Points, sfn: StepFunctions
) -> None:
    """Before each of its calls; each run is retried once, and none is forgotten."""
    for number in points.each():
        runs = ended(2)

        points.before(number, dies, dying(retried))
        retried()

        assert {run_of(run_id).status for run_id in runs} <= {Status.QUEUED, Status.STARTED}
        assert [run_of(run_id).attempt for run_id in runs] == [2, 2]
        assert inconsistencies() == []
        clear()


def test_whoever_dies_over_a_deletion_is_followed_by_the_same_request(
    ended: Maker, points: Points, sfn: StepFunctions
) -> None:
    for number in points.each():
        runs = ended(2)

        points.before(number, dies, dying(deleted))
        deleted()

        assert not [item for item in everything() if item["Id"] in runs]
