"""Runs that wait for people: what meets between two AWS calls, and what a crash leaves for the sweep."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.definitions.revision import Revision
from chalicelib.executions import close, queue, sending, sweep, tokens, waiting
from chalicelib.executions.errors import RunClosed
from chalicelib.executions.statuses import Status
from tests.chalicelib.executions.conftest import Define, StepFunctions, operation, refusal, stage
from tests.chalicelib.executions.world import (
    FAILED,
    OK,
    Died,
    Points,
    ask,
    cap,
    dies,
    failed,
    inconsistencies,
    later,
    make,
    places,
    run_of,
)

RESUMED = {"Status": "Complete", "Media": {}, "MetaData": {}}


@pytest.fixture(autouse=True)
def review(define: Define, aws: None) -> Revision:
    """A stage of two Waits and an ordinary operation, and a stage after it."""
    waits = [operation(name, type="Wait", start_arn="") for name in ("one", "two")]
    return define(stage("review", *waits, operation("note")), stage("after", operation("c")))


@pytest.fixture
def both(clip: dict[str, Any], sfn: StepFunctions) -> str:
    """A run that waits for both."""
    run_id = make(clip)
    ask(run_id, 0, "t1")
    ask(run_id, 1, "t2")
    return run_id


def goes_on(run_id: str, sfn: StepFunctions) -> bool:
    """Whether the run is Started and all that it was asked has been told to Step Functions."""
    open_ones = [token for token in tokens.of_stage(run_of(run_id)) if token.sent is None]
    return run_of(run_id).status is Status.STARTED and not open_ones


# -- waiting -------------------------------------------------------------------------------------------------------


def test_a_waiting_run_holds_nothing_and_the_next_one_begins(clip: dict[str, Any], sfn: StepFunctions) -> None:
    cap(1)
    first, second = make(clip), make(clip)

    ask(first, 0, "t1")

    assert [run_of(run).status for run in (first, second)] == ["Waiting", "Started"]
    assert ("waiting", first) in places()
    assert inconsistencies() == []


def test_a_second_wait_leaves_the_note_of_the_first(both: str) -> None:
    assert [token.token for token in tokens.of_stage(run_of(both))] == ["t1", "t2"]
    assert [note.run_id for note in queue.waiting()] == [both]
    assert run_of(both).sequence == 3
    assert inconsistencies() == []


def test_a_state_machine_that_asks_again_is_answered_by_its_new_token(both: str, sfn: StepFunctions) -> None:
    ask(both, 0, "t1-again", retry=1)

    waiting.resume(both, "review", "me")

    assert sorted(token for token, _ in sfn.told) == ["t1-again", "t2"]


def test_an_answer_that_was_told_a_dead_token_is_told_the_new_one(both: str, sfn: StepFunctions) -> None:
    sfn.closed.add("t1")
    waiting.resume(both, "review", "me")
    assert [token for token, _ in sfn.told] == ["t2"]

    ask(both, 0, "t1-again", retry=1)

    assert sfn.told == [("t2", RESUMED), ("t1-again", RESUMED)]
    assert goes_on(both, sfn)


@pytest.mark.parametrize("attempt", [2, 0])
def test_a_token_of_another_attempt_or_stage_is_refused(both: str, attempt: int) -> None:
    with pytest.raises(RunClosed):
        ask(both, 0, "late", attempt=attempt)
    with pytest.raises(RunClosed):
        ask(both, 0, "late", stage=1)
    with pytest.raises(RunClosed):
        ask("nobody", 0, "late")
    with pytest.raises(RunClosed):
        waiting.token_task({"Execution": "foreign", "Stage": 0, "Operation": 0, "Token": "x", "Retry": 0})


def test_a_token_that_comes_after_the_end_is_refused_and_leaves_nothing(both: str, sfn: StepFunctions) -> None:
    close.cancel(both, None, "me")

    with pytest.raises(RunClosed):
        ask(both, 0, "late")

    assert tokens.of_stage(run_of(both)) == []
    assert inconsistencies() == []


def test_a_token_is_kept_wherever_its_keeper_dies(clip: dict[str, Any], points: Points, sfn: StepFunctions) -> None:
    """Step Functions calls the function again, with another token."""
    for number in points.each():
        run_id = make(clip)
        if points.before(number, dies, lambda run_id=run_id: ask_dying(run_id)):
            ask(run_id, 0, "again", retry=1)
        assert run_of(run_id).status is Status.WAITING
        assert next(token.token for token in tokens.of_stage(run_of(run_id))) in ("t", "again")
        assert inconsistencies() == []
        close.cancel(run_id, None, "me")
    assert number > 4


def ask_dying(run_id: str) -> None:
    try:
        ask(run_id, 0, "t")
    except Died:
        return


def test_a_cancel_anywhere_in_a_wait_leaves_nothing(clip: dict[str, Any], points: Points, sfn: StepFunctions) -> None:
    for number in points.each():
        run_id = make(clip)

        def waits(run_id: str = run_id) -> None:
            try:
                ask(run_id, 0, "t")
            except RunClosed:
                return

        points.before(number, lambda run_id=run_id: close.cancel(run_id, None, "me"), waits)
        if run_of(run_id).status is not Status.CANCELED:
            close.cancel(run_id, None, "me")
        assert places() == []
        assert inconsistencies() == []


# -- the end of a wait ---------------------------------------------------------------------------------------------


def test_a_wait_that_expires_ends_its_run_from_waiting(both: str, sfn: StepFunctions) -> None:
    failed(both, FAILED, FAILED, OK)

    assert run_of(both).status is Status.ERROR
    assert places() == []
    assert inconsistencies() == []


def test_a_wait_that_expires_while_the_resumed_run_is_queued_ends_it(
    clip: dict[str, Any], sfn: StepFunctions
) -> None:
    cap(1)
    run_id, other = make(clip), make(clip)
    ask(run_id, 0, "t1")
    waiting.resume(run_id, "review", "me")

    failed(run_id, FAILED, OK, OK)

    assert places() == [("pool#global", other)]
    assert inconsistencies() == []


def test_an_answer_is_sent_only_while_its_run_has_a_slot(clip: dict[str, Any], sfn: StepFunctions) -> None:
    cap(1)
    run_id = make(clip)
    make(clip)
    ask(run_id, 0, "t1")
    waiting.resume(run_id, "review", "me")

    assert sending.send(run_of(run_id)) == 0
    assert sfn.told == []


def test_what_aws_refuses_to_take_is_sent_by_the_sweep(
    both: str, sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    sfn.refuse = refusal("ThrottlingException")
    assert waiting.resume(both, "review", "me") is Status.RESUMED
    assert sfn.told == []
    sfn.refuse = None

    assert sweep.sweep() == {}
    later(monkeypatch, 61)
    assert sweep.sweep() == {"answers_unsent": 2}
    assert goes_on(both, sfn)
    assert sweep.sweep() == {}
