"""How long an ended run is kept: the setting `RetentionDays` (the stack's parameter of that name until it is set), as
DynamoDB's time to live; 0 keeps runs for ever.

Only the transaction that ends a run sets its `ExpiresAt`, so a change of the setting counts for runs that end later
(up to a minute later: the setting is remembered for so long). AWS deletes an expired item within some days; until
then nobody is shown it.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass

from chalicelib.aws import clock, dynamodb
from chalicelib.aws.settings import settings
from chalicelib.executions.run import Run

SETTING = "RetentionDays"
_REMEMBERED_SECONDS = 60
_DAY = 86_400


@dataclass(frozen=True)
class _Remembered:
    days: int
    until: float


_LOCK = threading.Lock()
_memory: dict[str, _Remembered] = {}


def expires_at(when: str, keep_days: int | None = None) -> int | None:
    """When a run that ends at an ISO time expires, in epoch seconds; None when runs are kept for ever.

    A run that has days of its own (`keep_days`) is kept for so long.
    """
    days = _days() if keep_days is None else keep_days
    return int(clock.epoch(when)) + days * _DAY if days else None


def is_expired(run: Run) -> bool:
    """Whether a run is to be taken for gone, though its item may still stand."""
    return run.expires_at is not None and run.expires_at <= clock.epoch(clock.now())


def forget() -> None:
    """Drop the remembered setting, for tests that change it."""
    with _LOCK:
        _memory.clear()


def _days() -> int:
    table, now = settings().system_table, clock.epoch(clock.now())
    with _LOCK:
        known = _memory.get(table)
    # remembered for longer than it may be: the clock was set back
    if known is None or not now < known.until <= now + _REMEMBERED_SECONDS:
        known = _Remembered(_read(table), now + _REMEMBERED_SECONDS)
        with _LOCK:
            _memory[table] = known
    return known.days


def _read(table: str) -> int:
    item = dynamodb.get(table, {"Kind": "configuration", "Name": SETTING})
    return settings().retention_days if item is None else json.loads(item["Text"])["Value"]
