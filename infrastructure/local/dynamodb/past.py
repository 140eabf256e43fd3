"""What a table's rows were some time ago: for reads that don't ask for consistency, late by `FAULTS.read_lag`."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from infrastructure.local.dynamodb.indexes import Ordered
from infrastructure.local.dynamodb.keys import Key
from infrastructure.local.dynamodb.rows import Row
from infrastructure.local.faults import FAULTS


class Past:
    """Replaced versions, kept as long as a late read can ask for them; hold the lock of the writes."""

    def __init__(self) -> None:
        self._replaced: deque[tuple[float, Key, Row | None]] = deque()

    def note(self, key: Key, old: Row | None) -> None:
        """A write has replaced this version (None: there was no item)."""
        if FAULTS.read_lag > 0 or self._replaced:
            self._forget()
            self._replaced.append((time.monotonic(), key, old))

    def row(self, key: Key, present: Row | None) -> Row | None:
        """The row that a late read finds."""
        return self._changed().get(key, present) if self._replaced else present

    def partition(self, hash_key: Any, present: Ordered | None) -> Ordered | None:
        """The partition that a late read finds."""
        changed = {key: row for key, row in self._changed().items() if key[0] == hash_key}
        if not changed:
            return present
        rows = {row.key: row for row in present.rows} if present else {}
        for key, row in changed.items():
            rows.pop(key, None)
            if row is not None:
                rows[key] = row
        past = Ordered()
        for key in sorted(rows):
            past.put(key, rows[key])
        return past

    def _changed(self) -> dict[Key, Row | None]:
        """Of every key written since, the version that stood `read_lag` ago."""
        self._forget()
        oldest: dict[Key, Row | None] = {}
        for _, key, old in self._replaced:
            oldest.setdefault(key, old)
        return oldest

    def _forget(self) -> None:
        due = time.monotonic() - FAULTS.read_lag
        while self._replaced and self._replaced[0][0] <= due:
            self._replaced.popleft()
