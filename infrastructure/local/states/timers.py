"""Waits, retries and machine timeouts by the embedded AWS's clock, and interruptible."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.retry.max_attempts_decl import MaxAttemptsOutcome
from moto.stepfunctions.parser.asl.component.common.retry.retrier_outcome import RetrierOutcome
from moto.stepfunctions.parser.asl.component.state.wait.wait_function import wait_function

from infrastructure.local.clock import CLOCK

_RetrierDecl: Any = retrier_decl.RetrierDecl
_WaitFunction: Any = wait_function.WaitFunction


@dataclass(order=True)
class _Due:
    """A call to make at a moment (real, monotonic), not before another; `moved` is what the clock was put forward."""

    moment: float
    number: int
    earliest: float
    moved: float
    call: Callable[[], None]

    def catch_up(self, moved: float) -> _Due:
        """The same call after the clock was put forward."""
        sooner = self.moment - CLOCK.scaled(moved - self.moved)
        return _Due(max(sooner, self.earliest), self.number, self.earliest, moved, self.call)


class Timers:
    """Calls due later, made by one thread however many there are. The calls must be short.

    When the clock is put forward they are due sooner.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[_Due] = []
        self._cancelled: set[int] = set()
        self._numbers = itertools.count()
        self._running = False
        CLOCK.at_move(self._catch_up)

    @contextmanager
    def after(self, seconds: float | None, call: Callable[[], None], at_least: float = 0.0) -> Iterator[None]:
        """Make a call after some of AWS's seconds (None: never), unless the block has ended before.

        However fast the clock goes, the call isn't made before `at_least` real seconds.
        """
        if seconds is None:
            yield
            return
        number = self._add(CLOCK.scaled(seconds), at_least, call)
        try:
            yield
        finally:
            self._cancel(number)

    def _add(self, pause: float, at_least: float, call: Callable[[], None]) -> int:
        with self._changed:
            number, earliest = next(self._numbers), time.monotonic() + at_least
            moment = max(time.monotonic() + pause, earliest)
            heapq.heappush(self._due, _Due(moment, number, earliest, CLOCK.moved, call))
            if not self._running:
                self._running = True
                threading.Thread(target=self._work, name="states-timers", daemon=True).start()
            elif self._due[0].number == number:
                self._changed.notify()
            return number

    def _cancel(self, number: int) -> None:
        with self._changed:
            self._cancelled.add(number)
            # A cancelled call holds its whole execution: don't let months of them pile up.
            if len(self._cancelled) > 64:
                self._due = [entry for entry in self._due if entry.number not in self._cancelled]
                heapq.heapify(self._due)
                self._cancelled.clear()

    def _catch_up(self) -> None:
        with self._changed:
            self._due = [entry.catch_up(CLOCK.moved) for entry in self._due]
            heapq.heapify(self._due)
            self._changed.notify()

    def _work(self) -> None:
        while True:
            self._next()()

    def _next(self) -> Callable[[], None]:
        with self._changed:
            while True:
                wait = self._due[0].moment - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    due = heapq.heappop(self._due)
                    if due.number not in self._cancelled:
                        return due.call
                    self._cancelled.discard(due.number)
                    continue
                self._changed.wait(None if wait is None else min(wait, threading.TIMEOUT_MAX))


TIMERS = Timers()


def _wait(_: Any, env: Any, wait_seconds: float) -> None:
    if wait_seconds > 0:
        CLOCK.sleep(wait_seconds, env.halted)


def _pause(retrier: Any, env: Any) -> float:
    retrier.interval_seconds.eval(env=env)
    retrier.backoff_rate.eval(env=env)
    retrier.max_delay_seconds.eval(env=env)
    retrier.jitter_strategy.eval(env=env)
    return float(env.stack.pop())


def _retry(self: Any, env: Any) -> None:
    self.error_equals.eval(env)
    if not env.stack.pop():
        env.stack.append(RetrierOutcome.Skipped)
        return
    self.max_attempts.eval(env=env)
    if env.stack.pop() == MaxAttemptsOutcome.EXHAUSTED:
        env.stack.append(RetrierOutcome.Failed)
        return
    CLOCK.sleep(_pause(self, env), env.halted)
    env.stack.append(RetrierOutcome.Executed)


@cache
def install() -> None:
    """Make Wait states and retries sleep by `CLOCK` and wake at once when their execution ends."""
    _WaitFunction._wait_interval = _wait
    _RetrierDecl._eval_body = _retry
