from __future__ import annotations

import threading
import time

import pytest

from infrastructure.local.clock import CLOCK
from infrastructure.local.states import threads
from infrastructure.local.states.timers import TIMERS
from tests.infrastructure.local.states.world import Failed, eventually, give, only, task, world


def test_given_a_fast_clock_then_a_wait_with_an_expression_takes_its_share() -> None:
    wait = {"Type": "Wait", "Seconds": "{% $states.input.s %}", "End": True}
    with world(speed=1000) as aws:
        started = time.monotonic()
        assert aws.run(only(wait), given={"s": 200})["status"] == "SUCCEEDED"
        assert 0.2 <= time.monotonic() - started < 2


def test_given_a_machine_s_timeout_then_it_ends_a_wait() -> None:
    with world(speed=1000) as aws:
        described = aws.run(only({"Type": "Wait", "Seconds": 100_000, "End": True}), TimeoutSeconds=300)
        kinds = [event["type"] for event in aws.history(described["executionArn"])]
    assert described["status"] == "TIMED_OUT"
    assert described["stopDate"] >= described["startDate"]
    assert kinds[-1] == "ExecutionTimedOut"


def test_given_a_stop_during_a_retry_s_backoff_then_it_ends_at_once() -> None:
    failed = threading.Event()

    def fail(event: object) -> object:
        failed.set()
        raise Failed("Again", "no")

    retry = [{"ErrorEquals": ["Again"], "IntervalSeconds": 3600, "MaxAttempts": 3}]
    with world(speed=1) as aws:
        aws.functions["f"] = fail
        arn = aws.start(aws.create(only(task(Retry=retry))))
        assert failed.wait(10)
        aws.client.stop_execution(executionArn=arn)
        assert aws.end(arn, 5)["status"] == "ABORTED"


def test_given_a_fast_clock_then_a_function_has_time_to_work() -> None:
    slow = threading.Event()
    with world(speed=1000) as aws:
        aws.functions["f"] = lambda event: slow.wait(0.3) or {}
        assert aws.run(only(task(TimeoutSeconds=30)))["status"] == "SUCCEEDED"


def test_given_a_task_s_timeout_then_the_embedded_clock_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_WORK_SECONDS", 0.05)
    release = threading.Event()
    catch = [{"ErrorEquals": ["States.Timeout"], "Output": "{% $states.errorOutput.Error %}", "Next": "Caught"}]
    with world(speed=1000) as aws:
        aws.functions["f"] = lambda event: release.wait(20) and {}
        started = time.monotonic()
        late = "Task", task(TimeoutSeconds="{% $states.input.t %}", Catch=catch)
        assert aws.output(late, ("Caught", give("{% $states.input %}")), given={"t": 300}) == "States.Timeout"
        assert 0.3 <= time.monotonic() - started < 5
        release.set()


def test_given_a_short_timeout_then_the_clock_s_speed_cannot_shorten_it() -> None:
    with world(speed=1000) as aws:
        release = threading.Event()
        aws.functions["f"] = lambda event: release.wait(20) and {}
        started = time.monotonic()
        assert aws.run(only(task(TimeoutSeconds=1)))["error"] == "States.Timeout"
        assert 1 <= time.monotonic() - started < 5
        release.set()


def test_given_timers_that_were_left_then_only_the_others_fire() -> None:
    fired: list[int] = []
    done = threading.Event()
    with world(speed=1000):
        for number in range(200):
            with TIMERS.after(50, lambda number=number: fired.append(number)):  # type: ignore[misc]
                pass
        with TIMERS.after(100, done.set):
            assert done.wait(5)
    assert fired == []


def test_given_times_in_the_context_then_they_are_written_as_on_aws() -> None:
    output = {"entered": "{% $states.context.State.EnteredTime %}", "name": "{% $states.context.Execution.Name %}"}
    with world() as aws:
        made = aws.output(only(give({**output, "start": "{% $states.context.Execution.StartTime %}"})))
    assert made["entered"].endswith("Z")
    assert made["start"].endswith("Z")
    assert len(made["entered"]) == len("2026-01-01T00:00:00.000Z")
    assert len(made["name"]) == 36


def test_given_a_clock_put_forward_then_what_waits_is_due_sooner() -> None:
    wait = {"Type": "Wait", "Seconds": 7200, "Next": "Then"}
    token = task(payload="{% $states.context.Task.Token %}", TimeoutSeconds=86_400)
    token["Resource"] += ".waitForTaskToken"
    reached = threading.Event()
    with world(speed=1) as aws:
        aws.functions["f"] = lambda event: reached.set() or {}
        arn = aws.start(aws.create(("Wait", wait), ("Then", token)))
        # what hasn't begun to wait when the clock is moved waits on
        eventually(lambda: CLOCK.move(1800) or reached.is_set())
        eventually(lambda: aws.history(arn)[-1]["type"] == "TaskSubmitted")
        CLOCK.move(80_000)
        assert aws.client.describe_execution(executionArn=arn)["status"] == "RUNNING"
        eventually(lambda: CLOCK.move(1800) or len(aws.statuses(arn)) == 2)
        described = aws.client.describe_execution(executionArn=arn)
    assert described["error"] == "States.Timeout"
    assert (described["stopDate"] - described["startDate"]).total_seconds() >= 93_600
