"""Runs that a pool of their own blocks: a parked run with a free slot in its pool always has somebody who looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws import clock
from chalicelib.definitions import revisions
from chalicelib.definitions.store import Retired
from chalicelib.executions import admit, close, complete, parking, pools, queue, retry, sweep
from chalicelib.executions.statuses import Status
from tests.chalicelib.executions.conftest import StepFunctions
from tests.chalicelib.executions.world import (
    FAILED,
    OK,
    A,
    B,
    Died,
    Points,
    Records,
    cap,
    clear,
    completion,
    dies,
    failed,
    finish,
    forgotten,
    inconsistencies,
    later,
    make,
    place_of,
    places,
    run_of,
    statuses,
    uncap,
)

pytestmark = pytest.mark.usefixtures("capped")


def begun_and_ended(sfn: StepFunctions, records: Records, *run_ids: str) -> None:
    """Every run gets its turn once those before it have ended; nothing is left then."""
    for _ in run_ids:
        records.deliver()
        for run_id in run_ids:
            finish(run_id)
    records.deliver()
    assert {run_of(run_id).status for run_id in run_ids} <= {Status.COMPLETE, Status.CANCELED, Status.ERROR}
    assert places() == []
    assert inconsistencies() == []
    clear()


# -- who parks, who brings back --------------------------------------------------------------------------------------


def test_a_blocked_run_is_parked_and_blocks_nobody_behind_it(clip: dict[str, Any], sfn: StepFunctions) -> None:
    first, second, free = make(clip, "of-a"), make(clip, "of-a"), make(clip)

    assert statuses(first, second, free) == ["Started", "Queued", "Started"]
    assert place_of(second) == [f"parked#{A}"]
    assert inconsistencies() == []


def test_the_end_of_a_run_brings_one_back_by_priority_and_age(clip: dict[str, Any], sfn: StepFunctions) -> None:
    first = make(clip, "of-a")
    low, old, young, high = (make(clip, "of-a", Priority=priority) for priority in (1, 5, 5, 9))

    for expected in (high, old, young, low):
        finish(first)
        assert run_of(expected).status is Status.STARTED
        first = expected


def test_a_stage_that_is_passed_lets_the_next_run_in(clip: dict[str, Any], sfn: StepFunctions) -> None:
    first, second = make(clip, "both"), make(clip, "of-a")
    assert place_of(second) == [f"parked#{A}"]

    complete.complete_stage(completion(first, 0, OK))

    assert run_of(second).status is Status.STARTED
    assert [slot.pool for slot in run_of(first).slots] == ["global", B]


def test_a_raised_cap_brings_as_many_back_as_there_is_room(
    clip: dict[str, Any], sfn: StepFunctions, records: Records
) -> None:
    runs = [make(clip, "of-a") for _ in range(4)]

    cap(3, A)
    records.deliver()

    assert statuses(*runs) == ["Started", "Started", "Started", "Queued"]
    assert len(pools.read(A).holders) == 3
    assert forgotten() == []


def test_a_removed_cap_brings_all_back(clip: dict[str, Any], sfn: StepFunctions, records: Records) -> None:
    runs = [make(clip, "of-a") for _ in range(4)]

    uncap(A)
    records.deliver()

    assert statuses(*runs) == ["Started"] * 4
    assert place_of(runs[3]) == ["pool#global"]
    begun_and_ended(sfn, records, *runs)


def test_a_retried_run_takes_no_slot_of_what_it_has_passed(clip: dict[str, Any], sfn: StepFunctions) -> None:
    run_id = make(clip, "both")
    complete.complete_stage(completion(run_id, 0, OK))
    failed(run_id, FAILED)
    holder = make(clip, "of-a")

    retry.retry(run_id, None, "me")

    assert statuses(run_id, holder) == ["Started", "Started"]
    assert [slot.pool for slot in run_of(run_id).slots] == ["global", B]


def test_nothing_is_parked_only_to_be_brought_back(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pool isn't full as long as its last number was picked, but not taken."""
    cap(0)
    runs = [make(clip, "of-a") for _ in range(3)]
    cap(9)
    moved: list[str] = []
    moving = parking._moved
    monkeypatch.setattr(parking, "_moved", lambda entries, place: moved.append(place) or moving(entries, place))

    admit.look()
    assert statuses(*runs).count("Started") == 1
    assert moved == []

    admit.admit_waiting()
    assert set(moved) == {f"parked#{A}"}


# -- interleavings ---------------------------------------------------------------------------------------------------


def test_a_slot_that_comes_free_anywhere_while_a_run_is_parked_is_seen(
    clip: dict[str, Any], points: Points, sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in points.each():
        holder = make(clip, "of-a")
        made: list[str] = []

        points.before(number, lambda holder=holder: finish(holder), lambda made=made: made.append(make(clip, "of-a")))

        if run_of(holder).status is Status.STARTED:
            assert place_of(made[0]) == [f"parked#{A}"]
            finish(holder)
        # nobody but those two has looked yet; at most the queue's own record is left to the scheduler
        assert place_of(made[0])[0] in ("queue", "pool#global")
        admit.admit_waiting()
        assert run_of(made[0]).status is Status.STARTED
        finish(made[0])
        assert places() == []


def test_two_slots_that_come_free_at_once_bring_two_runs_back(
    clip: dict[str, Any], points: Points, sfn: StepFunctions
) -> None:
    """Each looks for one run, and both may see the same one first."""
    for number in points.each():
        cap(2, A)
        holders = [make(clip, "of-a") for _ in range(2)]
        parked = [make(clip, "of-a") for _ in range(3)]
        for holder in holders:
            close.cancel(holder, None, "me")
        assert forgotten() != []

        if not points.before(number, lambda: parking.unpark(A, 1), lambda: parking.unpark(A, 1)):
            parking.unpark(A, 1)
        assert [entry.fence.run_id for entry in queue.heads(9)] == parked[:2]
        for run_id in parked:
            close.cancel(run_id, None, "me")
        assert places() == []


def test_two_schedulers_at_once_forget_nobody(
    clip: dict[str, Any], points: Points, sfn: StepFunctions, records: Records
) -> None:
    for number in points.each():
        cap(2, A)
        holders = [make(clip, "of-a") for _ in range(2)]
        for name in ("of-a", "both", "of-a", "of-b"):
            make(clip, name)
        records.waiting.clear()
        for holder in holders:
            close.cancel(holder, None, "me")
        first, second = Records(records.waiting[:2]), Records(records.waiting[2:])
        records.waiting = []

        points.before(number, second.deliver, first.deliver)
        second.deliver()
        records.deliver()

        assert forgotten() == []
        assert inconsistencies() == []
        clear()


def ends() -> list[Callable[[str], object]]:
    return [
        finish,
        lambda run_id: close.cancel(run_id, None, "me"),
        lambda run_id: close.ended_outside(run_id, 1, "ABORTED"),
    ]


@pytest.mark.parametrize("end", ends(), ids=["finish", "cancel", "ended outside"])
def test_whoever_frees_slots_and_dies_anywhere_leaves_their_records(
    end: Callable[[str], object], clip: dict[str, Any], points: Points, sfn: StepFunctions, records: Records
) -> None:
    for number in points.each():
        holder, *_ = (make(clip, name) for name in ("both", "of-a", "of-b", "both"))

        def dying(holder: str = holder) -> None:
            try:
                end(holder)
            except Died:
                return

        points.before(number, dies, dying)
        records.deliver()

        assert forgotten() == []
        assert inconsistencies() == []
        clear()


def test_whoever_submits_and_dies_anywhere_leaves_his_run_s_record(
    clip: dict[str, Any], points: Points, sfn: StepFunctions, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """His death between parking and looking again is the one that no record follows: the sweep looks there."""
    for number in points.each():
        holder = make(clip, "of-a")

        def dying() -> None:
            try:
                make(clip, "of-a")
            except Died:
                return

        points.before(number, dies, dying)
        finish(holder)
        records.deliver()
        with monkeypatch.context() as moved:
            later(moved, 61)
            sweep.sweep()
        records.deliver()

        assert forgotten() == []
        assert inconsistencies() == []
        clear()


def test_a_run_that_leaves_the_queue_without_beginning_leaves_its_room_to_the_next(
    clip: dict[str, Any], sfn: StepFunctions, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had been brought back for a slot that it never took; whoever cancels it need not know that."""
    monkeypatch.setattr(clock, "pick", min)
    blocker, holder, first, second = (make(clip, name) for name in ("flow", "of-a", "of-a", "of-a"))
    cap(1)
    close.cancel(holder, None, "me")
    records.deliver()
    assert (place_of(first), place_of(second)) == (["queue"], [f"parked#{A}"])

    close.cancel_with_workflow(first)
    finish(blocker)
    records.deliver()

    assert run_of(second).status is Status.STARTED


# -- caps that are gone ----------------------------------------------------------------------------------------------


@pytest.fixture
def stranded(clip: dict[str, Any], sfn: StepFunctions) -> str:
    """A run that is parked by a pool that has no cap any more; nobody was woken by the cap's removal."""
    make(clip, "of-a")
    run_id = make(clip, "of-a")
    uncap(A)
    assert place_of(run_id) == [f"parked#{A}"]
    return run_id


def test_a_run_parked_by_a_cap_that_is_gone_is_brought_back_by_the_sweep(
    stranded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, 61)

    assert sweep.sweep() == {"parked_without_cap": 1}

    assert run_of(stranded).status is Status.STARTED
    assert inconsistencies() == []
    assert sweep.sweep() == {}


def test_the_machine_of_a_run_parked_by_a_cap_that_is_gone_is_kept(
    stranded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    retired = Retired(run_of(stranded).machine_arn, "workflow", "of-a", clock.now())
    discarded: list[str] = []
    monkeypatch.setattr(revisions, "retired", lambda: [retired])
    monkeypatch.setattr(revisions, "discard", discarded.append)
    for _, run_id in places():
        if run_id != stranded:
            close.cancel(run_id, None, "me")
    later(monkeypatch, 61)

    sweep.sweep()

    assert discarded == []


def test_a_parker_who_meets_the_end_of_the_cap_anywhere_strands_nobody(
    clip: dict[str, Any], points: Points, sfn: StepFunctions, records: Records
) -> None:
    for number in points.each():
        cap(1, A)
        make(clip, "of-a")
        made: list[str] = []

        def removed() -> None:
            uncap(A)
            records.deliver()

        points.before(number, removed, lambda made=made: made.append(make(clip, "of-a")))
        if pools.read(A).maximum is not None:
            removed()
        records.deliver()

        assert run_of(made[0]).status is Status.STARTED
        clear()
