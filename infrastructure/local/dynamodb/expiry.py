"""Time to live: deletes expired items in the background, as the service and not as a user.

Until its deletion an expired item is read, found and changed like any other. `FAULTS.expiry_lag` says how long that
may last. Source: the DynamoDB developer guide, "Using time to live (TTL)" and "DynamoDB Streams and Time to Live".
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import moto.dynamodb.models as moto_dynamodb

from infrastructure.local.clock import CLOCK
from infrastructure.local.dynamodb.rows import Row
from infrastructure.local.dynamodb.tables import LOCK, TableRows, rows_of
from infrastructure.local.faults import FAULTS

PASS_SECONDS = 60.0
"""AWS's seconds between two looks at the tables."""

TOO_OLD_SECONDS = 5 * 365 * 86400
"""A time further back is taken for a mistake: the item stays."""

_BACKENDS: Any = moto_dynamodb.dynamodb_backends


class Expiry:
    """A thread that looks every minute, and at every move of the clock, until it is stopped."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._forget_moves = CLOCK.at_move(self._look)
        self._thread = threading.Thread(target=self._run, name="dynamodb-expiry", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not CLOCK.sleep(PASS_SECONDS, self._stopping):
            self._look()

    def _look(self) -> None:
        expire(CLOCK.now() - FAULTS.expiry_lag)

    def stop(self) -> None:
        """End the thread."""
        self._forget_moves()
        self._stopping.set()
        self._thread.join()


def expire(moment: float) -> int:
    """Delete every item that expired before `moment` (epoch seconds); answers how many."""
    return sum(_expire_table(table, moment) for table in _tables())


def _tables() -> Iterator[Any]:
    for account in list(_BACKENDS.values()):
        for backend in list(account.values()):
            yield from list(backend.tables.values())


def _expire_table(table: Any, moment: float) -> int:
    if table.ttl.get("TimeToLiveStatus") != "ENABLED":
        return 0
    name, rows = str(table.ttl["AttributeName"]), rows_of(table)
    with LOCK:
        present = list(rows.by_key.values())
    return sum(_delete(rows, row, name, moment) for row in present if _expired(row, name, moment))


def _delete(rows: TableRows, seen: Row, name: str, moment: float) -> bool:
    with LOCK:
        row = rows.get(seen.key)
        if row is None or not _expired(row, name, moment):
            return False
        rows.change(row, None, expired=True)
        return True


def _expired(row: Row, name: str, moment: float) -> bool:
    value = row.attributes.get(name)
    return value is not None and value[0] == "N" and moment - TOO_OLD_SECONDS <= float(value[1]) < moment
