from __future__ import annotations

from typing import Any

from infrastructure.local.meter import METER
from tests.infrastructure.local.states.world import Failed, give, only, task, world


def test_given_states_and_retries_then_each_is_a_transition() -> None:
    calls: list[Any] = []

    def second_time(event: Any) -> Any:
        calls.append(event)
        if len(calls) < 2:
            raise Failed("Again", "not yet")
        return {}

    retry = [{"ErrorEquals": ["Again"], "IntervalSeconds": 1, "MaxAttempts": 2}]
    branches = [{"StartAt": f"B{n}", "States": {f"B{n}": give({})}} for n in range(2)]
    with world() as aws:
        aws.functions["f"] = second_time
        aws.run(
            ("First", task(Retry=retry, Next="Both")),
            ("Both", {"Type": "Parallel", "Branches": branches, "End": True}),
        )
        assert METER.snapshot()["states.transitions"] == 1 + 1 + 1 + 2


def test_given_an_attempt_that_is_not_retried_then_it_counts_once() -> None:
    def fail(event: Any) -> Any:
        raise Failed("Bad", "no")

    with world() as aws:
        aws.functions["f"] = fail
        aws.run(only(task(Retry=[{"ErrorEquals": ["Other"]}])))
        assert METER.snapshot()["states.transitions"] == 1
