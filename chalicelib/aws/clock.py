"""Time, identifiers and chance come from here, so that tests can replace them."""

from __future__ import annotations

import random
import secrets
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"

time_source: Callable[[], float] = time.time
"""Where the time of day comes from, in epoch seconds; replaced where time is moved."""


def seconds() -> float:
    """The time of day in epoch seconds."""
    return time_source()


def now() -> str:
    """The time of day: ISO 8601, UTC, microseconds, such as `2026-11-21T04:05:06.000007Z`."""
    return iso(time_source())


def iso(epoch: float) -> str:
    """An epoch time in seconds as our ISO text."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def epoch(moment: str) -> float:
    """Seconds since 1970 of an ISO text, ours or Step Functions'."""
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()


def month(moment: str) -> str:
    """The month that an index partition is named after, such as `2026-11`."""
    return moment[:7]


def new_id() -> str:
    """A random identifier (UUID 4)."""
    return str(uuid.uuid4())


def short_id() -> str:
    """Eight random characters that are legal in every AWS name."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


def pick(choices: list[int]) -> int:
    """One of the choices by chance, so that competitors rarely want the same."""
    return random.choice(choices)  # noqa: S311  not a secret


def jitter(ceiling: float) -> float:
    """Seconds between 0 and a ceiling (full jitter)."""
    return random.uniform(0, ceiling)  # noqa: S311  not a secret


def sleep(seconds: float) -> None:
    """Wait for so many seconds."""
    time.sleep(seconds)
