from __future__ import annotations

import gc
import json
import threading
import tracemalloc

import pytest
from botocore.exceptions import ClientError

from infrastructure.local.states import retention
from infrastructure.local.states.retention import pack, unpack
from tests.infrastructure.local.states.world import World, give, only, task, world


def machine(aws: World) -> str:
    aws.functions["f"] = lambda event: event
    return aws.create(("First", task(Output="{% $states.result.Payload %}", Next="Second")), ("Second", task()))


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


def test_given_retention_is_full_then_memory_per_execution_and_threads_stay_small(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "KEPT_HISTORIES", 20)

    def batch(aws: World, made: str, count: int) -> None:
        for _ in range(count):
            aws.end(aws.start(made, {"text": "x" * 500}))
        aws.events.clear()

    with world() as aws:
        made = machine(aws)
        batch(aws, made, 60)
        threads = threading.active_count()
        gc.collect()
        tracemalloc.start()
        batch(aws, made, 20)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        batch(aws, made, 100)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        more_threads = threading.active_count() - threads
    assert grown / 100 < 10_240
    assert more_threads < 10
