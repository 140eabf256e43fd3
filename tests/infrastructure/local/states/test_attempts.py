from __future__ import annotations

from typing import Any

from tests.infrastructure.local.states.world import Failed, only, task, world

SUCCEED = ("Caught", {"Type": "Succeed"})


def test_given_a_failing_output_with_a_retry_then_the_function_runs_again() -> None:
    calls: list[Any] = []

    def grow(event: Any) -> Any:
        calls.append(event)
        return {"done": True} if len(calls) == 3 else {}

    retry = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 5}]
    with world() as aws:
        aws.functions["f"] = grow
        assert aws.output(only(task(Retry=retry, Output="{% $states.result.Payload.done %}"))) is True
    assert len(calls) == 3


def test_given_a_failing_expression_in_a_catcher_then_the_execution_fails() -> None:
    def fail(event: Any) -> Any:
        raise Failed("Bad", "no")

    catch = [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.input.missing %}", "Next": "Caught"}]
    with world() as aws:
        aws.functions["f"] = fail
        described = aws.run(only(task(Catch=catch)), SUCCEED)
    assert (described["status"], described["error"]) == ("FAILED", "States.QueryEvaluationError")


def test_given_failing_arguments_then_the_history_says_so_once() -> None:
    with world() as aws:
        described = aws.run(only(task(payload="{% $states.input.missing %}")))
        kinds = [event["type"] for event in aws.history(described["executionArn"])]
    assert kinds == ["ExecutionStarted", "TaskStateEntered", "EvaluationFailed", "ExecutionFailed"]
