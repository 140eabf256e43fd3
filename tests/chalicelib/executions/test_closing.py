"""Ends that meet others between two AWS calls, and reads between two writes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.assets import store as assets
from chalicelib.aws import clock, stepfunctions, transaction
from chalicelib.executions import (
    admit,
    close,
    complete,
    listing,
    queue,
    retry,
    store,
)
from chalicelib.executions.errors import EndedExecutionError, NotRetriableError, RunClosed
from chalicelib.executions.statuses import Status
from tests.chalicelib.executions.conftest import Define, StepFunctions, operation, stage
from tests.chalicelib.executions.world import (
    FAILED,
    OK,
    Died,
    Points,
    Records,
    cap,
    clear,
    completion,
    dies,
    failed,
    inconsistencies,
    make,
    places,
    run_of,
)

pytestmark = pytest.mark.usefixtures("aws", "flow")


# -- cancel ----------------------------------------------------------------------------------------------------------


def test_a_retry_anywhere_in_a_cancel_does_not_keep_the_machine_from_being_stopped(
    clip: dict[str, Any], points: Points, sfn: StepFunctions
) -> None:
    """The canceled attempt's machine is stopped, and its canceler told so, whatever the run has become since."""
    for number in points.each():
        run_id = make(clip)
        canceled: list[Status] = []

        def retried(run_id: str = run_id) -> None:
            try:
                retry.retry(run_id, None, "you")
            except NotRetriableError:
                return

        points.before(
            number,
            retried,
            lambda run_id=run_id, canceled=canceled: canceled.append(close.cancel(run_id, None, "me").status),
        )

        assert canceled == [Status.CANCELED]
        assert sfn.stopped == [f"{run_id}-1"]
        assert queue.stopping() == []
        assert inconsistencies() == []
        sfn.stopped.clear()
        clear()


def test_a_canceled_run_is_answered_as_it_was_left(clip: dict[str, Any], sfn: StepFunctions) -> None:
    started = make(clip)
    cap(0)
    waiting = make(clip)

    for run_id in (started, waiting):
        assert close.cancel(run_id, "wrong", "me") == run_of(run_id)


def test_who_cancels_is_told_so_when_the_machine_cannot_be_stopped_now(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to ask again, they might cancel the attempt of somebody who has retried it meanwhile."""
    run_id = make(clip)

    def refuse(*_: str) -> bool:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "StopExecution")

    monkeypatch.setattr(stepfunctions, "stop", refuse)
    assert close.cancel(run_id, None, "me").status is Status.CANCELED

    assert [stopping.execution for stopping in queue.stopping()] == [f"{run_id}-1"], "the sweep's to do"


def test_a_canceler_who_dies_anywhere_can_cancel_again(
    clip: dict[str, Any], points: Points, sfn: StepFunctions, records: Records
) -> None:
    for number in points.each():
        run_id = make(clip)

        def dying(run_id: str = run_id) -> None:
            try:
                close.cancel(run_id, None, "me")
            except Died:
                return

        points.before(number, dies, dying)
        records.deliver()

        assert close.cancel(run_id, None, "you").status is Status.CANCELED
        asked_again = [stopping.execution for stopping in queue.stopping()]
        assert asked_again == [] or asked_again == [f"{run_id}-1"]
        assert places() == []
        assert inconsistencies() == []
        clear()


def test_the_end_of_the_run_anywhere_in_a_cancel_counts_or_doesn_t(
    clip: dict[str, Any], points: Points, sfn: StepFunctions
) -> None:
    for number in points.each():
        run_id = make(clip)
        complete.complete_stage(completion(run_id, 0, OK, OK))

        def finish(run_id: str = run_id) -> None:
            try:
                complete.complete_stage(completion(run_id, 1, OK))
            except RunClosed:
                return

        def cancel(run_id: str = run_id) -> None:
            try:
                close.cancel(run_id, None, "me")
            except EndedExecutionError:
                return

        points.before(number, finish, cancel)

        assert run_of(run_id).status in (Status.COMPLETE, Status.CANCELED)
        assert places() == []
        assert inconsistencies() == []
        asset = assets.get_asset(run_of(run_id).asset_id)
        assert asset is not None
        assert asset.active_run is None
        clear()


def test_a_late_completion_of_attempt_1_anywhere_in_attempt_2_changes_nothing(
    clip: dict[str, Any], points: Points, sfn: StepFunctions
) -> None:
    for number in points.each():
        run_id = make(clip)
        failed(run_id, FAILED, OK)
        retry.retry(run_id, None, "me")

        def late(run_id: str = run_id) -> None:
            with pytest.raises(RunClosed):
                complete.complete_stage(completion(run_id, 0, FAILED, FAILED))
            assert close.ended_outside(run_id, 1, "ABORTED") is None

        points.before(
            number, late, lambda run_id=run_id: complete.complete_stage(completion(run_id, 0, OK, OK, attempt=2))
        )

        run = run_of(run_id)
        assert (run.status, run.attempt, run.current_stage) == (Status.STARTED, 2, 1)
        assert inconsistencies() == []
        clear()


# -- reads between two writes ----------------------------------------------------------------------------------------


def test_a_run_that_kept_moving_is_not_read_without_its_stage(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = make(clip)
    whole = store.read_shown

    def torn(run_id: str, stages: Any = ()) -> store.Stored | None:
        stored = whole(run_id, stages)
        return stored and store.Stored(stored.run, {})

    monkeypatch.setattr(store, "read_shown", torn)
    monkeypatch.setattr(clock, "sleep", lambda _: None)

    with pytest.raises(transaction.StillContended):
        close.cancel(run_id, None, "me")

    monkeypatch.setattr(store, "read_shown", whole)
    assert run_of(run_id).status is Status.STARTED
    assert close.cancel(run_id, None, "me").status is Status.CANCELED


@pytest.mark.parametrize("first", range(1, 12))
def test_a_live_run_that_takes_two_steps_while_all_are_read_is_seen(
    first: int, clip: dict[str, Any], points: Points, sfn: StepFunctions
) -> None:
    for gap in range(1, 8):
        cap(0)
        run_id = make(clip)
        seen: list[str] = []

        def begins() -> None:
            cap(1)
            admit.admit_waiting()

        def ends_and_comes_again(run_id: str = run_id) -> None:
            cap(0)
            close.cancel(run_id, None, "me")
            retry.retry(run_id, None, "me")

        points.during(
            {first: begins, first + gap: ends_and_comes_again},
            lambda seen=seen: seen.extend(run.id for run in listing.live()),
        )

        assert seen == [run_id]
        clear()


# -- what is told ----------------------------------------------------------------------------------------------------


def test_a_message_of_many_failures_is_cut_and_each_output_tells_its_own_whole(
    clip: dict[str, Any], sfn: StepFunctions, define: Define
) -> None:
    define(stage("wide", *(operation(f"op{number}") for number in range(20))))
    run_id = make(clip)
    cause = "é" * 900

    failed(run_id, *[{"Do": "run", "Failed": {"Error": "ValueError", "Cause": cause}}] * 20)

    message = run_of(run_id).message or ""
    assert (len(message), message[-3:]) == (4000, "...")
    stored = store.read(run_id, [0])
    assert stored is not None
    assert stored.stages[0].message == message
    assert [made["Cause"] for made in json.loads(stored.stages[0].outputs or "[]")] == [cause] * 20


def test_a_message_from_outside_is_cut_the_same_way(clip: dict[str, Any], sfn: StepFunctions) -> None:
    run_id = make(clip)

    close.ended_outside(run_id, 1, "x" * 5000)

    assert run_of(run_id).message == "x" * 3997 + "..."
