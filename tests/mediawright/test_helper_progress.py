from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from fake_lambda import FakeLambda

from mediawright import DataPlane, DataPlaneError, Task
from mediawright.progress import Progress

RUN_ID = "0d5f0b5e-6f2c-4f0e-9a51-6f6f0a6a4b11"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_it_is_told_at_most_every_two_seconds_and_only_when_it_grows(clock: Clock) -> None:
    told: list[int] = []
    progress = Progress(told.append, clock)

    for now, percent in [(0.5, 5), (2, 10), (3, 20), (4, 30.9), (7, 25), (8, 30), (9, 31), (20, 150), (30, 200)]:
        clock.now = 100 + now
        progress.reached(percent)

    assert told == [10, 30, 31, 99]


@pytest.mark.parametrize(
    "error", [DataPlaneError(409, "ConflictError", "over"), EndpointConnectionError(endpoint_url="http://x")]
)
def test_a_report_that_is_lost_fails_nothing(clock: Clock, error: Exception, log: pytest.LogCaptureFixture) -> None:
    def tell(_percent: int) -> None:
        raise error

    progress = Progress(tell, clock)
    clock.now += 3

    progress.reached(50)

    assert type(error).__name__ in log.text


def _task(plane: FakeLambda, **event: Any) -> Task:
    facts = {
        "Name": "VideoConvert", "AssetId": "a", "WorkflowExecutionId": RUN_ID, "Input": {}, "Configuration": {},
        "Status": "Started",
    }  # fmt: skip
    return Task({**facts, **event}, dataplane=DataPlane("stack-DataPlaneHandler", plane))


def test_a_task_tells_the_engine_of_which_attempt_it_is(clock: Clock) -> None:
    plane = FakeLambda((200, {"Kept": True}))
    task = _task(plane, IdempotencyKey=f"{RUN_ID}/_VideoConvert/VideoConvert/2")
    task._progress = Progress(task._report_progress, clock)

    clock.now += 5
    task.progress(41.7)

    event = plane.events[0]
    assert (event["httpMethod"], event["path"]) == ("POST", f"/workflow/execution/{RUN_ID}/progress")
    assert json.loads(event["body"]) == {
        "Stage": "_VideoConvert",
        "Operation": "VideoConvert",
        "Attempt": 2,
        "Percent": 41,
    }


@pytest.mark.parametrize("key", [None, "", "a/b", "a/b/c/d"])
def test_outside_of_a_run_nothing_is_told(clock: Clock, key: str | None) -> None:
    plane = FakeLambda()
    task = _task(plane, IdempotencyKey=key)
    task._progress = Progress(task._report_progress, clock)

    clock.now += 5
    task.progress(50)

    assert plane.calls == []
