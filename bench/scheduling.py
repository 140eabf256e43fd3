"""How soon a freed slot is taken, whatever the queue's length; how soon a canceled run is stopped; a long queue."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.shape import Bench, engine
from bench.table import Row, median_ms, spread
from infrastructure.local.interception import Call, Perform, intercepted
from infrastructure.local.meter import METER

_SHORT, _LONG = 10, 10_000
_CAP = 50
_LOOKED_AT = 20
_CANCELED = 20
_PART = 1_000
"""Runs at the begin and at the end of the long queue whose pace is compared."""

_DRAINED_SECONDS = 1_800


def rows() -> Iterator[Row]:
    """Admission from a short and from a long queue, which is then drained; cancellation."""
    with engine(cap=1) as bench, tempfile.TemporaryDirectory() as folder:
        gate = Path(folder) / "open"
        bench.workflow("quick", bench.register("quick", bench.function("noop")))
        bench.workflow("held", bench.register("held", bench.function("hold"), File=str(gate)))
        bench.wait(bench.submit("quick"))
        yield from _cancellation(bench, gate)
        short = _queue(bench, gate, _SHORT)
        bench.aws.wait_idle()
        long = _queue(bench, gate, _LONG)
        for queue in (short, long):
            yield Row(
                f"admission of the next of {queue.length:,} queued",
                median_ms(queue.seconds),
                "ms",
                30,
                note=f"{spread(queue.seconds)}, from the end of one run to the next one's Started",
            )
        yield Row(f"AWS requests of an admission, {_SHORT} queued", short.requests, "")
        yield Row(f"AWS requests of an admission, {_LONG:,} queued", long.requests, "", short.requests)
        yield from _draining(bench, long)


# -- admission -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Queue:
    """Runs that stood behind the one that held the only slot, and how the first of them were admitted."""

    runs: list[str]
    seconds: list[float]
    requests: float

    @property
    def length(self) -> int:
        return len(self.runs)


class _Admissions:
    """Counts the AWS requests that stage completion makes after it has ended a run, when it admits the next."""

    def __init__(self) -> None:
        self._calls: dict[str, list[str]] = defaultdict(list)

    def __call__(self, call: Call, perform: Perform) -> Any:
        """Come between the engine and AWS."""
        if call.function.endswith("-StageCompletion"):
            self._calls[call.invocation].append(call.operation)
        return perform()

    def requests(self) -> float:
        """The median of all that ended in a start; elsewhere the scheduler was quicker."""
        counts = [
            len(calls) - calls.index("TransactWriteItems") - 1
            for calls in self._calls.values()
            if calls[-1] == "StartExecution"
        ]
        if not counts:
            raise RuntimeError("no run was admitted by the end of another one")
        return statistics.median(counts)


def _queue(bench: Bench, gate: Path, count: int) -> _Queue:
    """Queue so many runs behind one that holds the only slot, let that end, and watch the first of them go."""
    bench.cap(1)
    gate.unlink(missing_ok=True)
    holder = bench.submit("held")
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: bench.submit("quick"), range(count)))
    _until_streams_rest()
    first = sorted(runs, key=lambda run: bench.facts(run)["Queued"])[: min(count, _LOOKED_AT)]
    watch = _Admissions()
    with intercepted(watch):
        gate.touch()
        for run in first:
            bench.wait(run)
    facts = sorted((bench.facts(run) for run in [holder, *first]), key=lambda fact: fact["Started"])
    pauses = [_moment(after["Started"]) - _moment(before["Ended"]) for before, after in pairwise(facts)]
    return _Queue(runs, pauses, watch.requests())


def _until_streams_rest() -> None:
    """Wait until the readers of the stream have caught up with the runs that were queued."""
    before, now = -1.0, _stream_batches()
    while now != before:
        time.sleep(1)
        before, now = now, _stream_batches()


def _stream_batches() -> float:
    return sum(count for name, count in METER.snapshot().items() if name.endswith(("-Scheduler", "-Publisher")))


def _moment(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()


# -- cancellation --------------------------------------------------------------------------------------------------


def _cancellation(bench: Bench, gate: Path) -> Iterator[Row]:
    times = []
    states = bench.aws.client("stepfunctions")
    for _ in range(_CANCELED):
        run = bench.submit("held")
        arn = bench.http.get(f"workflow/execution/{run}").json()["StateMachineExecutionArn"]
        begin = time.perf_counter()
        bench.post(f"workflow/execution/{run}/cancel", {})
        while states.describe_execution(executionArn=arn)["status"] != "ABORTED":
            time.sleep(0.001)
        times.append(time.perf_counter() - begin)
    gate.touch()
    bench.aws.wait_idle()
    yield Row("cancel of a run, POST to its machine's ABORTED", median_ms(times), "ms", 200, note=spread(times))


# -- a long queue --------------------------------------------------------------------------------------------------


def _draining(bench: Bench, queue: _Queue) -> Iterator[Row]:
    bench.cap(_CAP)
    deadline = time.monotonic() + _DRAINED_SECONDS
    while _left(bench, "queue") or _left(bench, "pool#global"):
        if time.monotonic() > deadline:
            raise TimeoutError("the queue was not drained")
        time.sleep(1)
    begin = time.monotonic()
    bench.aws.wait_idle(_DRAINED_SECONDS)
    behind = time.monotonic() - begin
    facts = [bench.facts(run) for run in queue.runs]
    ended = sorted(_moment(fact["Ended"]) for fact in facts if fact["Status"] == "Complete")
    # the first were let go one by one
    ended = ended[_LOOKED_AT:]
    first, last = _pace(ended[:_PART]), _pace(ended[-_PART:])
    yield Row(f"draining {queue.length:,} queued runs, cap {_CAP}", _pace(ended), "runs/s", 18, at_least=True)
    yield Row("its first 1,000", first, "runs/s")
    yield Row("its last 1,000", last, "runs/s", 0.8 * first, at_least=True)
    yield Row("the last event is told so long after the last end", behind, "s")
    yield Row("runs, queue items and slots left", len(facts) - len(ended) - _LOOKED_AT + _left(bench, "queue"), "", 0)


def _pace(moments: list[float]) -> float:
    return (len(moments) - 1) / (moments[-1] - moments[0])


def _left(bench: Bench, partition: str) -> int:
    """How many items a partition of the Executions table holds, less the pool's head."""
    pages = (
        bench.aws.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=bench.table,
            KeyConditionExpression="Id = :id",
            ExpressionAttributeValues={":id": {"S": partition}},
            Select="COUNT",
            ConsistentRead=True,
        )
    )
    count = sum(int(page["Count"]) for page in pages)
    return count - 1 if partition.startswith("pool#") else count
