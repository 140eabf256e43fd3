"""Capacity units by AWS's rules, counted into METER and reported when a request asks for them.

Source: Amazon DynamoDB Developer Guide, "Read and write operations" and "Transactions: capacity management".
"""

from __future__ import annotations

from typing import Any

from infrastructure.local.dynamodb.errors import invalid
from infrastructure.local.meter import METER

TRANSACTIONAL = 2


def write_units(size: int) -> int:
    """Units of writing this many bytes: one per started KB."""
    return max(1, (size + 1023) // 1024)


def read_units(size: int, consistent: bool) -> float:
    """Units of reading this many bytes: one per started 4 KB, half when eventually consistent."""
    started = max(1, (size + 4095) // 4096)
    return float(started) if consistent else started / 2


class Bill:
    """What one request consumes, by table and index."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.wanted = body.get("ReturnConsumedCapacity", "NONE")
        if self.wanted not in ("NONE", "TOTAL", "INDEXES"):
            raise invalid(
                f"1 validation error detected: Value '{self.wanted}' at 'returnConsumedCapacity' failed to satisfy "
                "constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"
            )
        self._tables: dict[str, float] = {}
        self._indexes: dict[str, float] = {}

    def wrote(self, table: str, units: float, index_units: float = 0) -> None:
        """Count write units of a table and of its global indexes together."""
        METER.count("dynamodb.write_units", units + index_units)
        self._add(table, units, index_units)

    def read(self, table: str, units: float) -> None:
        """Count read units."""
        METER.count("dynamodb.read_units", units)
        self._add(table, units, 0)

    def _add(self, table: str, units: float, index_units: float) -> None:
        if self.wanted != "NONE":
            self._tables[table] = self._tables.get(table, 0) + units
            self._indexes[table] = self._indexes.get(table, 0) + index_units

    def answer(self) -> dict[str, Any]:
        """The `ConsumedCapacity` member of an answer about one table."""
        answers = self.answers()["ConsumedCapacity"] if self.wanted != "NONE" else []
        return {"ConsumedCapacity": answers[0]} if answers else {}

    def answers(self) -> dict[str, Any]:
        """The `ConsumedCapacity` member of an answer about several tables."""
        if self.wanted == "NONE":
            return {}
        return {"ConsumedCapacity": [self._of(table) for table in self._tables]}

    def _of(self, table: str) -> dict[str, Any]:
        units, index_units = self._tables[table], self._indexes[table]
        answer: dict[str, Any] = {"TableName": table, "CapacityUnits": float(units + index_units)}
        if self.wanted == "INDEXES":
            answer["Table"] = {"CapacityUnits": float(units)}
        return answer
