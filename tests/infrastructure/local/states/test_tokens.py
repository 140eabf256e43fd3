from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infrastructure.local.states import threads, tokens
from infrastructure.local.states.timers import TIMERS
from tests.infrastructure.local.states.world import Failed, World, eventually, give, only, task, world

RESOURCE = "arn:aws:states:::lambda:invoke.waitForTaskToken"
PAYLOAD = "{% $states.context.Task.Token %}"


class Tokens:
    def __init__(self, aws: World, failures: int = 0) -> None:
        self.seen: list[str] = []
        self.arrived = threading.Condition()
        self.failures = failures
        aws.functions["f"] = self.take

    def take(self, token: Any) -> Any:
        with self.arrived:
            self.seen.append(token)
            self.arrived.notify_all()
        if len(self.seen) <= self.failures:
            raise Failed("Again", "lost")
        return {}

    def wait(self, count: int = 1) -> str:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.seen) >= count, 10)
        return self.seen[-1]


def waiting(**fields: Any) -> dict[str, Any]:
    return {**task(payload=PAYLOAD, **fields), "Resource": RESOURCE}


def test_given_a_success_then_its_output_is_the_task_s_and_the_token_is_used_up() -> None:
    with world(speed=1) as aws:
        handed = Tokens(aws)
        arn = aws.start(aws.create(only(waiting())))
        token = handed.wait()
        aws.client.send_task_heartbeat(taskToken=token)
        aws.client.send_task_success(taskToken=token, output='{"a": 5.0}')
        assert json.loads(aws.end(arn)["output"]) == {"a": 5}
        for call, rest in (
            (aws.client.send_task_success, {"output": "{}"}),
            (aws.client.send_task_failure, {}),
            (aws.client.send_task_heartbeat, {}),
        ):
            with pytest.raises(ClientError, match="TaskTimedOut"):
                call(taskToken=token, **rest)


def test_given_a_failure_then_error_and_cause_arrive() -> None:
    with world() as aws:
        handed = Tokens(aws)
        arn = aws.start(aws.create(only(waiting())))
        aws.client.send_task_failure(taskToken=handed.wait(), error="States.Odd", cause="why")
        described = aws.end(arn)
    assert (described["error"], described["cause"]) == ("States.Odd", "why")


def test_given_a_retry_then_it_has_a_new_token_and_the_old_one_is_dead() -> None:
    retry = [{"ErrorEquals": ["Again"], "IntervalSeconds": 1, "MaxAttempts": 2}]
    with world() as aws:
        handed = Tokens(aws, failures=1)
        arn = aws.start(aws.create(only(waiting(Retry=retry))))
        handed.wait(2)
        assert len(set(handed.seen)) == 2
        with pytest.raises(ClientError, match="TaskTimedOut"):
            aws.client.send_task_success(taskToken=handed.seen[0], output="{}")
        aws.client.send_task_success(taskToken=handed.seen[1], output="{}")
        assert aws.end(arn)["status"] == "SUCCEEDED"


def test_given_a_stop_then_the_token_is_closed() -> None:
    with world(speed=1) as aws:
        handed = Tokens(aws)
        arn = aws.start(aws.create(only(waiting())))
        token = handed.wait()
        aws.client.stop_execution(executionArn=arn)
        aws.end(arn, 5)
        with pytest.raises(ClientError, match="TaskTimedOut"):
            aws.client.send_task_success(taskToken=token, output="{}")


def test_given_no_heartbeat_then_the_task_times_out() -> None:
    with world() as aws:
        Tokens(aws)
        described = aws.run(only(waiting(HeartbeatSeconds=1)))
        kinds = [event["type"] for event in aws.history(described["executionArn"])]
    assert described["error"] == "States.Timeout"
    assert kinds[-3:] == ["TaskSubmitted", "TaskTimedOut", "ExecutionFailed"]


@pytest.mark.parametrize("name", ["States.HeartbeatTimeout", "States.Timeout"])
def test_given_a_missed_heartbeat_then_a_catcher_may_name_it_either_way(name: str) -> None:
    catch = [
        {"ErrorEquals": ["States.TaskFailed"], "Next": "Wrong"},
        {"ErrorEquals": [name], "Output": "{% $states.errorOutput.Error %}", "Next": "Caught"},
    ]
    with world() as aws:
        Tokens(aws)
        first = "Task", waiting(HeartbeatSeconds=1, Catch=catch, TimeoutSeconds=1000)
        assert aws.output(first, ("Caught", give("{% $states.input %}")), ("Wrong", give(1))) == "States.Timeout"


def test_given_a_timeout_then_a_catcher_of_missed_heartbeats_leaves_it() -> None:
    catch = [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Wrong"}]
    with world(speed=1000) as aws:
        Tokens(aws)
        assert aws.run(("Task", waiting(TimeoutSeconds=100, Catch=catch)), ("Wrong", give(1)))["status"] == "FAILED"


def test_given_seconds_as_expressions_then_they_run_on_the_embedded_clock() -> None:
    fields = {"TimeoutSeconds": "{% $states.input.t %}", "HeartbeatSeconds": "{% $states.input.h %}"}
    with world(speed=1000) as aws:
        Tokens(aws)
        started = time.monotonic()
        described = aws.run(only(waiting(**fields)), given={"t": 7200, "h": 3600 / 18})
        assert 0.2 <= time.monotonic() - started < 3
    assert described["error"] == "States.Timeout"


@pytest.mark.parametrize("seconds", ["2.5", "0", "'10'", "true", "100000000"])
def test_given_an_expression_without_positive_seconds_then_it_fails(seconds: str) -> None:
    with world() as aws:
        Tokens(aws)
        described = aws.run(only(waiting(TimeoutSeconds=f"{{% {seconds} %}}")))
    assert described["error"] == "States.QueryEvaluationError"
    assert "positive integer" in described["cause"]


def beat(aws: World, token: str) -> bool:
    try:
        aws.client.send_task_heartbeat(taskToken=token)
    except aws.client.exceptions.TaskTimedOut:
        return False
    return True


def test_given_heartbeats_then_they_extend_but_not_beyond_the_timeout() -> None:
    with world(speed=10) as aws:
        handed = Tokens(aws)
        arn = aws.start(aws.create(only(waiting(HeartbeatSeconds=5, TimeoutSeconds=20))))
        token, started = handed.wait(), time.monotonic()
        beats = 0
        while beat(aws, token):
            beats += 1
            assert time.monotonic() < started + 10
            threading.Event().wait(0.1)
        took = time.monotonic() - started
        assert aws.end(arn)["error"] == "States.Timeout"
    assert beats > 5
    assert 1.5 < took < 5


def test_given_a_heartbeat_without_a_timeout_then_there_is_none() -> None:
    with world(speed=1000) as aws:
        handed = Tokens(aws)
        arn = aws.start(aws.create(only(waiting(HeartbeatSeconds=10_000))))
        token, later = handed.wait(), threading.Event()
        with TIMERS.after(300, later.set):
            assert later.wait(10)
        aws.client.send_task_success(taskToken=token, output="1")
        assert aws.end(arn)["status"] == "SUCCEEDED"


def test_given_an_output_then_expressions_see_it_as_the_result() -> None:
    with world() as aws:
        handed = Tokens(aws)
        output = {"status": "{% $states.result.Status %}", "token": "{% $states.context.Task.Token %}"}
        arn = aws.start(aws.create(only(waiting(Output=output))))
        token = handed.wait()
        aws.client.send_task_success(taskToken=token, output='{"Status": "Complete", "MetaData": {}}')
        assert json.loads(aws.end(arn)["output"]) == {"status": "Complete", "token": token}


def test_given_an_answer_before_the_function_returns_then_it_counts() -> None:
    with world() as aws:

        def answer(token: Any) -> Any:
            aws.client.send_task_success(taskToken=token, output='"early"')
            return {}

        aws.functions["f"] = answer
        assert aws.output(only(waiting())) == "early"


def test_given_a_failed_answer_then_it_is_retried_with_a_new_token_and_caught_at_last() -> None:
    retry = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    catch = [{"ErrorEquals": ["Busy"], "Output": "{% $states.errorOutput %}", "Next": "Caught"}]
    with world() as aws:
        handed = Tokens(aws)
        made = aws.create(("Task", waiting(Retry=retry, Catch=catch)), ("Caught", give("{% $states.input %}")))
        arn = aws.start(made)
        for count in (1, 2):
            aws.client.send_task_failure(taskToken=handed.wait(count), error="Busy", cause=f"no {count}")
        assert json.loads(aws.end(arn)["output"]) == {"Error": "Busy", "Cause": "no 2"}
        assert len(set(handed.seen)) == 2


def test_given_an_output_expression_that_fails_then_the_task_is_tried_again() -> None:
    retry = [{"ErrorEquals": ["States.QueryEvaluationError"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    with world() as aws:
        handed = Tokens(aws)
        arn = aws.start(aws.create(only(waiting(Output="{% $states.result.Status %}", Retry=retry))))
        aws.client.send_task_success(taskToken=handed.wait(1), output="{}")
        aws.client.send_task_success(taskToken=handed.wait(2), output='{"Status": 1}')
        assert aws.end(arn)["output"] == "1"


@pytest.mark.parametrize("wrapped", [False, True])
def test_given_a_waiting_task_then_a_stop_takes_milliseconds(wrapped: bool) -> None:
    state = only(waiting())
    if wrapped:
        branch = {"StartAt": "B", "States": {"B": waiting()}}
        other = {"StartAt": "C", "States": {"C": waiting()}}
        state = only({"Type": "Parallel", "Branches": [branch, other], "End": True})
    with world(speed=1) as aws:
        handed = Tokens(aws)
        arn = aws.start(aws.create(state))
        handed.wait(2 if wrapped else 1)
        started = time.monotonic()
        aws.client.stop_execution(executionArn=arn)
        aws.wait_for(lambda: len(aws.statuses(arn)) == 2, 5)
        took = time.monotonic() - started
        assert aws.client.describe_execution(executionArn=arn)["status"] == "ABORTED"
    assert took < 0.5


def test_given_a_machine_s_timeout_then_it_ends_the_wait() -> None:
    with world(speed=1000) as aws:
        Tokens(aws)
        assert aws.run(only(waiting()), TimeoutSeconds=200)["status"] == "TIMED_OUT"


def test_given_many_waiting_executions_then_one_thread_each_and_nothing_is_left_when_they_are_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "_IDLE_SECONDS", 0.2)
    with world(speed=1) as aws:
        seen = Tokens(aws)
        made = aws.create(only(waiting(TimeoutSeconds=86_400, HeartbeatSeconds=3_600)))
        before = threading.active_count()
        for _ in range(2):
            seen.seen.clear()
            arns = [aws.start(made) for _ in range(100)]
            seen.wait(100)
            # the functions' own threads go when nobody needs them for a while
            eventually(lambda: threading.active_count() - before < 120)
            for arn in arns:
                aws.client.stop_execution(executionArn=arn)
            assert {aws.end(arn)["status"] for arn in arns} == {"ABORTED"}
        eventually(lambda: threading.active_count() - before < 10)
        assert tokens._open == {}


def test_given_what_was_never_a_token_then_it_is_invalid() -> None:
    with world() as aws:
        with pytest.raises(ClientError, match="InvalidToken"):
            aws.client.send_task_success(taskToken="never", output="{}")
        with pytest.raises(ClientError, match="InvalidOutput"):
            aws.client.send_task_success(taskToken="never", output="{")
