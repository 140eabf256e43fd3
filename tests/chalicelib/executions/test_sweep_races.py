"""The sweep meets runs on their way: whatever happens between two of its reads, it takes nothing from anybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws import transaction
from chalicelib.executions import admit, close, complete, pools, queue, retry, sweep, waiting
from chalicelib.executions.statuses import Status
from tests.chalicelib.executions.conftest import Define, StepFunctions, operation, stage
from tests.chalicelib.executions.world import (
    OK,
    Points,
    Records,
    ask,
    cap,
    clear,
    completion,
    forgotten,
    inconsistencies,
    later,
    make,
    run_of,
)

A = "operation:a"

Course = list[Callable[[], object]]
"""What happens to a run, step by step."""


@pytest.fixture(autouse=True)
def workflow(define: Define, aws: None) -> None:
    """A stage of two Waits, one of a capped operation."""
    waits = [operation(name, type="Wait", start_arn="") for name in ("one", "two")]
    define(stage("review", *waits), stage("work", operation("a", max_concurrent=1)))
    cap(1, A)


def waits_twice(run_id: str) -> Course:
    """A run waits, goes on with the slot that it had before, and waits again."""
    return [
        lambda: ask(run_id, 0, "t1"),
        lambda: waiting.resume(run_id, "review", "me"),
        lambda: ask(run_id, 1, "t2"),
    ]


def resumed(run_id: str) -> Course:
    """A run that waits goes on, waits again and goes on."""
    ask(run_id, 0, "t1")
    return [
        lambda: waiting.resume(run_id, "review", "me"),
        lambda: ask(run_id, 1, "t2"),
        lambda: waiting.resume(run_id, "review", "me"),
    ]


def canceled_and_retried(run_id: str) -> Course:
    return [
        lambda: close.cancel(run_id, None, "me"),
        lambda: retry.retry(run_id, None, "me"),
        lambda: ask(run_id, 0, "t1", attempt=2),
    ]


def makes_room(run_id: str) -> Course:
    """The other run leaves its parking while the sweep reads one place after another."""
    return [
        lambda: complete.complete_stage(completion(run_id, 0, OK, OK)),
        lambda: complete.complete_stage(completion(run_id, 1, OK)),
        admit.admit_waiting,
    ]


@pytest.mark.parametrize(
    ("course", "gap"), [(waits_twice, 1), (resumed, 2), (canceled_and_retried, 0), (makes_room, 1)]
)
def test_a_run_on_its_way_loses_nothing_by_the_sweep(
    course: Callable[[str], Course],
    gap: int,
    clip: dict[str, Any],
    points: Points,
    sfn: StepFunctions,
    records: Records,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its steps come before any of the sweep's calls, and so many calls apart. All is old enough to be swept."""
    for number in points.each():
        run_id = make(clip)
        if course is makes_room:
            make(clip)
        steps = course(run_id)
        with monkeypatch.context() as moved:
            later(moved, 120)
            points.during(planned(number, gap, steps), sweep.sweep)

        assert inconsistencies() == []
        assert len(pools.read(A).holders) <= 1
        records.deliver()
        assert forgotten() == []
        clear()


def planned(number: int, gap: int, steps: Course) -> dict[int, Callable[[], object]]:
    if gap == 0:
        return {number: lambda: [step() for step in steps]}
    return {number + gap * position: step for position, step in enumerate(steps)}


def test_a_note_of_a_run_that_waits_again_stays(
    clip: dict[str, Any], points: Points, sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looks for runs that wait and have no note, since they can't come about."""
    for number in points.each():
        run_id = make(clip)
        ask(run_id, 0, "t1")
        steps = resumed_and_waiting(run_id)
        with monkeypatch.context() as moved:
            later(moved, 120)
            points.during(planned(number, 1, steps), sweep.sweep)

        if run_of(run_id).status is Status.WAITING:
            assert [note.run_id for note in queue.waiting()] == [run_id]
        assert inconsistencies() == []
        clear()


def resumed_and_waiting(run_id: str) -> Course:
    return [lambda: waiting.resume(run_id, "review", "me"), lambda: ask(run_id, 1, "t2")]


def test_two_sweeps_at_once_repair_once(
    clip: dict[str, Any], points: Points, sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in points.each():
        cap(1)
        make(clip)
        cap(0)
        lost = run_of(make(clip))
        # as no crash does
        transaction.commit([queue.take(queue.entry_of(lost))])
        found: dict[str, int] = {}

        def swept(found: dict[str, int] = found) -> None:
            for kind, count in sweep.sweep().items():
                found[kind] = found.get(kind, 0) + count

        with monkeypatch.context() as moved:
            later(moved, 120)
            if not points.before(number, swept, swept):
                swept()

        assert found == {"runs_without_queue_item": 1}
        assert queue.places_of(lost) == ["queue"]
        assert inconsistencies() == []
        clear()


def test_a_sweep_and_an_admitter_at_once_admit_once(
    clip: dict[str, Any], points: Points, sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in points.each():
        cap(0)
        runs = [make(clip) for _ in range(2)]
        cap(1)
        with monkeypatch.context() as moved:
            later(moved, 120)
            points.before(number, admit.admit_waiting, sweep.sweep)

        assert sorted(run_of(run_id).status.value for run_id in runs) == ["Queued", "Started"]
        assert len(sfn.started) == 1
        assert inconsistencies() == []
        sfn.started.clear()
        clear()
