"""The operators that are measured, run in real worker processes. They know the event and nothing of Mediawright."""

from __future__ import annotations

import os
import time
from typing import Any

Event = dict[str, Any]


def noop(event: Event, _context: object) -> Event:
    return {**event, "Status": "Complete"}


def nap(event: Event, _context: object) -> Event:
    """Take as long as the configuration says."""
    time.sleep(event["Configuration"]["Seconds"])
    return {**event, "Status": "Complete"}


def hold(event: Event, _context: object) -> Event:
    """Don't end before a file is there."""
    while not os.path.exists(event["Configuration"]["File"]):
        time.sleep(0.02)
    return {**event, "Status": "Complete"}


def start(event: Event, _context: object) -> Event:
    return {**event, "Status": "Executing", "MetaData": {"Job": "7"}}


def monitor(event: Event, _context: object) -> Event:
    return {**event, "Status": "Complete"}


class InvalidInput(Exception):
    """Never tried again by the engine."""


def fails_first(event: Event, _context: object) -> Event:
    """Fail in a run's first attempt."""
    if event["IdempotencyKey"].endswith("/1"):
        raise InvalidInput("not at the first attempt")
    return {**event, "Status": "Complete"}
