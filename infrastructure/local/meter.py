"""Counts what the embedded AWS is asked for, so that the bench can price a run."""

from __future__ import annotations

import threading
from collections import Counter


class Meter:
    """Thread-safe counters by name, such as `dynamodb.Query` or `states.transitions`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def count(self, name: str, amount: float = 1) -> None:
        """Add an amount (units of the counter: requests, capacity units, transitions) to one counter."""
        with self._lock:
            self._counts[name] += amount  # type: ignore[assignment]  # Counter's stub says int; capacity units come in halves

    def snapshot(self) -> dict[str, float]:
        """Everything counted since the last reset."""
        with self._lock:
            return dict(self._counts)

    def reset(self) -> None:
        """Start counting anew."""
        with self._lock:
            self._counts.clear()


METER = Meter()
