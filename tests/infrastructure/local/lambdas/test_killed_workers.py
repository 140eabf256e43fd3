"""Worker processes that are killed from outside: what their callers are told, and that others take their place."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from infrastructure.local.clock import CLOCK
from infrastructure.local.events import sources
from infrastructure.local.lambdas.workers import WorkerState
from tests.infrastructure.local.lambdas.embedded_lambda import EmbeddedLambda, embedded_lambda, until

NAP = """
import os, time

def handler(event, context):
    with open(event["path"], "a") as file:
        file.write(f"{os.getpid()}\\n")
    while not os.path.exists(event["path"] + ".go"):
        time.sleep(0.01)
    return os.getpid()
"""
RECORDS = NAP.replace('event["path"]', 'event["Records"][0]["path"]')


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedLambda]:
    with embedded_lambda() as running:
        running.deploy("nap", NAP, Timeout=30)
        yield running


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "started"


def started(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().splitlines()] if path.exists() else []


def go_on(path: Path) -> None:
    path.with_name(path.name + ".go").touch()


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def states(aws: EmbeddedLambda, name: str) -> list[WorkerState]:
    return [state for state in aws.functions.workers.states() if state.function == name]


def test_a_worker_killed_at_work_is_lambdas_exit_error_and_is_replaced(aws: EmbeddedLambda, path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(aws.call, "nap", {"path": str(path)})
        [pid] = until(lambda: started(path))
        assert states(aws, "nap") == [WorkerState(pid, "nap", busy=True)]

        kill(pid)
        error, kind = answer.result(10)

    assert (error["errorType"], kind) == ("Runtime.ExitError", "Unhandled")
    assert error["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert states(aws, "nap") == []
    go_on(path)
    again, kind = aws.call("nap", {"path": str(path)})
    assert kind is None
    assert states(aws, "nap") == [WorkerState(again, "nap", busy=False)]


def test_nobody_notices_an_idle_worker_that_was_killed(aws: EmbeddedLambda, path: Path) -> None:
    go_on(path)
    first, _ = aws.call("nap", {"path": str(path)})

    kill(first)
    until(lambda: not states(aws, "nap"))
    second, error = aws.call("nap", {"path": str(path)})

    assert error is None
    assert second != first


def test_an_event_whose_worker_is_killed_is_tried_twice_more(
    aws: EmbeddedLambda, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CLOCK, "speed", 10000.0)
    aws.lambda_.invoke(FunctionName="nap", InvocationType="Event", Payload=json.dumps({"path": str(path)}))

    for attempt in range(1, 4):
        pids = until(lambda attempt=attempt: len(started(path)) == attempt and started(path))
        kill(pids[-1])

    until(lambda: not aws.functions.pending())
    assert len(set(started(path))) == 3


def test_records_whose_worker_is_killed_are_delivered_again(
    aws: EmbeddedLambda, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CLOCK, "speed", 1000.0)
    aws.deploy("reads", RECORDS, Timeout=30)
    delivery = sources.install(aws.functions.invoke)
    try:
        stream = stream_of(aws)
        aws.lambda_.create_event_source_mapping(
            EventSourceArn=stream, FunctionName="reads", StartingPosition="TRIM_HORIZON"
        )
        delivery.deliver(stream, [{"path": str(path), "dynamodb": {"SequenceNumber": "1"}}])
        [pid] = until(lambda: started(path))

        kill(pid)

        until(lambda: len(started(path)) == 2)
        go_on(path)
        until(lambda: not delivery.pending())
        assert len(started(path)) == 2
    finally:
        go_on(path)
        delivery.stop()


def stream_of(aws: EmbeddedLambda) -> str:
    request: Any = {
        "TableName": "watched",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "Id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "Id", "AttributeType": "S"}],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    }
    table = aws.client("dynamodb").create_table(**request)["TableDescription"]
    return str(table["LatestStreamArn"])
