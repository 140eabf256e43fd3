"""Sorted partitions, and secondary indexes kept up at every write, late by `FAULTS.index_lag` when asked."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import deque
from typing import Any

from infrastructure.local.dynamodb.capacity import write_units
from infrastructure.local.dynamodb.errors import invalid
from infrastructure.local.dynamodb.keys import Key, Schema
from infrastructure.local.dynamodb.rows import Row
from infrastructure.local.dynamodb.values import Attributes, size_of, sortable
from infrastructure.local.faults import FAULTS

Entry = tuple[Any, Key]
"""Hash key and position of a row in an index."""


class Ordered:
    """Rows of one partition in the order of their sort keys."""

    __slots__ = ("positions", "rows")

    def __init__(self) -> None:
        self.positions: list[Key] = []
        self.rows: list[Row] = []

    def put(self, position: Key, row: Row) -> None:
        """Insert, or take the place of the row at this very position."""
        positions = self.positions
        if not positions or position > positions[-1]:
            positions.append(position)
            self.rows.append(row)
            return
        place = bisect_left(positions, position)
        if positions[place] == position:
            self.rows[place] = row
        else:
            positions.insert(place, position)
            self.rows.insert(place, row)

    def remove(self, position: Key) -> None:
        """Take out the row at this position."""
        place = bisect_left(self.positions, position)
        del self.positions[place]
        del self.rows[place]


class Index:
    """One secondary index: entries (hash, position), where a position is (range, table key) in one tuple."""

    def __init__(self, definition: Any, schema: Schema, local: bool = False) -> None:
        self.name: str = definition.name
        self.local = local
        hashes = [part["AttributeName"] for part in definition.schema if part["KeyType"] == "HASH"]
        ranges = [part["AttributeName"] for part in definition.schema if part["KeyType"] == "RANGE"]
        if len(hashes) != 1 or len(ranges) > 1:
            raise invalid(f"The embedded DynamoDB knows no keys of several attributes: index {self.name}")
        self.hash_name: str = hashes[0]
        self.range_name: str | None = ranges[0] if ranges else None
        self.names = [*hashes, *ranges]
        projection = definition.projection or {}
        keys = [*self.names, *(name for name in schema.names if name not in self.names)]
        self._extra: list[str] = [n for n in projection.get("NonKeyAttributes") or [] if n not in keys]
        everything = projection.get("ProjectionType", "ALL") == "ALL"
        self.projected: frozenset[str] | None = None if everything else frozenset([*keys, *self._extra])
        self._partitions: dict[Any, Ordered] = {}
        self._pending: deque[tuple[float, Entry | None, Entry | None, Row | None]] = deque()

    def change(self, old: Row | None, new: Row | None) -> int:
        """Take note of a write; returns its write units (none for a local index, which bills with its table)."""
        was, now = self._entry(old), self._entry(new)
        if was is None and now is None:
            return 0
        if FAULTS.index_lag > 0 or self._pending:
            self._pending.append((time.monotonic(), was, now, new))
            self._settle()
        else:
            self._apply(was, now, new)
        return 0 if self.local else self._units(old, new, was, now)

    def partition(self, hash_key: Any) -> Ordered | None:
        """The entries under one hash key that are due by now; hold the lock."""
        if self._pending:
            self._settle()
        return self._partitions.get(hash_key)

    def partitions(self) -> list[Ordered]:
        """All entries, in the order of hash keys: for scans."""
        if self._pending:
            self._settle()
        return [self._partitions[key] for key in sorted(self._partitions)]

    def view(self, attributes: Attributes) -> Attributes:
        """What the index holds of an item."""
        if self.projected is None:
            return attributes
        return {name: value for name, value in attributes.items() if name in self.projected}

    def position(self, row_key: Key, range_key: Any) -> Key:
        """Where an entry stands in its partition."""
        return row_key if self.range_name is None else (range_key, *row_key)

    def _settle(self) -> None:
        due = time.monotonic() - (0 if self.local else FAULTS.index_lag)
        while self._pending and self._pending[0][0] <= due:
            self._apply(*self._pending.popleft()[1:])

    def _apply(self, was: Entry | None, now: Entry | None, new: Row | None) -> None:
        if was is not None and was != now:
            partition = self._partitions[was[0]]
            partition.remove(was[1])
            if not partition.rows:
                del self._partitions[was[0]]
        if now is not None and new is not None:
            self._partitions.setdefault(now[0], Ordered()).put(now[1], new)

    def _entry(self, row: Row | None) -> Entry | None:
        if row is None:
            return None
        hash_value = row.attributes.get(self.hash_name)
        if hash_value is None:
            return None
        if self.range_name is None:
            return sortable(hash_value), row.key
        range_value = row.attributes.get(self.range_name)
        return None if range_value is None else (sortable(hash_value), (sortable(range_value), *row.key))

    def _units(self, old: Row | None, new: Row | None, was: Entry | None, now: Entry | None) -> int:
        if was == now and old is not None and new is not None:
            return self._update_units(old, new)
        units = 0
        for row, entry in ((old, was), (new, now)):
            if row is not None and entry is not None:
                units += write_units(self.entry_size(row))
        return units

    def _update_units(self, old: Row, new: Row) -> int:
        before, after = old.attributes, new.attributes
        same = (
            before == after
            if self.projected is None
            else all(before.get(name) == after.get(name) for name in self._extra)
        )
        return 0 if same else write_units(max(self.entry_size(old), self.entry_size(new)))

    def entry_size(self, row: Row) -> int:
        """Bytes of one entry."""
        return row.size if self.projected is None else size_of(self.view(row.attributes))
