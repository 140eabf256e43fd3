"""The one clock of the embedded AWS: durations run `speed` times as fast, and the time of day can be moved."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

_SLICE_SECONDS = 0.2
"""How soon (real seconds) a sleeper notices that the clock was moved."""

Hook = Callable[[], None]


class Clock:
    """Scales durations, and tells a time of day that `move` puts forward.

    The speed doesn't change the time of day. Signatures and S3 never ask this clock: they stay on real time, since
    clients of other processes sign by theirs.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._never = threading.Event()
        self._lock = threading.Lock()
        self._moved = 0.0
        self._hooks: list[Hook] = []

    @property
    def moved(self) -> float:
        """Seconds by which the time of day is ahead of the real one."""
        return self._moved

    def now(self) -> float:
        """The embedded AWS's time of day: epoch seconds."""
        return time.time() + self._moved

    def iso(self) -> str:
        """The time of day as AWS's events write it, such as `2026-11-21T04:05:06Z`."""
        return datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def move(self, seconds: float) -> None:
        """Put the clock forward; what that makes due has begun when this returns. Raises ValueError below 0."""
        if seconds < 0:
            raise ValueError(f"the clock goes forward only, not by {seconds} s")
        with self._lock:
            self._moved += seconds
            hooks = list(self._hooks)
        for hook in hooks:
            hook()

    def at_move(self, hook: Hook) -> Callable[[], None]:
        """Have a hook called after every move, by whoever moves; the answer takes it off again."""
        with self._lock:
            self._hooks.append(hook)

        def forget() -> None:
            with self._lock:
                if hook in self._hooks:
                    self._hooks.remove(hook)

        return forget

    def reset(self) -> None:
        """Back to the real time of day, without calling hooks."""
        with self._lock:
            self._moved = 0.0

    def scaled(self, seconds: float) -> float:
        """Real seconds for a duration of AWS's seconds."""
        return max(0.0, seconds) / self.speed

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> bool:
        """Sleep for a duration of AWS's seconds, less what the clock is moved by; true when `stop` ended it early."""
        stop = stop or self._never
        last, seen = time.monotonic(), self._moved
        left = max(0.0, seconds)
        while not stop.wait(min(self.scaled(left), _SLICE_SECONDS)):
            now, moved = time.monotonic(), self._moved
            left -= (now - last) * self.speed + max(0.0, moved - seen)
            last, seen = now, moved
            if left <= 0:
                return False
        return True


CLOCK = Clock()
