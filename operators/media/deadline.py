"""Work that ends in time: an operator says so itself before Lambda cuts it off without a word."""

from __future__ import annotations

import time


class Deadline:
    """A moment on the monotonic clock that long loops ask after."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends = time.monotonic() + seconds

    def check(self) -> None:
        """Raise TimeoutError once the time is used up."""
        if time.monotonic() > self._ends:
            raise TimeoutError(f"not done within {self._seconds:.0f} s; raise the function's timeout or its memory")

    def remaining(self) -> float:
        """Return the seconds that are left, 0 when the time is used up."""
        return max(0.0, self._ends - time.monotonic())
