"""The children of a distributed Map: executions of their own, some at a time, until too many have failed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext, EventManager
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramTimedOut,
)
from moto.stepfunctions.parser.asl.eval.variable_store import VariableStore

from infrastructure.local.meter import METER
from infrastructure.local.states.map_results import Child
from infrastructure.local.states.sharing import timestamp
from infrastructure.local.states.threads import POOL

MAX_CHILDREN = 40
"""How many children run at a time at most; AWS runs up to 10,000, which no laptop does."""

EXPRESS_REQUESTS = "states.express_requests"
_Manager: Any = EventManager
_History: Any = EventHistoryContext
_Variables: Any = VariableStore


@dataclass(frozen=True)
class Tolerance:
    """Which share of the items may fail: a number, a percentage, either; without both none may."""

    count: int | None = None
    percentage: float | None = None

    def exceeded(self, failed: int, items: int) -> bool:
        """Whether too many of the items have failed."""
        if self.count is None and self.percentage is None:
            return failed > 0
        by_count = self.count is not None and failed > self.count
        return by_count or (self.percentage is not None and failed * 100 > self.percentage * items)


class MapRun:
    """Runs children in pooled threads, in their order, within a parent that may end before them."""

    def __init__(self, program: Any, parent: Any, children: list[Child], tolerance: Tolerance, express: bool) -> None:
        self._program, self._parent, self._express = program, parent, express
        self._tolerance, self._items = tolerance, sum(child.items for child in children)
        self._waiting: Iterator[Child] = iter(children)
        self._lock = threading.Lock()
        self._frames: list[Any] = []
        self._workers = 0
        self._over = threading.Event()
        self.failed = 0
        self.exceeded = False

    def run(self, concurrency: int) -> None:
        """Run the children, so many at a time; returns when all have ended or the rest is not to be run."""
        self._workers = concurrency
        for _ in range(concurrency):
            POOL.run(self._work)
        if concurrency:
            self._over.wait()

    def _work(self) -> None:
        try:
            while (child := self._next()) is not None:
                self._run(child)
        finally:
            with self._lock:
                self._workers -= 1
                if not self._workers:
                    self._over.set()

    def _next(self) -> Child | None:
        with self._lock:
            if self.exceeded or not self._parent.is_running():
                return None
            return next(self._waiting, None)

    def _run(self, child: Child) -> None:
        child.status, child.started = "RUNNING", timestamp()
        frame = self._open(child)
        if self._express:
            METER.count(EXPRESS_REQUESTS)
        self._program.eval(frame)
        self._parent.delete_frame(frame)
        _conclude(child, frame)
        self._close(child, frame)

    def _open(self, child: Child) -> Any:
        frame = _frame(self._parent, child)
        frame.express = self._express
        with self._lock:
            self._frames.append(frame)
            late = self.exceeded
        if late:
            _stop(frame)
        return frame

    def _close(self, child: Child, frame: Any) -> None:
        with self._lock:
            self._frames.remove(frame)
            if child.status != "SUCCEEDED":
                self.failed += child.items
            if self.exceeded or not self._tolerance.exceeded(self.failed, self._items):
                return
            self.exceeded, others = True, list(self._frames)
        for other in others:
            _stop(other)


def _stop(frame: Any) -> None:
    frame.set_stop(stop_date=None, cause=None, error=None)


def _frame(parent: Any, child: Child) -> Any:
    with parent._state_mutex:
        # A child sees nothing of its parent's variables, and its events are in a history of its own.
        frame = parent.as_inner_frame_of(parent, _Variables(), _History.of_program_start())
        parent._frames.append(frame)
    frame.event_manager = _Manager()
    frame.event_manager.owner = frame
    context = frame.states.context_object.context_object_data
    context.pop("State", None)
    context.pop("Task", None)
    own = {"Id": child.arn, "Name": child.name, "Input": child.given, "StartTime": child.started}
    context["Execution"] = {**context["Execution"], **own}
    frame.states.reset(input_value=child.given)
    return frame


def _conclude(child: Child, frame: Any) -> None:
    state = frame.program_state()
    child.stopped = timestamp()
    if isinstance(state, ProgramEnded):
        child.status, child.output = "SUCCEEDED", frame.states.get_input()
    elif isinstance(state, ProgramError):
        facts: dict[str, Any] = dict(state.error or {})
        child.status, child.error, child.cause = "FAILED", facts.get("error"), facts.get("cause")
    else:
        child.status = "TIMED_OUT" if isinstance(state, ProgramTimedOut) else "ABORTED"
