"""Fires what has a schedule, by the embedded AWS's clock: at its speed, and at once when it is moved past a firing.

What fell behind, at high speed or by a move, fires once and goes on from now.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from infrastructure.local.clock import CLOCK
from infrastructure.local.events.schedules import At, Cron, InvalidSchedule, Rate, parse_once

TICK_SECONDS = 0.05

_LOGGER = logging.getLogger(__name__)
_parse = lru_cache(maxsize=1024)(parse_once)


@dataclass(frozen=True)
class Timing:
    """When something fires: an expression, read by the clocks of a time zone, between two epoch times.

    A rate that `starts_at_once` fires first at its start, or now, instead of one interval later.
    """

    expression: str
    zone: str = "UTC"
    start: float | None = None
    end: float | None = None
    starts_at_once: bool = False

    def schedule(self) -> At | Rate | Cron:
        """The expression; raises InvalidSchedule."""
        return _parse(self.expression)

    def first(self, now: float) -> float | None:
        """Epoch seconds of the first firing of something that exists since `now`."""
        begin = max(now, self.start or now)
        if self.starts_at_once and isinstance(self.schedule(), Rate):
            return self._allowed(begin)
        return self.following(begin)

    def following(self, moment: float) -> float | None:
        """Epoch seconds of the next firing; None when there is none."""
        return self._allowed(self.schedule().next_after(moment, ZoneInfo(self.zone)))

    def _allowed(self, at: float | None) -> float | None:
        return None if at is None or (self.end is not None and at > self.end) else at


@dataclass(frozen=True)
class Entry:
    """Something with a schedule; equal timings under one key are the same schedule."""

    key: str
    timing: Timing
    enabled: bool
    subject: Any = field(compare=False)


@dataclass
class _Due:
    timing: Timing
    at: float | None


class Timetable:
    """A thread that looks at all entries twenty times a second until it is stopped."""

    def __init__(self, name: str, entries: Callable[[], Iterable[Entry]], fire: Callable[[Any, float], None]) -> None:
        """`fire` takes an entry's subject and the moment that it was due (epoch seconds); it must be brief."""
        self._entries = entries
        self._fire = fire
        self._due: dict[str, _Due] = {}
        self._stopping = threading.Event()
        self._ticking = threading.Lock()
        self._virtual_now = CLOCK.now()
        self._last_tick = (time.monotonic(), CLOCK.moved)
        self._forget_moves = CLOCK.at_move(self.tick)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            self.tick()

    def tick(self) -> None:
        """Fire what is due by now."""
        with self._ticking:
            now, moved = time.monotonic(), CLOCK.moved
            before, moved_before = self._last_tick
            self._last_tick = (now, moved)
            self._virtual_now += (now - before) * CLOCK.speed
            entries = [(entry, self._due_of(entry)) for entry in self._entries()]
            # only now, so that what was made just before a move is made before it
            self._virtual_now += max(0.0, moved - moved_before)
            known = {entry.key for entry, _ in entries}
            self._due = {key: due for key, due in self._due.items() if key in known}
            for entry, due in entries:
                self._fire_if_due(entry, due)

    def _due_of(self, entry: Entry) -> _Due:
        due = self._due.get(entry.key)
        if due is None or due.timing != entry.timing or not entry.enabled:
            due = self._due[entry.key] = _Due(entry.timing, _first(entry, self._virtual_now))
        return due

    def _fire_if_due(self, entry: Entry, due: _Due) -> None:
        scheduled = due.at
        if not entry.enabled or scheduled is None or scheduled > self._virtual_now:
            return
        upcoming = entry.timing.following(scheduled)
        late = upcoming is not None and upcoming <= self._virtual_now
        due.at = entry.timing.following(self._virtual_now) if late else upcoming
        self._fire(entry.subject, scheduled)

    def stop(self) -> None:
        """End the thread."""
        self._forget_moves()
        self._stopping.set()
        if self._thread is not threading.current_thread():
            self._thread.join()


def _first(entry: Entry, now: float) -> float | None:
    try:
        return entry.timing.first(now)
    except InvalidSchedule as error:
        _LOGGER.warning("%r never fires: %s", entry.key, error)
        return None
