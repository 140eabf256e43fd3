"""Query and Scan over sorted partitions: the cost of a page is that of its items, whatever the table holds."""

from __future__ import annotations

import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from infrastructure.local.dynamodb.capacity import Bill, read_units
from infrastructure.local.dynamodb.conditions import KeyConditions, key_conditions
from infrastructure.local.dynamodb.errors import invalid
from infrastructure.local.dynamodb.expressions import Test, condition_of, project, projection_of
from infrastructure.local.dynamodb.indexes import Index, Ordered
from infrastructure.local.dynamodb.keys import Key
from infrastructure.local.dynamodb.limits import MAX_PAGE_BYTES
from infrastructure.local.dynamodb.rows import Row
from infrastructure.local.dynamodb.tables import LOCK, TableRows, rows_of
from infrastructure.local.dynamodb.tokens import Path, Scope
from infrastructure.local.dynamodb.values import Attributes, sortable, to_attributes, to_wire

Body = dict[str, Any]

_BAD_START = "The provided starting key is invalid"
_OUTSIDE = "The provided starting key is outside query boundaries based on provided conditions"
_LEGACY = ("KeyConditions", "QueryFilter", "ScanFilter", "ConditionalOperator")


@dataclass(slots=True)
class Reading:
    """What a Query and a Scan have in common."""

    body: Body
    rows: TableRows
    index: Index | None
    scope: Scope
    bill: Bill
    paths: list[Path] | None
    test: Test | None

    @property
    def consistent(self) -> bool:
        """Whether the request reads consistently."""
        return bool(self.body.get("ConsistentRead", False))

    def view(self, row: Row) -> Attributes:
        """An item as the table or index shows it."""
        return row.attributes if self.index is None else self.index.view(row.attributes)

    def size(self, row: Row) -> int:
        """Bytes that reading this item costs."""
        return row.size if self.index is None else self.index.entry_size(row)

    def last_key(self, row: Row) -> Body:
        """Where the next page begins."""
        names = [*self.rows.schema.names, *(self.index.names if self.index else [])]
        return {name: {row.attributes[name][0]: row.attributes[name][1]} for name in names}


def _reading(backend: Any, body: Body) -> Reading:
    for name in _LEGACY:
        if name in body:
            raise invalid(f"The embedded DynamoDB takes expressions only, not {name}")
    rows = rows_of(backend.get_table(body["TableName"]))
    index = None
    if "IndexName" in body:
        index = rows.indexes.get(body["IndexName"])
        if index is None:
            raise invalid(f"The table does not have the specified index: {body['IndexName']}")
        if body.get("ConsistentRead") and not index.local:
            raise invalid("Consistent reads are not supported on global secondary indexes")
    if body.get("Limit", 1) < 1:
        raise invalid(
            "1 validation error detected: Value at 'limit' failed to satisfy constraint: Member must have "
            "value greater than or equal to 1"
        )
    scope = Scope(body)
    paths = projection_of(body, scope)
    _check_select(body, paths, index)
    test = condition_of(body, scope, "FilterExpression")
    return Reading(body, rows, index, scope, Bill(body), paths, test)


def _check_select(body: Body, paths: list[Path] | None, index: Index | None) -> None:
    select = body.get("Select")
    if paths is not None and select not in (None, "SPECIFIC_ATTRIBUTES"):
        raise invalid(f"Cannot specify the ProjectionExpression when choosing to get {select}")
    if index is None or index.projected is None or index.local:
        return
    if select == "ALL_ATTRIBUTES":
        raise invalid(
            "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global "
            f"secondary index {index.name} because its projection type is not ALL"
        )
    missing = [str(path[0]) for path in paths or [] if path[0] not in index.projected]
    if missing:
        raise invalid(
            f"One or more parameter values were invalid: Global secondary index {index.name} does not project "
            f"[{', '.join(missing)}]"
        )


def query(backend: Any, body: Body) -> Body:
    """Query."""
    reading = _reading(backend, body)
    schema = reading.rows.schema
    if reading.index is None:
        names: tuple[str, str | None] = (schema.hash_name, schema.range_name)
    else:
        names = (reading.index.hash_name, reading.index.range_name)
    conditions = key_conditions(body, reading.scope, names, schema.kinds)
    reading.scope.check_all_used()
    with LOCK:
        partition = _entries(reading, conditions)
        rows = _in_bounds(reading, conditions, partition or Ordered())
    return _page(reading, rows)


def _entries(reading: Reading, conditions: KeyConditions) -> Ordered | None:
    if reading.index is None:
        return reading.rows.partition(conditions.hash, reading.consistent)
    return reading.index.partition(conditions.hash)


def _in_bounds(reading: Reading, conditions: KeyConditions, partition: Ordered) -> list[Row]:
    """The rows a page may take, in the order of the request, cut to one more than its Limit."""
    positions = partition.positions
    place = 1 if reading.index is None else 0
    low, high = conditions.bounds(positions, place)
    forward = reading.body.get("ScanIndexForward", True)
    start = reading.body.get("ExclusiveStartKey")
    if start:
        position = _start_position(reading, conditions, start)
        if forward:
            low = max(low, bisect_right(positions, position))
        else:
            high = min(high, bisect_left(positions, position))
    most = reading.body.get("Limit", len(positions))
    if forward:
        return partition.rows[low : min(high, low + most)]
    return partition.rows[max(low, high - most) : high][::-1] if high > low else []


def _start_position(reading: Reading, conditions: KeyConditions, start: Body) -> Key:
    schema, index = reading.rows.schema, reading.index
    key = _table_key(reading, start)
    if index is None:
        if key[0] != conditions.hash or not conditions.contains(key[1] if len(key) > 1 else None):
            raise invalid(_OUTSIDE)
        return key
    attributes = to_attributes(start)
    if set(attributes) != {*schema.names, *index.names}:
        raise invalid(_BAD_START)
    contents = [sortable(attributes[name]) for name in index.names]
    if contents[0] != conditions.hash or not conditions.contains(contents[1] if len(contents) > 1 else None):
        raise invalid(_OUTSIDE)
    return index.position(key, contents[-1])


def _table_key(reading: Reading, start: Body) -> Key:
    names = reading.rows.schema.names
    if any(name not in start for name in names) or (reading.index is None and len(start) != len(names)):
        raise invalid(_BAD_START)
    return reading.rows.schema.key_of_request({name: start[name] for name in names})


def scan(backend: Any, body: Body) -> Body:
    """Scan, in the order of keys; segments are cut by hash key."""
    reading = _reading(backend, body)
    reading.scope.check_all_used()
    start = body.get("ExclusiveStartKey")
    key = _table_key(reading, start) if start else None
    if reading.index is None:
        rows: Iterable[Row] = reading.rows.after(key)
    else:
        with LOCK:
            entries = [row for partition in reading.index.partitions() for row in partition.rows]
        rows = sorted((row for row in entries if key is None or row.key > key), key=lambda row: row.key)
    total = body.get("TotalSegments")
    if total is not None:
        wanted = body.get("Segment", 0)
        rows = [row for row in rows if zlib.crc32(repr(row.key[0]).encode()) % total == wanted]
    return _page(reading, list(rows)[: body.get("Limit")])


def _page(reading: Reading, rows: list[Row]) -> Body:
    """Evaluate rows up to 1 MB; a full page says where to go on, as on AWS even if nothing follows."""
    size, items, evaluated, last = 0, [], 0, None
    for row in rows:
        row_size = reading.size(row)
        if size + row_size > MAX_PAGE_BYTES and evaluated:
            break
        size += row_size
        evaluated += 1
        last = row
        shown = reading.view(row)
        if reading.test is None or reading.test(shown, reading.scope):
            items.append(shown)
    reading.bill.read(reading.body["TableName"], read_units(size, reading.consistent))
    answer: Body = {"Count": len(items), "ScannedCount": evaluated, **reading.bill.answer()}
    if reading.body.get("Select") != "COUNT":
        answer["Items"] = [to_wire(project(item, reading.paths)) for item in items]
    if last is not None and (evaluated < len(rows) or evaluated == reading.body.get("Limit")):
        answer["LastEvaluatedKey"] = reading.last_key(last)
    return answer
