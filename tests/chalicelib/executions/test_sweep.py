"""What a crash leaves of runs and their slots, and the sweep that mends it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from chalicelib.aws import clock, transaction
from chalicelib.definitions import revisions
from chalicelib.definitions.store import Retired
from chalicelib.executions import admit, close, moves, pools, queue, store, sweep, waiting
from chalicelib.executions.statuses import Status
from tests.chalicelib.executions.conftest import Define, StepFunctions, operation, refusal, stage
from tests.chalicelib.executions.world import ask, cap, later, make, run_of

pytestmark = pytest.mark.usefixtures("aws", "flow")


def test_the_sweep_starts_what_was_admitted_and_never_started(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    sfn.refuse = refusal("ThrottlingException")
    run_id = make(clip)
    sfn.refuse = None
    assert sfn.started == {}

    assert sweep.sweep() == {}
    later(monkeypatch, 61)
    assert sweep.sweep() == {"not_started": 1}

    assert list(sfn.started) == [f"{run_id}-1"]
    assert sweep.sweep() == {}


def test_a_machine_that_can_not_be_started_closes_its_run(clip: dict[str, Any], sfn: StepFunctions) -> None:
    sfn.refuse = refusal("InvalidExecutionInput")

    run_id = make(clip)

    run = run_of(run_id)
    assert run.status is Status.ERROR
    assert "InvalidExecutionInput" in (run.message or "")
    assert pools.read("global").holders == ()


def test_the_sweep_closes_what_ended_unseen(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = make(clip)
    sfn.described[f"{run_id}-1"] = {"status": "TIMED_OUT", "error": "States.Timeout"}
    later(monkeypatch, 901)

    assert sweep.sweep() == {"ended_but_open": 1}

    assert run_of(run_id).status is Status.ERROR
    assert pools.read("global").holders == ()
    assert sweep.sweep() == {}


def test_the_sweep_frees_a_slot_that_no_run_holds(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(make(clip))
    transaction.commit([transaction.delete(store.table(), {"Id": run.id, "Part": "execution"})])

    assert sweep.sweep() == {}
    later(monkeypatch, 61)
    assert sweep.sweep() == {"slots_without_holder": 1}
    assert pools.read("global").holders == ()


def test_the_sweep_mends_the_queue_both_ways(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    cap(1)
    make(clip)
    lost, ghost = make(clip), make(clip)
    transaction.commit([queue.take(queue.entry_of(run_of(lost)))])
    transaction.commit([transaction.delete(store.table(), {"Id": ghost, "Part": "execution"})])
    later(monkeypatch, 61)

    assert sweep.sweep() == {"queue_items_without_run": 1, "runs_without_queue_item": 1}
    assert [entry.fence.run_id for entry in queue.heads(9)] == [lost]


def test_the_sweep_stops_a_machine_that_a_crashed_cancel_left_running(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(make(clip))
    transaction.commit(moves.cancel(run, None, moves.End(clock.now()), "Canceled", "me"))
    later(monkeypatch, 61)

    assert sweep.sweep() == {"canceled_but_running": 1}
    assert sfn.stopped == [run.execution_name]
    assert sweep.sweep() == {}


def test_the_sweep_admits_whom_everybody_forgot(clip: dict[str, Any], sfn: StepFunctions) -> None:
    cap(1)
    make(clip)
    waiting = make(clip)
    cap(2)

    assert sweep.sweep() == {}
    assert run_of(waiting).status is Status.STARTED


def test_a_run_canceled_on_its_way_to_the_machine_is_stopped_by_the_sweep(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The admitter has committed and not yet started; cancel finds no execution to stop; then the start arrives."""
    sfn.refuse = refusal("ThrottlingException")
    run = run_of(make(clip))
    sfn.refuse = None
    close.cancel(run.id, None, "me")
    sfn.start(run.machine_arn, run.execution_name, "{}")

    later(monkeypatch, 61)

    assert sweep.sweep() == {"canceled_but_running": 1}
    assert sfn.stopped == [run.execution_name]


def test_a_run_canceled_before_its_start_is_not_started_later(clip: dict[str, Any], sfn: StepFunctions) -> None:
    sfn.refuse = refusal("ThrottlingException")
    run = run_of(make(clip))
    sfn.refuse = None
    close.cancel(run.id, None, "me")

    admit.start(queue.QueueEntry(run.fence, run.machine_arn, run.queue_part))

    assert sfn.started == {}


def test_a_machine_that_stays_away_closes_its_run(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "sleep", lambda _seconds: None)
    sfn.refuse = refusal("StateMachineDoesNotExist")
    run_id = make(clip)
    assert run_of(run_id).status is Status.STARTED

    later(monkeypatch, 901)
    sweep.sweep()

    assert run_of(run_id).status is Status.ERROR
    assert pools.read("global").holders == ()


def test_one_run_that_can_not_be_swept_does_not_keep_the_others_from_it(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    sfn.refuse = refusal("ThrottlingException")
    broken, whole = make(clip), make(clip)
    sfn.refuse = None
    transaction.commit(
        [transaction.update(store.table(), {"Id": broken, "Part": "stage#00"}, {"Input": None, "InputRef": "gone"})]
    )
    later(monkeypatch, 61)

    with pytest.raises(sweep.SweepIncomplete, match="1 things"):
        sweep.sweep()

    assert list(sfn.started) == [f"{whole}-1"]


def test_the_sweep_leaves_the_machines_of_live_runs(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    cap(1)
    running, waiting = make(clip), make(clip)
    retired = Retired(run_of(running).machine_arn, "workflow", "flow", clock.now())
    discarded: list[str] = []
    monkeypatch.setattr(revisions, "retired", lambda: [retired])
    monkeypatch.setattr(revisions, "discard", discarded.append)

    for run_id in (running, waiting):
        sweep.sweep()
        assert discarded == []
        close.cancel(run_id, None, "me")
        admit.admit_waiting()

    sweep.sweep()
    assert discarded == [retired.machine_arn]


# -- time ----------------------------------------------------------------------------------------------------------


def slow(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> None:
    """Let each call of a function take forty seconds."""
    work, now, taken = getattr(module, name), clock.now, 0

    def slowly(*arguments: Any) -> Any:
        nonlocal taken
        taken += 40
        return work(*arguments)

    monkeypatch.setattr(module, name, slowly)
    monkeypatch.setattr(clock, "now", lambda: clock.iso(clock.epoch(now()) + taken))


def a_ghost_in_the_queue(clip: dict[str, Any]) -> None:
    cap(0)
    ghost = make(clip)
    transaction.commit([transaction.delete(store.table(), {"Id": ghost, "Part": "execution"})])


def test_waits_that_expire_together_leave_time_to_the_steps_behind_them(
    define: Define, clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    define(stage("review", operation("one", type="Wait", start_arn="")))
    runs = sorted(make(clip) for _ in range(5))
    for run_id in runs:
        ask(run_id, 0, f"token of {run_id}", seconds=60)
    a_ghost_in_the_queue(clip)
    later(monkeypatch, 61)
    slow(monkeypatch, waiting, "expire")

    assert sweep.sweep() == {"queue_items_without_run": 1}
    assert len(sfn.told) == 2
    sweep.sweep()
    sweep.sweep()
    assert sorted(token for token, _ in sfn.told) == [f"token of {run_id}" for run_id in runs]


def test_machines_to_be_stopped_leave_time_to_the_steps_behind_them(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run in [run_of(make(clip)) for _ in range(2)]:
        transaction.commit(moves.cancel(run, None, moves.End(clock.now()), "Canceled", "me"))
    a_ghost_in_the_queue(clip)
    later(monkeypatch, 61)
    slow(monkeypatch, close, "stop")

    assert sweep.sweep() == {"canceled_but_running": 1, "queue_items_without_run": 1}
    assert sweep.sweep() == {"canceled_but_running": 1}
