"""The pool of warm worker processes: one per invocation under way, a bounded number kept idle."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from dataclasses import dataclass

from infrastructure.local.invocation import Invocation
from infrastructure.local.lambdas.logs import Logs
from infrastructure.local.lambdas.process import FunctionVersion, Worker

IDLE_KEPT = 16
CONCURRENCY = 100


@dataclass(frozen=True)
class WorkerState:
    """One living worker process; `busy` while an invocation runs in it."""

    pid: int
    function: str
    busy: bool


class Workers:
    """Starts, reuses and ends workers; thread-safe.

    At most `idle_kept` idle processes stay, the least recently used of all functions ends first. At most
    `concurrency` run at once; further invocations wait (AWS would throttle them).
    """

    def __init__(self, logs: Logs, idle_kept: int = IDLE_KEPT, concurrency: int = CONCURRENCY) -> None:
        self._logs = logs
        self._idle_kept = idle_kept
        self._running = threading.BoundedSemaphore(concurrency)
        self._lock = threading.Lock()
        self._idle: OrderedDict[Worker, None] = OrderedDict()
        self._busy: set[Worker] = set()
        self._stopped = False

    def invoke(self, function: FunctionVersion, invoked_arn: str, payload: bytes) -> Invocation:
        """Run one event in a worker of exactly this version."""
        with self._running:
            worker = self._acquire(function)
            try:
                return worker.invoke(invoked_arn, str(uuid.uuid4()), payload)
            finally:
                self._release(worker)

    def _acquire(self, function: FunctionVersion) -> Worker:
        outdated: list[Worker] = []
        with self._lock:
            found = None
            for worker in reversed(self._idle):
                if worker.function == function:
                    found = worker
                    break
            if found:
                del self._idle[found]
            if found and not found.alive():
                outdated.append(found)
                found = None
            if found:
                self._busy.add(found)
        _kill(outdated)
        return found or self._start(function)

    def _start(self, function: FunctionVersion) -> Worker:
        worker = Worker(function, self._logs)
        with self._lock:
            self._busy.add(worker)
            stopped = self._stopped
        if stopped:
            worker.end_soon()
        return worker

    def _release(self, worker: Worker) -> None:
        surplus: list[Worker] = []
        with self._lock:
            self._busy.discard(worker)
            if self._stopped or not worker.alive() or worker.outdated:
                surplus.append(worker)
            else:
                self._idle[worker] = None
            while len(self._idle) > self._idle_kept:
                surplus.append(self._idle.popitem(last=False)[0])
        _kill(surplus)

    def renew(self, name: str) -> None:
        """End the idle workers of a function now, and the busy ones after their answer."""
        with self._lock:
            idle = [worker for worker in self._idle if worker.function.name == name]
            for worker in idle:
                del self._idle[worker]
            for worker in self._busy:
                worker.outdated |= worker.function.name == name
        _kill(idle)

    def stop(self) -> None:
        """End every worker; invocations under way fail with Runtime.ExitError."""
        with self._lock:
            self._stopped = True
            idle, self._idle = list(self._idle), OrderedDict()
            for worker in self._busy:
                worker.end_soon()
        _kill(idle)

    def pids(self) -> list[int]:
        """The processes that exist now, busy and idle."""
        return [state.pid for state in self.states()]

    def states(self) -> list[WorkerState]:
        """The processes that exist now, with what they are for."""
        with self._lock:
            every = [(worker, True) for worker in self._busy] + [(worker, False) for worker in self._idle]
        return [WorkerState(one.pid, one.function.name, busy) for one, busy in every if one.runs()]


def _kill(workers: list[Worker]) -> None:
    for worker in workers:
        worker.kill()
