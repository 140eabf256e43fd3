"""Looks at every single write to the Executions table, and remembers what no history of the engine may show.

What is checked at rest can heal before anybody looks; a slot beyond the cap, or a move that the table of moves
doesn't have, can't hide here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from infrastructure.local.dynamodb.tables import CHANGE_HOOKS, rows_of
from infrastructure.local.dynamodb.values import to_wire

MOVES = {
    (None, "Queued"),
    ("Queued", "Started"),
    ("Resumed", "Started"),
    ("Started", "Waiting"),
    ("Waiting", "Resumed"),
    ("Resumed", "Waiting"),
    *((status, "Canceled") for status in ("Queued", "Started", "Waiting", "Resumed")),
    *((status, "Error") for status in ("Started", "Waiting", "Resumed")),
    ("Started", "Complete"),
    *((status, "Queued") for status in ("Error", "Canceled")),
}
"""Every change of a status that the life cycle knows; a retry (the last ones) begins another attempt."""

ENDED = ("Complete", "Error", "Canceled")


class Watch:
    """What happened to runs and slots since it began."""

    def __init__(self, table: str) -> None:
        self.table = table
        self.statuses: dict[str, list[str]] = defaultdict(list)
        self.wrong: list[str] = []
        self.most_slots: dict[str, int] = defaultdict(int)
        self.cap: int | None = None

    def forget(self) -> None:
        """Begin anew, with no cap to watch."""
        self.statuses.clear()
        self.wrong.clear()
        self.most_slots.clear()
        self.cap = None

    def compare(self, started: set[str], holding: set[str]) -> None:
        """Between two transactions, exactly the runs that are Started hold a slot."""
        if started - holding:
            self.wrong.append(f"{sorted(started - holding)} are Started without a slot")
        if holding - started:
            self.wrong.append(f"{sorted(holding - started)} hold a slot and aren't Started")

    def changed(self, table: Any, old: Any, new: Any, expired: bool) -> None:
        """Called for every change, under the lock of the writes."""
        if table.name != self.table:
            return
        key = (new or old).key
        if key[1] == "execution":
            self._run(key[0], old and _plain(old), new and _plain(new))
        elif key[0].startswith("pool#") and key[1].startswith("slot#") and new is not None:
            self._slot(table, key[0], key[1], old)

    def _run(self, run: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> None:
        if new is None:
            if old and old["Status"] not in ENDED:
                self.wrong.append(f"{run} was deleted while {old['Status']}")
            return
        before, after = old and old["Status"], new["Status"]
        if before == after:
            if old and old["Sequence"] != new["Sequence"]:
                self.wrong.append(f"{run} counts a change of its status that there wasn't: {after}")
            return
        self.statuses[run].append(after)
        if (before, after) not in MOVES:
            self.wrong.append(f"{run} went from {before} to {after}")
        if int(new["Sequence"]) != (int(old["Sequence"]) if old else 0) + 1:
            self.wrong.append(f"{run} became {after} with sequence {new['Sequence']}")
        if bool(new.get("Slots")) != (after == "Started"):
            self.wrong.append(f"{run} is {after} with slots {new.get('Slots')}")
        retried = old is not None and before in ENDED
        if old is not None and int(new["Attempt"]) != int(old["Attempt"]) + retried:
            self.wrong.append(f"{run} became {after} in attempt {new['Attempt']} after {old['Attempt']}")

    def _slot(self, table: Any, pool: str, part: str, old: Any) -> None:
        rows = rows_of(table).partitions[pool].rows
        taken = sum(1 for row in rows if row.key[1].startswith("slot#"))
        self.most_slots[pool] = max(self.most_slots[pool], taken)
        if old is not None:
            self.wrong.append(f"{pool} {part} was given away while it was held")
        if self.cap is not None and pool == "pool#global" and int(part.removeprefix("slot#")) > self.cap:
            self.wrong.append(f"{part} was taken of {self.cap}")


def _plain(row: Any) -> dict[str, Any]:
    return {name: next(iter(value.values())) for name, value in to_wire(row.attributes).items()}


@contextmanager
def watching(table: str) -> Iterator[Watch]:
    """Watch a table for as long as the context lasts."""
    watch = Watch(table)
    CHANGE_HOOKS.append(watch.changed)
    try:
        yield watch
    finally:
        CHANGE_HOOKS.remove(watch.changed)
