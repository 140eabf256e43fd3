from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.definitions import retries, revisions
from chalicelib.web.errors import BadRequestError
from tests.chalicelib.api import Api, Reply
from tests.chalicelib.definitions.conftest import items
from tests.chalicelib.definitions.golden import operation as frozen

Operation = Callable[..., Reply]
THROTTLED = "Lambda.TooManyRequestsException"


def names(*retried: str, kind: Any = "Sync") -> list[list[str]]:
    return [retrier["ErrorEquals"] for retrier in retries.retriers(frozen("a", kind, retried=retried))]


def position(error: str, order: list[list[str]]) -> int:
    return next(place for place, errors in enumerate(order) if error in errors)


def test_without_a_policy_what_may_pass_is_retried_and_what_cannot_is_not() -> None:
    order = names()

    assert order[0] == ["InvalidInput", "States.QueryEvaluationError", "States.DataLimitExceeded"]
    assert position("MasExecutionError", order)
    assert position(THROTTLED, order)
    assert not any("States.Timeout" in errors for errors in order)


@pytest.mark.parametrize("kind", ["Sync", "Async", "Callback", "Wait"])
def test_the_owners_policy_comes_after_what_is_never_retried_and_before_the_engines(kind: Any) -> None:
    order = names("Busy", "States.Timeout", THROTTLED, kind=kind)

    assert order[0][:3] == ["InvalidInput", "States.QueryEvaluationError", "States.DataLimitExceeded"]
    assert order[1] == ["Busy", "States.Timeout", THROTTLED]
    assert not any(THROTTLED in errors for errors in order[2:])
    assert position("Lambda.ServiceException", order) > 1


@pytest.mark.parametrize("wildcard", ["States.ALL", "States.TaskFailed"])
@pytest.mark.parametrize("kind", ["Sync", "Async", "Callback", "Wait"])
def test_a_wildcard_comes_last_behind_throttling_and_takes_the_rest(kind: Any, wildcard: str) -> None:
    order = names(wildcard, kind=kind)

    assert order[-1] == [wildcard]
    assert 0 < position(THROTTLED, order) < len(order) - 1
    assert not any("MasExecutionError" in errors for errors in order)


@pytest.mark.parametrize("kind", ["Callback", "Wait"])
def test_a_token_task_calls_the_engines_function_again_but_not_for_a_run_that_is_over(kind: Any) -> None:
    made = retries.retriers(frozen("a", kind))

    assert made[0]["MaxAttempts"] == 0
    assert "RunClosed" in made[0]["ErrorEquals"]
    (engine,) = made[1:]
    assert {"TokenNotKept", "Lambda.Unknown", THROTTLED} <= set(engine["ErrorEquals"])
    assert not {"States.Timeout", "States.HeartbeatTimeout", "States.TaskFailed"} & set(engine["ErrorEquals"])
    assert engine["MaxAttempts"] * engine["MaxDelaySeconds"] >= 900


def test_what_is_not_given_is_the_default_and_no_attempt_needs_no_pause() -> None:
    assert retries.completed(None) is None
    assert retries.completed({}) == retries.DEFAULTS
    full = retries.completed({"MaxAttempts": 5.0, "ErrorEquals": ["Busy"]})
    assert full == {"MaxAttempts": 5, "IntervalSeconds": 1, "BackoffRate": 2, "ErrorEquals": ["Busy"]}
    assert isinstance(full["MaxAttempts"], int)

    never = retries._own({**full, "MaxAttempts": 0})
    assert never == {"ErrorEquals": ["Busy"], "MaxAttempts": 0}


@pytest.mark.parametrize(
    ("errors", "message"),
    [
        (["Busy", "InvalidInput"], r"Retry.ErrorEquals\[1\]: 'InvalidInput' is never retried"),
        (["RunClosed"], r"Retry.ErrorEquals\[0\]: 'RunClosed' is never retried"),
        (["States.DataLimitExceeded"], r"'States.DataLimitExceeded' is never retried"),
        (["States.Runtime"], r"'States.Runtime' can't be retried; .* States.ALL, States.HeartbeatTimeout"),
        (["States.Later"], r"'States.Later' can't be retried"),
        (["Busy", "Busy"], r"Retry.ErrorEquals\[1\]: 'Busy' is named more than once"),
        (["States.ALL", "Busy"], r"Retry.ErrorEquals: States.ALL stands for every error"),
    ],
)
def test_names_that_cannot_be_retried_or_stand_together_are_refused(errors: list[str], message: str) -> None:
    with pytest.raises(BadRequestError, match=message):
        retries.check({"ErrorEquals": errors})


BAD: list[tuple[Any, str]] = [
    (None, "Retry: None is not of type object"),
    ([], "Retry: [] is not of type object"),
    ({"MaxAttempts": 21}, "Retry.MaxAttempts: "),
    ({"MaxAttempts": -1}, "Retry.MaxAttempts: "),
    ({"MaxAttempts": "3"}, "Retry.MaxAttempts: '3' is not of type integer"),
    ({"MaxAttempts": "{% 3 %}"}, "Retry.MaxAttempts: "),
    ({"MaxAttempts": True}, "Retry.MaxAttempts: "),
    ({"MaxAttempts": 1.5}, "Retry.MaxAttempts: "),
    ({"IntervalSeconds": 0}, "Retry.IntervalSeconds: "),
    ({"IntervalSeconds": 3601}, "Retry.IntervalSeconds: "),
    ({"BackoffRate": 0.5}, "Retry.BackoffRate: "),
    ({"BackoffRate": 11}, "Retry.BackoffRate: "),
    ({"BackoffRate": "2"}, "Retry.BackoffRate: "),
    ({"ErrorEquals": []}, "Retry.ErrorEquals: "),
    ({"ErrorEquals": ["Busy"] * 21}, "Retry.ErrorEquals: "),
    ({"ErrorEquals": "Busy"}, "Retry.ErrorEquals: 'Busy' is not of type array"),
    ({"ErrorEquals": [7]}, "Retry.ErrorEquals[0]: "),
    ({"ErrorEquals": [""]}, "Retry.ErrorEquals[0]: an error name consists"),
    ({"ErrorEquals": ["{% $states.input %}"]}, "Retry.ErrorEquals[0]: an error name consists"),
    ({"ErrorEquals": ["Busy\n"]}, "Retry.ErrorEquals[0]: an error name consists"),
    ({"ErrorEquals": ["x" * 257]}, "Retry.ErrorEquals[0]: an error name consists"),
    ({"ErrorEquals": ["States.ALL", "Busy"]}, "Retry.ErrorEquals: States.ALL stands for"),
    ({"Attempts": 3}, "Retry: "),
]


@pytest.mark.parametrize(("retry", "message"), BAD)
def test_a_wrong_policy_is_refused_by_naming_the_field_and_leaves_nothing(
    operation: Operation, retry: Any, message: str
) -> None:
    reply = operation("op-a", Retry=retry)

    assert reply.status == 400, reply.body
    assert message in reply.body["Message"], reply.body["Message"]
    assert items("operation") == []


def test_a_policy_is_answered_whole_changed_and_taken_back(operation: Operation, api: Api) -> None:
    made = operation("op-a", Retry={"MaxAttempts": 7, "ErrorEquals": ["java.io.IOException", "Outer$Inner"]})
    assert made.body["Retry"] == {
        **retries.DEFAULTS,
        "MaxAttempts": 7,
        "ErrorEquals": ["java.io.IOException", "Outer$Inner"],
    }
    assert '"java.io.IOException"' in made.body["StateMachineAsl"]
    assert revisions.current_stage("_op-a").stages[0].operations[0].retry == made.body["Retry"]

    changed = api("PUT", "/workflow/operation", {"Name": "op-a", "Retry": {"ErrorEquals": ["States.ALL"]}})
    assert changed.body["Retry"] == {**retries.DEFAULTS, "ErrorEquals": ["States.ALL"]}
    assert api("PUT", "/workflow/operation", {"Name": "op-a", "Retry": {"BackoffRate": 0}}).status == 400

    taken_back = api("PUT", "/workflow/operation", {"Name": "op-a", "Retry": None})
    assert "Retry" not in taken_back.body
    assert revisions.current_stage("_op-a").stages[0].operations[0].retry is None
