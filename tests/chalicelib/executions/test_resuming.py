"""Waits that are resumed: by two at once, by one who dies, while another token comes or one is renewed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.definitions.revision import Revision
from chalicelib.executions import admit, close, complete, queue, retry, store, sweep, tokens, waiting
from chalicelib.executions.errors import NotWaitingError, UnknownExecutionError, WrongStageError
from chalicelib.executions.statuses import Status
from chalicelib.web.errors import BadRequestError, ConflictError
from tests.chalicelib.executions.conftest import Define, StepFunctions, operation, stage
from tests.chalicelib.executions.world import (
    DONE,
    OK,
    Died,
    Points,
    Records,
    ask,
    cap,
    completion,
    dies,
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


# -- resuming ------------------------------------------------------------------------------------------------------


def test_a_resumed_run_goes_on_and_says_who_resumed_it(both: str, sfn: StepFunctions) -> None:
    started = run_of(both).started

    assert waiting.resume(both, "review", "ann", reason="fine") is Status.RESUMED

    run = run_of(both)
    assert (run.status, run.started, run.sequence) == (Status.STARTED, started, 5)
    assert sfn.told == [("t1", RESUMED), ("t2", RESUMED)]
    complete.complete_stage(completion(both, 0, OK, OK, OK))
    stored = store.read_whole(both)
    assert stored is not None
    assert '"AnsweredBy":"ann","Reason":"fine"' in (stored.stages[0].outputs or "")
    assert tokens.of_stage(run_of(both)) == []
    assert inconsistencies() == []


def canceled(run_id: str) -> None:
    close.cancel(run_id, "enough", "me")


def killed(run_id: str) -> None:
    close.ended_outside(run_id, 1, "State machine execution ended as ABORTED")


def out_of_time(run_id: str) -> None:
    close.out_of_time(run_of(run_id))


@pytest.mark.parametrize("ends", [canceled, killed, out_of_time])
def test_who_resumed_what_is_done_is_known_however_the_run_ends(
    clip: dict[str, Any], sfn: StepFunctions, ends: Callable[[str], None]
) -> None:
    """One is resumed while the stage's other operation is at work; a retry keeps it as done."""
    run_id = make(clip, TimeoutSeconds=3600)
    ask(run_id, 0, "t1")
    waiting.resume(run_id, "review", "bob", reason="fine")
    sfn.events = [exited("S1 O1 one", {"Do": "run", "Kept": RESUMED})]

    ends(run_id)

    [output] = outputs_of(run_id)
    assert (output["Name"], output["AnsweredBy"], output["Reason"]) == ("one", "bob", "fine")
    retry.retry(run_id, None, "me")
    complete.complete_stage(completion(run_id, 0, DONE, OK, OK, attempt=2))
    assert [made.get("AnsweredBy") for made in outputs_of(run_id)] == ["bob", None, None]


def exited(state: str, output: Any) -> dict[str, Any]:
    """A state's end, as an execution's history tells it."""
    return {"type": "TaskStateExited", "stateExitedEventDetails": {"name": state, "output": json.dumps(output)}}


def outputs_of(run_id: str) -> list[dict[str, Any]]:
    stored = store.read(run_id, [0])
    assert stored is not None
    outputs: list[dict[str, Any]] = json.loads(stored.stages[0].outputs or "[]")
    return outputs


def test_one_of_two_waits_is_resumed_by_its_name(both: str, sfn: StepFunctions) -> None:
    assert waiting.resume(both, "review", "me", operation="two") is Status.WAITING
    assert sfn.told == []
    with pytest.raises(ConflictError, match="resumed already"):
        waiting.resume(both, "review", "me", operation="two")

    assert waiting.resume(both, "review", "me", operation="one") is Status.RESUMED
    assert goes_on(both, sfn)


def test_what_can_not_be_resumed_is_refused(both: str, clip: dict[str, Any], sfn: StepFunctions) -> None:
    with pytest.raises(WrongStageError):
        waiting.resume(both, "after", "me")
    with pytest.raises(BadRequestError, match="no operation 'note' waits"):
        waiting.resume(both, "review", "me", operation="note")
    with pytest.raises(UnknownExecutionError):
        waiting.resume("nobody", "review", "me")
    with pytest.raises(NotWaitingError, match="is Started, not Waiting"):
        waiting.resume(make(clip), "review", "me")
    assert run_of(both).status is Status.WAITING


def test_a_wait_that_has_expired_is_not_resumed(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stage's other operations go on for longer than the wait: the run is still Waiting."""
    run_id = make(clip)
    ask(run_id, 0, "t1", seconds=3600)
    later(monkeypatch, 3601)
    assert waiting.expire(run_of(run_id)) == 1

    with pytest.raises(NotWaitingError, match="no open wait in stage 'review'"):
        waiting.resume(run_id, "review", "me")
    with pytest.raises(NotWaitingError, match="'one' could be resumed is over"):
        waiting.resume(run_id, "review", "me", operation="one")

    assert (run_of(run_id).status, places()) == (Status.WAITING, [("waiting", run_id)])


def test_a_wait_beside_one_that_has_expired_is_resumed(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = make(clip)
    ask(run_id, 0, "t1", seconds=3600)
    ask(run_id, 1, "t2")
    later(monkeypatch, 3601)
    waiting.expire(run_of(run_id))

    assert waiting.resume(run_id, "review", "me") is Status.RESUMED

    assert sfn.told[-1] == ("t2", RESUMED)


def test_a_run_resumed_under_a_full_cap_keeps_its_place_by_when_it_was_resumed(
    clip: dict[str, Any], sfn: StepFunctions
) -> None:
    cap(1)
    first = make(clip)
    ask(first, 0, "t1")
    second, third = make(clip), make(clip)

    waiting.resume(first, "review", "me")

    assert [run_of(run).status for run in (first, second, third)] == ["Resumed", "Started", "Queued"]
    assert [entry.fence.run_id for entry in queue.heads(9)] == [third, first]
    close.cancel(second, None, "me")
    close.cancel(third, None, "me")
    admit.look()
    assert goes_on(first, sfn)


def test_a_resumed_run_can_wait_again_and_be_canceled_from_every_place(
    clip: dict[str, Any], sfn: StepFunctions
) -> None:
    cap(1)
    run_id, other = make(clip), make(clip)
    ask(run_id, 0, "t1")
    waiting.resume(run_id, "review", "me")
    assert run_of(run_id).status is Status.RESUMED

    ask(run_id, 1, "t2")
    assert run_of(run_id).status is Status.WAITING
    assert inconsistencies() == []

    waiting.resume(run_id, "review", "me")
    close.cancel(run_id, None, "me")
    close.cancel(other, None, "me")
    assert places() == []
    assert inconsistencies() == []


def test_a_second_wait_anywhere_in_a_resume_can_still_be_resumed(
    clip: dict[str, Any], points: Points, sfn: StepFunctions
) -> None:
    """Its token comes after the resume has read which waits there are; the run must not go on without it."""
    for number in points.each():
        run_id = make(clip)
        ask(run_id, 0, "t1")

        points.before(
            number,
            lambda run_id=run_id: ask(run_id, 1, "t2"),
            lambda run_id=run_id: waiting.resume(run_id, "review", "me"),
        )

        if not tokens.of_stage(run_of(run_id))[1:]:
            ask(run_id, 1, "t2")
        if run_of(run_id).status is Status.WAITING:
            waiting.resume(run_id, "review", "me")
        assert goes_on(run_id, sfn)
        assert inconsistencies() == []
        close.cancel(run_id, None, "me")


def test_a_resume_anywhere_in_a_renewal_is_not_lost(clip: dict[str, Any], points: Points, sfn: StepFunctions) -> None:
    """The state machine asks again just when somebody resumes: the new token must not wipe his answer out."""
    for number in points.each():
        run_id = make(clip)
        ask(run_id, 0, f"t{number}")
        sfn.closed.add(f"t{number}")

        points.before(
            number,
            lambda run_id=run_id: waiting.resume(run_id, "review", "me"),
            lambda run_id=run_id, number=number: ask(run_id, 0, f"again{number}", retry=1),
        )

        if run_of(run_id).status is Status.WAITING:
            waiting.resume(run_id, "review", "me")
        assert goes_on(run_id, sfn)
        assert (f"again{number}", RESUMED) in sfn.told
        close.cancel(run_id, None, "me")


def test_a_renewal_anywhere_in_a_resume_is_told_the_answer(
    clip: dict[str, Any], points: Points, sfn: StepFunctions
) -> None:
    for number in points.each():
        run_id = make(clip)
        ask(run_id, 0, f"t{number}")

        def again(run_id: str = run_id, number: int = number) -> None:
            sfn.closed.add(f"t{number}")
            ask(run_id, 0, f"again{number}", retry=1)

        points.before(number, again, lambda run_id=run_id: waiting.resume(run_id, "review", "me"))

        assert goes_on(run_id, sfn)
        assert sfn.told[-1] == (f"again{number}" if f"again{number}" in sfn.closed else f"t{number}", RESUMED)
        close.cancel(run_id, None, "me")


def test_two_who_resume_at_once_resume_once(clip: dict[str, Any], points: Points, sfn: StepFunctions) -> None:
    for number in points.each():
        run_id = make(clip)
        ask(run_id, 0, f"t{number}")
        refused = 0

        def resume(run_id: str = run_id) -> None:
            nonlocal refused
            try:
                waiting.resume(run_id, "review", "me")
            except NotWaitingError:
                refused += 1

        reached = points.before(number, resume, resume)

        assert refused == reached
        assert goes_on(run_id, sfn)
        assert [token for token, _ in sfn.told].count(f"t{number}") == 1
        close.cancel(run_id, None, "me")


def test_a_cancel_anywhere_in_a_resume_leaves_nothing(
    clip: dict[str, Any], points: Points, sfn: StepFunctions
) -> None:
    for number in points.each():
        run_id = make(clip)
        ask(run_id, 0, f"t{number}")

        def resume(run_id: str = run_id) -> None:
            try:
                waiting.resume(run_id, "review", "me")
            except NotWaitingError:
                return

        points.before(number, lambda run_id=run_id: close.cancel(run_id, None, "you"), resume)

        if run_of(run_id).status is not Status.CANCELED:
            close.cancel(run_id, None, "me")
        assert places() == []
        assert inconsistencies() == []


def test_a_resume_that_dies_anywhere_is_finished_by_the_scheduler_and_the_sweep(
    clip: dict[str, Any], points: Points, sfn: StepFunctions, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in points.each():
        run_id = make(clip)
        ask(run_id, 0, f"t{number}")

        def resume(run_id: str = run_id) -> None:
            try:
                waiting.resume(run_id, "review", "me")
            except Died:
                return

        points.before(number, dies, resume)

        records.deliver()
        if run_of(run_id).status is Status.WAITING:
            waiting.resume(run_id, "review", "me")
        with monkeypatch.context() as moved:
            later(moved, 61)
            sweep.sweep()
        assert goes_on(run_id, sfn)
        assert inconsistencies() == []
        close.cancel(run_id, None, "me")
