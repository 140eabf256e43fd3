"""The one clock of the embedded AWS: waits, retries and schedules run `speed` times as fast as on AWS."""

from __future__ import annotations

import threading


class Clock:
    """Scales durations; the time of day is never changed, since signatures depend on it."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._never = threading.Event()

    def scaled(self, seconds: float) -> float:
        """Real seconds for a duration of AWS's seconds."""
        return max(0.0, seconds) / self.speed

    def sleep(self, seconds: float, stop: threading.Event | None = None) -> bool:
        """Sleep for a duration of AWS's seconds; true when `stop` ended it early."""
        return (stop or self._never).wait(self.scaled(seconds))


CLOCK = Clock()
