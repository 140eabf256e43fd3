"""2,000 runs of every kind, many at once: what they leave behind, and whether the last go as fast as the first."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

import psutil

from bench.shape import Bench, engine
from bench.table import Row

RUNS = 2_000
CAP = 50
FULL = 700
"""After so many runs the embedded AWS forgets one for each new one."""

_AT_ONCE = 2 * CAP
_SPEED = 50
_QUIET_SECONDS = 120
_IDLE_SECONDS = 7
"""Longer than the embedded AWS keeps a thread that has nothing to do."""

_KINDS = ("sync", "async", "wait", "fail", "sync", "cancel", "async", "wait", "sync", "fail")
_ENDED = ("Complete", "Error", "Canceled")
_ENDS = {"sync": "Complete", "async": "Complete", "wait": "Complete", "fail": "Complete", "cancel": "Canceled"}


def rows() -> Iterator[Row]:
    """The figures of one soak."""
    with engine(cap=CAP, speed=_SPEED) as bench:
        soak = Soak(bench)
        soak.run(RUNS)
        yield from soak.rows()


@dataclass
class _Mark:
    """What the process holds when so many runs have ended and all is quiet."""

    bytes: int
    threads: int


@dataclass
class Soak:
    """Submits runs of all kinds, `_AT_ONCE` open at a time, and does by their events what people would do.

    The kind of a run is the name of its workflow.
    """

    bench: Bench
    moments: list[float] = field(default_factory=list)
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    marks: dict[int, _Mark] = field(default_factory=dict)

    def __post_init__(self) -> None:
        bench = self.bench
        arn = bench.function
        bench.workflow("sync", *(bench.register(f"sync-{n}", arn("noop")) for n in (1, 2)))
        bench.workflow("async", bench.register("async", arn("start"), arn("monitor")))
        bench.workflow("fail", bench.register("fail-0", arn("noop")), bench.register("fail-1", arn("fails_first")))
        bench.workflow("cancel", bench.register("nap", arn("nap"), Seconds=3))
        wait = {"Name": "pause", "Type": "Wait", "Configuration": {"MediaType": "MetadataOnly", "Enabled": True}}
        bench.post("workflow/operation", wait)
        bench.workflow("wait", bench.register("before", arn("noop")), "pause", bench.register("after", arn("noop")))
        self._kinds = cycle(_KINDS)
        self._retried: set[str] = set()
        self._told: set[str] = set()

    def run(self, count: int) -> None:
        """Let so many runs end; what is held is noted after `FULL` of them, and at the end."""
        for most in (FULL, count):
            self._until(most)
            self.bench.aws.wait_idle()
            self.marks[most] = _Mark(_resident(), _threads())

    def _until(self, count: int) -> None:
        """Keep `_AT_ONCE` runs open until so many have ended."""
        with ThreadPoolExecutor(8) as pool:
            pending: set[Future[None]] = set()
            submitted = len(self.moments)
            quiet_since = time.monotonic()
            while len(self.moments) < count:
                wanted = min(count, len(self.moments) + _AT_ONCE) - submitted
                pending |= {pool.submit(self._submit, kind) for kind in islice(self._kinds, wanted)}
                submitted += wanted
                for event in self._events():
                    quiet_since = time.monotonic()
                    if action := self._action(*event):
                        pending.add(pool.submit(self._do, *action))
                if time.monotonic() - quiet_since > _QUIET_SECONDS:
                    raise TimeoutError(f"no event for {_QUIET_SECONDS} s; {len(self.moments)} runs have ended")
                pending = _checked(pending)

    def _submit(self, kind: str) -> None:
        run = self.bench.submit(kind)
        if kind == "cancel":
            self._do("POST", f"workflow/execution/{run}/cancel", {"Reason": "soak"})

    def _action(self, run: str, kind: str, status: str) -> tuple[str, str, dict[str, Any]] | None:
        """What is to be done when a run has got a status: the method, the path and the body of a request."""
        path = f"workflow/execution/{run}"
        if kind == "wait" and status == "Waiting":
            return "PUT", path, {"WaitingStageName": "wait-2"}
        if kind == "fail" and status == "Error" and run not in self._retried:
            self._retried.add(run)
            return "POST", f"{path}/retry", {}
        if status in _ENDED:
            self.moments.append(time.monotonic())
            self.ends[kind, status] += 1
        return None

    def _do(self, method: str, path: str, body: dict[str, Any]) -> None:
        self.bench.http.request(method, path, json=body).raise_for_status()

    def _events(self) -> Iterator[tuple[str, str, str]]:
        """Run, workflow and status of the next changes, out of the topic's queue, which would keep each for hours.

        At least once is what the publisher promises: what comes again by the same id is left out.
        """
        sqs, url = self.bench.aws.client("sqs"), self.bench.aws.outputs["MieSQSQueue"]
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        if messages:
            entries = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(messages)]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        for message in messages:
            told = json.loads(json.loads(message["Body"])["Message"])
            if told["EventId"] not in self._told:
                self._told.add(told["EventId"])
                yield told["WorkflowExecutionId"], told["Workflow"]["Name"], told["Status"]

    # -- what came of it -------------------------------------------------------------------------------------------

    def rows(self) -> Iterator[Row]:
        """The figures, each with its limit."""
        full, end = self.marks[FULL], self.marks[max(self.marks)]
        note = ", ".join(f"{runs}: {mark.bytes / 2**20:.0f} MiB" for runs, mark in self.marks.items())
        yield Row("soak: resident after 2,000 mixed runs / after 700", end.bytes / full.bytes, "", 1.2, note=note)
        yield Row(
            "soak: threads more than after 700", end.threads - full.threads, "", 0, note=f"{end.threads} in all"
        )
        first, last = self.paces()
        yield Row("soak: throughput of the first quarter, cap 50", first, "runs/s")
        yield Row("soak: throughput of the last quarter", last, "runs/s", 0.8 * first, at_least=True)
        wrong = sum(count for (kind, status), count in self.ends.items() if _ENDS[kind] != status)
        yield Row("soak: runs that ended otherwise than they should", wrong, "", 0, note=_told(self.ends))

    def paces(self) -> tuple[float, float]:
        """Runs a second that ended in the first and in the last quarter."""
        quarter = len(self.moments) // 4
        parts = (self.moments[:quarter], self.moments[-quarter:])
        first, last = ((len(part) - 1) / (part[-1] - part[0]) for part in parts)
        return first, last


def _checked(pending: set[Future[None]]) -> set[Future[None]]:
    """Those that go on; raises what others raised."""
    for done in [future for future in pending if future.done()]:
        done.result()
        pending.discard(done)
    return pending


def _threads() -> int:
    """How many threads there are once those that wait for more work have given up.

    A connection that this client keeps open has one, which is its own doing.
    """
    before, now = None, _count()
    deadline = time.monotonic() + 60
    while now != before and time.monotonic() < deadline:
        time.sleep(_IDLE_SECONDS)
        before, now = now, _count()
    return now


def _count() -> int:
    return sum("process_request_thread" not in thread.name for thread in threading.enumerate())


def _resident() -> int:
    process = psutil.Process(os.getpid())
    return sum(part.memory_info().rss for part in [process, *process.children(recursive=True)])


def _told(ends: Counter[tuple[str, str]]) -> str:
    return ", ".join(f"{count} {kind} {status}" for (kind, status), count in sorted(ends.items()))
