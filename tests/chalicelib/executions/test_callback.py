"""Operations whose work is done elsewhere: answers that come early, late, twice, or to a token that is over."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws import functions
from chalicelib.definitions.revision import Revision
from chalicelib.executions import callback, close, complete, store, sweep, tokens, waiting
from chalicelib.executions.callback import Answer
from chalicelib.executions.errors import ForeignTokenError, NoCallbackError, UnknownExecutionError, UsedTokenError
from chalicelib.executions.statuses import Status
from chalicelib.web.errors import BadRequestError
from tests.chalicelib.executions.conftest import Define, StepFunctions, operation, refusal, stage
from tests.chalicelib.executions.world import (
    FAILED,
    OK,
    Died,
    Points,
    ask,
    completion,
    dies,
    failed,
    inconsistencies,
    later,
    make,
    run_of,
)


@pytest.fixture(autouse=True)
def label(define: Define, aws: None) -> Revision:
    """A stage of a Callback, a Wait and an ordinary operation."""
    people = operation("people", type="Callback", heartbeat_seconds=60)
    return define(stage("label", people, operation("review", type="Wait", start_arn=""), operation("note")))


@pytest.fixture
def asked(clip: dict[str, Any], sfn: StepFunctions, called: list[dict[str, Any]]) -> str:
    """A run whose Callback's function has been called with the token `t1`."""
    run_id = make(clip)
    ask(run_id, 0, "t1")
    assert called == [{"WorkflowExecutionId": run_id, "TaskToken": "t1"}]
    return run_id


def given(token: str = "t1", **changes: Any) -> Answer:
    facts = {"operation": "people", "token": token, "status": "Complete", "media": {}, "metadata": {"n": 1}}
    return Answer(**{**facts, **changes})


def outcome(metadata: dict[str, Any]) -> dict[str, Any]:
    return {"Status": "Complete", "Media": {}, "MetaData": metadata}


def token_of(run_id: str) -> tokens.TokenItem:
    found = tokens.read(run_of(run_id), 0)
    assert found is not None
    return found


# -- answering -------------------------------------------------------------------------------------------------------


def test_an_answer_is_told_and_its_giver_recorded(asked: str, sfn: StepFunctions) -> None:
    callback.answer(asked, given(), "vendor")

    assert sfn.told == [("t1", outcome({"n": 1}))]
    assert token_of(asked).sent is not None
    failed(asked, {"Do": "run", "Kept": outcome({"n": 1})}, FAILED, OK)
    stored = store.read_whole(asked)
    assert stored is not None
    assert '"AnsweredBy":"vendor"' in (stored.stages[0].outputs or "")
    assert inconsistencies() == []


def test_a_failure_is_told_with_its_cause(asked: str, sfn: StepFunctions) -> None:
    callback.answer(asked, given(status="Error", error="Blurred", cause="no face"), "vendor")

    assert sfn.told == [("t1", {"Error": "Blurred", "Cause": "no face"})]


def test_a_sign_of_life_is_passed_on_and_changes_nothing(asked: str, sfn: StepFunctions) -> None:
    callback.answer(asked, given(status="Executing"), "vendor")
    assert (sfn.beats, sfn.told) == (["t1"], [])
    assert token_of(asked).answered is None

    sfn.closed.add("t1")
    with pytest.raises(NoCallbackError, match="doesn't wait for operation 'people' any more"):
        callback.answer(asked, given(status="Executing"), "vendor")


def test_an_answer_after_the_task_timed_out_is_refused_and_the_next_token_is_answered(
    asked: str, sfn: StepFunctions
) -> None:
    sfn.closed.add("t1")

    with pytest.raises(NoCallbackError, match="doesn't wait for operation 'people' any more"):
        callback.answer(asked, given(), "vendor")
    assert token_of(asked).answered is None

    ask(asked, 0, "t2", retry=1)
    callback.answer(asked, given("t2", metadata={"n": 2}), "vendor")
    assert sfn.told == [("t2", outcome({"n": 2}))]


def test_only_the_digest_is_kept_until_somebody_answers(asked: str, sfn: StepFunctions) -> None:
    assert token_of(asked).token is None
    assert token_of(asked).digest == tokens.digest("t1")


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"token": "forged"}, ForeignTokenError),
        ({"token": ""}, ForeignTokenError),
        ({"operation": "note"}, NoCallbackError),
        ({"operation": "review"}, NoCallbackError),
        ({"operation": "nobody"}, NoCallbackError),
        ({"metadata": {"x": "y" * 230_000}}, BadRequestError),
    ],
)
def test_what_is_no_answer_is_refused_and_changes_nothing(
    asked: str, sfn: StepFunctions, changes: dict[str, Any], refused: type[Exception]
) -> None:
    ask(asked, 1, "wait")
    before = tokens.of_stage(run_of(asked))

    with pytest.raises(refused):
        callback.answer(asked, given(**changes), "vendor")

    assert tokens.of_stage(run_of(asked)) == before
    assert sfn.told == []


def test_a_dry_run_checks_and_changes_nothing(asked: str, sfn: StepFunctions) -> None:
    assert callback.answer(asked, given(), "vendor", dry_run=True).id == asked
    with pytest.raises(ForeignTokenError):
        callback.answer(asked, given("forged"), "vendor", dry_run=True)
    with pytest.raises(UnknownExecutionError):
        callback.answer("nobody", given(), "vendor", dry_run=True)
    assert token_of(asked).answered is None


def test_a_used_token_is_refused_whatever_it_says(asked: str, sfn: StepFunctions) -> None:
    callback.answer(asked, given(), "vendor")

    for again in (given(), given(metadata={"n": 2}), given(status="Executing")):
        with pytest.raises(UsedTokenError):
            callback.answer(asked, again, "vendor")
    assert len(sfn.told) == 1


def test_an_answer_after_the_end_is_refused(asked: str, sfn: StepFunctions) -> None:
    close.cancel(asked, None, "me")

    with pytest.raises(NoCallbackError, match="is Canceled"):
        callback.answer(asked, given(), "vendor")
    assert sfn.told == []
    assert inconsistencies() == []


def test_the_token_of_one_run_does_not_answer_for_another(
    asked: str, clip: dict[str, Any], sfn: StepFunctions
) -> None:
    other = make(clip)
    ask(other, 0, "t2")

    with pytest.raises(ForeignTokenError):
        callback.answer(other, given("t1"), "vendor")
    assert token_of(other).answered is None


# -- crashes and meetings ------------------------------------------------------------------------------------------


def test_an_answer_that_was_stored_and_not_sent_is_sent_by_its_giver_or_the_sweep(
    asked: str, clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make(clip)
    ask(other, 0, "t2")
    sfn.refuse = refusal("ThrottlingException")
    for run_id, token in ((asked, "t1"), (other, "t2")):
        with pytest.raises(type(sfn.refuse)):
            callback.answer(run_id, given(token), "vendor")
    sfn.refuse = None

    with pytest.raises(UsedTokenError):
        callback.answer(asked, given(metadata={"n": 2}), "vendor")
    callback.answer(asked, given(), "vendor")
    assert sfn.told == [("t1", outcome({"n": 1}))]

    later(monkeypatch, 61)
    assert sweep.sweep() == {"answers_unsent": 1}
    assert sfn.told[1:] == [("t2", outcome({"n": 1}))]
    assert sweep.sweep() == {}


def test_an_unsent_answer_of_a_run_that_waits_for_people_is_sent_by_the_sweep(
    asked: str, sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(asked, 1, "wait")
    assert run_of(asked).status is Status.WAITING
    sfn.refuse = refusal("ThrottlingException")
    with pytest.raises(type(sfn.refuse)):
        callback.answer(asked, given(), "vendor")
    sfn.refuse = None

    later(monkeypatch, 61)

    assert sweep.sweep() == {"answers_unsent": 1}
    assert [token for token, _ in sfn.told] == ["t1"]


def test_the_sweep_takes_no_answer_that_is_being_sent_for_a_lost_one(
    asked: str, sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, 120)
    sfn.refuse = refusal("ThrottlingException")
    with pytest.raises(type(sfn.refuse)):
        callback.answer(asked, given(), "vendor")
    sfn.refuse = None

    assert sweep.sweep() == {}


def test_a_giver_who_dies_anywhere_can_say_it_again(
    clip: dict[str, Any], called: list[dict[str, Any]], points: Points, sfn: StepFunctions
) -> None:
    for number in points.each():
        run_id, token = make(clip), f"t{number}"
        ask(run_id, 0, token)

        def answer(run_id: str = run_id, token: str = token) -> None:
            try:
                callback.answer(run_id, given(token), "vendor")
            except (Died, UsedTokenError):
                return

        points.before(number, dies, answer)
        answer()

        assert [told for told, _ in sfn.told].count(token) == 1
        assert token_of(run_id).sent is not None
        close.cancel(run_id, None, "me")


def test_a_keeper_who_dies_anywhere_calls_the_function_with_the_token_that_counts(
    clip: dict[str, Any], called: list[dict[str, Any]], points: Points, sfn: StepFunctions
) -> None:
    for number in points.each():
        run_id = make(clip)
        called.clear()

        def keep(run_id: str = run_id) -> None:
            try:
                ask(run_id, 0, "first")
            except Died:
                ask(run_id, 0, "second", retry=1)

        points.before(number, dies, keep)

        assert token_of(run_id).digest == tokens.digest(called[-1]["TaskToken"])
        callback.answer(run_id, given(called[-1]["TaskToken"]), "vendor")
        assert sfn.told[-1][0] == called[-1]["TaskToken"]
        close.cancel(run_id, None, "me")
        sfn.closed.clear()


def test_an_answer_anywhere_in_a_renewal_counts_or_is_refused(
    clip: dict[str, Any], called: list[dict[str, Any]], points: Points, sfn: StepFunctions
) -> None:
    """The state machine gave the token up and asks again, while its worker answers: what he is told to be taken is
    told to the new token, or the function is called again after Step Functions has said that the old one is over."""
    for number in points.each():
        run_id, old, new = make(clip), f"old{number}", f"new{number}"
        ask(run_id, 0, old)
        sfn.refuse = refusal("ThrottlingException")
        called.clear()
        refused = False

        def answer(run_id: str = run_id, old: str = old) -> None:
            nonlocal refused
            try:
                callback.answer(run_id, given(old), "vendor")
            except ForeignTokenError:
                refused = True
            except type(refusal("")):
                return

        def renew(run_id: str = run_id, new: str = new) -> None:
            ask(run_id, 0, new, retry=1)

        def answered(answer: Any = answer) -> None:
            answer()
            sfn.refuse = None

        reached = points.before(number, answered, renew)
        sfn.refuse = None
        if reached and not refused:
            assert (new, outcome({"n": 1})) in sfn.told
            assert called == []
        else:
            assert [event["TaskToken"] for event in called] == [new]
        close.cancel(run_id, None, "me")


def test_a_failed_callback_that_is_tried_again_begins_anew(
    asked: str, called: list[dict[str, Any]], sfn: StepFunctions
) -> None:
    callback.answer(asked, given(status="Error", error="Busy"), "vendor")

    ask(asked, 0, "t2", retry=1)

    assert [event["TaskToken"] for event in called] == ["t1", "t2"]
    kept = token_of(asked)
    assert (kept.answered, kept.by, kept.outcome, kept.sent, kept.token) == (None, None, None, None, None)
    callback.answer(asked, given("t2"), "vendor")
    assert sfn.told[-1] == ("t2", outcome({"n": 1}))


def test_an_answer_that_meets_the_end_of_its_stage_is_refused_or_too_late(
    clip: dict[str, Any], called: list[dict[str, Any]], points: Points, sfn: StepFunctions
) -> None:
    for number in points.each():
        run_id = make(clip)
        ask(run_id, 0, f"t{number}")

        def answer(run_id: str = run_id, number: int = number) -> None:
            try:
                callback.answer(run_id, given(f"t{number}"), "vendor")
            except NoCallbackError:
                return

        points.before(number, lambda run_id=run_id: failed(run_id, FAILED, OK, OK), answer)

        if run_of(run_id).status is not Status.ERROR:
            complete.complete_stage(completion(run_id, 0, OK, OK, OK))
        assert tokens.of_stage(run_of(run_id)) == []
        assert inconsistencies() == []


def test_a_large_answer_rides_in_the_bucket(asked: str, sfn: StepFunctions) -> None:
    callback.answer(asked, given(metadata={"text": "ü" * 7_000}), "vendor")

    assert token_of(asked).outcome is None
    assert token_of(asked).outcome_ref is not None
    assert sfn.told == [("t1", outcome({"text": "ü" * 7_000}))]


# -- what the operator's function raises ---------------------------------------------------------------------------


def test_what_the_function_raises_is_passed_on_with_the_token_kept(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    class InvalidInput(functions.FunctionFailed):
        pass

    def call(_arn: str, _event: dict[str, Any]) -> None:
        raise InvalidInput("no")

    monkeypatch.setattr(functions, "call", call)
    run_id = make(clip)

    with pytest.raises(InvalidInput):
        waiting.token_task({"Execution": f"{run_id}-1", "Stage": 0, "Operation": 0, "Token": "t1", "Retry": 0})

    assert token_of(run_id).digest == tokens.digest("t1")
    failed(run_id, FAILED, OK, OK)
    assert inconsistencies() == []


def test_a_medium_that_there_is_not_is_refused_by_its_name(asked: str, sfn: StepFunctions) -> None:
    """the next stage failed over it"""
    place = {"S3Bucket": "test-data", "S3Key": "nowhere.vtt"}

    with pytest.raises(BadRequestError, match=r"^Media\.Text: there is no object 's3://test-data/nowhere.vtt'"):
        callback.answer(asked, given(media={"Text": place}), "vendor")

    assert token_of(asked).answered is None
    callback.answer(asked, given(media={"Video": {"S3Bucket": "test-data", "S3Key": "uploads/clip.mp4"}}), "vendor")
    assert len(sfn.told) == 1
