"""A table's items: immutable rows in sorted partitions, with their secondary indexes, under one lock for all tables.

The rows take the place of `Table.items`, so moto's tables keep their life cycle and lose only their storage.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable
from typing import Any

from infrastructure.local.dynamodb.errors import invalid
from infrastructure.local.dynamodb.indexes import Index, Ordered
from infrastructure.local.dynamodb.keys import Key, Schema
from infrastructure.local.dynamodb.limits import MAX_ITEM_BYTES
from infrastructure.local.dynamodb.past import Past
from infrastructure.local.dynamodb.rows import Row
from infrastructure.local.dynamodb.values import Attributes

LOCK = threading.RLock()
"""Held round every write and every read that could otherwise see half of a transaction."""

Hook = Callable[[Any, Row | None, Row | None, bool], None]
CHANGE_HOOKS: list[Hook] = []
"""Called with (table, old row, new row, whether it expired) in the order of the writes, under the lock: be brief."""


class TableRows:
    """All rows of one moto table."""

    def __init__(self, table: Any, source: TableRows | None = None) -> None:
        self.table = table
        self.definitions = table.global_indexes
        self.schema: Schema = Schema(table, source.schema.kinds if source else {})
        self.by_key: dict[Key, Row] = {}
        self.partitions: dict[Any, Ordered] = {}
        self.past = Past()
        local = [Index(index, self.schema, local=True) for index in table.indexes]
        self.indexes = {
            index.name: index for index in [*(Index(index, self.schema) for index in table.global_indexes), *local]
        }
        for row in source.by_key.values() if source else ():
            self._place(None, row)

    def __deepcopy__(self, memo: dict[int, Any]) -> TableRows:
        """For backups: rows are immutable, so the copy shares them; its new table takes it over at first use."""
        with LOCK:
            memo[id(self)] = copied = TableRows(self.table, self)
        return copied

    def __len__(self) -> int:
        return len(self.by_key)

    def get(self, key: Key) -> Row | None:
        """The present row."""
        return self.by_key.get(key)

    def row(self, attributes: Attributes, too_large: str = "Item size has exceeded the maximum allowed size") -> Row:
        """A new row, not yet in the table; raises a ValidationException for keys or sizes that don't fit."""
        row = Row(self.schema.key_of_item(attributes), attributes)
        if row.size > MAX_ITEM_BYTES:
            raise invalid(too_large)
        return row

    def find(self, key: Key, consistent: bool) -> Row | None:
        """The row that a read finds: the present one when it asks for consistency, maybe an older one when not."""
        if consistent:
            return self.by_key.get(key)
        with LOCK:
            return self.past.row(key, self.by_key.get(key))

    def partition(self, hash_key: Any, consistent: bool) -> Ordered | None:
        """The rows under one hash key that a read finds; hold the lock."""
        present = self.partitions.get(hash_key)
        return present if consistent else self.past.partition(hash_key, present)

    def change(self, old: Row | None, new: Row | None, *, expired: bool = False) -> int:
        """Put `new` in the place of `old` (either may be None); hold the lock. `expired`: its time to live is over.

        Returns the write units of the global indexes.
        """
        if old is new or (old is not None and new is not None and old.attributes == new.attributes):
            return 0
        self.past.note((new or old).key, old)  # type: ignore[union-attr]  # one of them is a row: they differ
        units = self._place(old, new)
        for hook in CHANGE_HOOKS:
            hook(self.table, old, new, expired)
        return units

    def _place(self, old: Row | None, new: Row | None) -> int:
        row = new or old
        if row is None:
            return 0
        if new is None:
            del self.by_key[row.key]
            partition = self.partitions[row.key[0]]
            partition.remove(row.key)
            if not partition.rows:
                del self.partitions[row.key[0]]
        else:
            self.by_key[row.key] = new
            partition = self.partitions.get(row.key[0]) or self.partitions.setdefault(row.key[0], Ordered())
            partition.put(row.key, new)
        return sum(index.change(old, new) for index in self.indexes.values())

    def after(self, key: Key | None) -> list[Row]:
        """All rows in key order, from behind a key on: for scans."""
        with LOCK:
            keys = sorted(self.by_key)
            start = 0 if key is None else bisect_left(keys, key) + (key in self.by_key)
            return [self.by_key[key] for key in keys[start:]]


def rows_of(table: Any) -> TableRows:
    """The rows of a moto table, made at first use and made anew when its indexes were changed."""
    rows = table.items
    if type(rows) is TableRows and rows.table is table and rows.definitions is table.global_indexes:
        return rows
    with LOCK:
        table.items = TableRows(table, rows if type(rows) is TableRows else None)
        return table.items  # type: ignore[no-any-return]
