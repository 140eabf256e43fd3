from __future__ import annotations

import gc
import json
import threading
import tracemalloc
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from infrastructure.local.states import retention
from infrastructure.local.states.retention import pack, unpack
from tests.infrastructure.local.states.world import World, give, only, task, world


def test_given_a_history_then_packing_keeps_every_event() -> None:
    text = "long " * 40
    events = [
        {"id": 1, "type": "A", "stateEnteredEventDetails": {"name": "n", "input": text, "inputDetails": {"t": 1}}},
        {"id": 2, "type": "B", "stateExitedEventDetails": {"name": "n", "output": text}},
        {"id": 3, "type": "C"},
    ]
    assert unpack(pack(events)) == events
    assert len(pack(events)) < len(text) + 200


def test_given_older_executions_then_they_keep_small_facts_and_lose_their_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "KEPT_HISTORIES", 2)
    monkeypatch.setattr(retention, "KEPT_FACTS", 1)
    with world() as aws:
        made = aws.create(only(give("{% $states.input %}")))
        arns = [aws.start(made, {"n": number}) for number in range(5)]
        aws.wait_for(lambda: all(len(aws.statuses(arn)) == 2 for arn in arns))
        kept = [arn for arn in arns if exists(aws, arn)]
        assert len(kept) == 3
        histories = [arn for arn in kept if has_history(aws, arn)]
        assert len(histories) == 2
        for arn in kept:
            assert json.loads(aws.client.describe_execution(executionArn=arn)["output"]) == {"n": arns.index(arn)}


def has_history(aws: World, arn: str) -> bool:
    try:
        return len(aws.history(arn)) == 4
    except ClientError:
        return False


def exists(aws: World, arn: str) -> bool:
    try:
        return bool(aws.client.describe_execution(executionArn=arn))
    except ClientError:
        return False


def complete(aws: World, made: str) -> None:
    aws.end(aws.start(made, {"text": "x" * 500}))


def stop_while_waiting(aws: World, made: str) -> None:
    handed = threading.Event()
    aws.functions["f"] = lambda event: handed.set() or {}
    arn = aws.start(made, {"text": "x" * 500})
    assert handed.wait(10)
    aws.client.stop_execution(executionArn=arn)
    aws.end(arn)


def completing_machine(aws: World) -> str:
    aws.functions["f"] = lambda event: event
    return aws.create(("First", task(Output="{% $states.result.Payload %}", Next="Second")), ("Second", task()))


def waiting_machine(aws: World) -> str:
    wait = task(payload="{% $states.context.Task.Token %}", TimeoutSeconds=86_400, HeartbeatSeconds=3_600)
    wait["Resource"] += ".waitForTaskToken"
    branches = [{"StartAt": "Wait", "States": {"Wait": wait}}]
    return aws.create(only({"Type": "Parallel", "Branches": branches, "End": True}), TimeoutSeconds=604_800)


@pytest.mark.parametrize(
    ("make", "work"), [(completing_machine, complete), (waiting_machine, stop_while_waiting)], ids=["done", "stopped"]
)
def test_given_retention_is_full_then_memory_per_execution_and_threads_stay_small(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[World], str], work: Callable[[World, str], None]
) -> None:
    monkeypatch.setattr(retention, "KEPT_HISTORIES", 20)

    def batch(count: int) -> None:
        for _ in range(count):
            work(aws, made)
        aws.events.clear()

    with world(speed=1) as aws:
        made = make(aws)
        batch(90)
        threads = threading.active_count()
        gc.collect()
        tracemalloc.start()
        batch(20)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        batch(100)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        more_threads = threading.active_count() - threads
    assert grown / 100 < 10_240
    assert more_threads < 10
