from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.infrastructure.local.states.world import Failed, World, only, task, world

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
        tokens = Tokens(aws)
        arn = aws.start(aws.create(only(waiting())))
        token = tokens.wait()
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
        tokens = Tokens(aws)
        arn = aws.start(aws.create(only(waiting())))
        aws.client.send_task_failure(taskToken=tokens.wait(), error="States.Odd", cause="why")
        described = aws.end(arn)
    assert (described["error"], described["cause"]) == ("States.Odd", "why")


def test_given_a_retry_then_it_has_a_new_token_and_the_old_one_is_dead() -> None:
    retry = [{"ErrorEquals": ["Again"], "IntervalSeconds": 1, "MaxAttempts": 2}]
    with world() as aws:
        tokens = Tokens(aws, failures=1)
        arn = aws.start(aws.create(only(waiting(Retry=retry))))
        tokens.wait(2)
        assert len(set(tokens.seen)) == 2
        with pytest.raises(ClientError, match="TaskTimedOut"):
            aws.client.send_task_success(taskToken=tokens.seen[0], output="{}")
        aws.client.send_task_success(taskToken=tokens.seen[1], output="{}")
        assert aws.end(arn)["status"] == "SUCCEEDED"


def test_given_a_stop_then_the_token_is_closed() -> None:
    with world(speed=1) as aws:
        tokens = Tokens(aws)
        arn = aws.start(aws.create(only(waiting())))
        token = tokens.wait()
        aws.client.stop_execution(executionArn=arn)
        aws.end(arn, 5)
        with pytest.raises(ClientError, match="TaskTimedOut"):
            aws.client.send_task_success(taskToken=token, output="{}")


def test_given_no_heartbeat_then_the_task_times_out() -> None:
    with world() as aws:
        Tokens(aws)
        assert aws.run(only(waiting(HeartbeatSeconds=1)))["error"] == "States.Timeout"


def test_given_what_was_never_a_token_then_it_is_invalid() -> None:
    with world() as aws:
        with pytest.raises(ClientError, match="InvalidToken"):
            aws.client.send_task_success(taskToken="never", output="{}")
        with pytest.raises(ClientError, match="InvalidOutput"):
            aws.client.send_task_success(taskToken="never", output="{")
