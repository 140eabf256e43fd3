"""One write of one item, prepared outside the lock and carried out under it; transactions are made of the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from infrastructure.local.dynamodb import updates
from infrastructure.local.dynamodb.errors import condition_failed, invalid
from infrastructure.local.dynamodb.expressions import Test, condition_of
from infrastructure.local.dynamodb.keys import Key
from infrastructure.local.dynamodb.rows import Row
from infrastructure.local.dynamodb.tables import TableRows, rows_of
from infrastructure.local.dynamodb.tokens import Path, Scope, check_overlaps
from infrastructure.local.dynamodb.values import Attributes, Wire, to_attributes, to_wire

_LEGACY = ("Expected", "AttributeUpdates", "ConditionalOperator")
_UPDATE_TOO_LARGE = "Item size to update has exceeded the maximum allowed size"
_EMPTY: Attributes = {}


@dataclass(slots=True)
class Write:
    """What to do with the item under one key; `make` turns the row that stands there into the one that shall."""

    table_name: str
    rows: TableRows
    key: Key
    scope: Scope
    test: Test | None
    make: Callable[[Row | None], Row | None]
    wants_item: bool
    paths: list[Path] = field(default_factory=list)

    def holds(self, old: Row | None) -> bool:
        """Whether the condition is met by what stands there."""
        return self.test is None or self.test(_EMPTY if old is None else old.attributes, self.scope)

    def shown(self, old: Row | None) -> Wire | None:
        """The item that a failed condition reports, when asked for."""
        return to_wire(old.attributes) if self.wants_item and old is not None else None

    def run(self) -> tuple[Row | None, Row | None, int]:
        """Carry out under the lock; returns the old and the new row and the units of the indexes.

        Raises a ConditionalCheckFailedException, or a ValidationException for what the item doesn't allow.
        """
        old = self.rows.get(self.key)
        if not self.holds(old):
            raise condition_failed(self.shown(old))
        new = self.make(old)
        return old, new, self.rows.change(old, new)


def _write(body: dict[str, Any], rows: TableRows, key: Key, scope: Scope) -> Write:
    for name in _LEGACY:
        if name in body:
            raise invalid(f"The embedded DynamoDB takes expressions only, not {name}")
    wants_item = body.get("ReturnValuesOnConditionCheckFailure", "NONE") == "ALL_OLD"
    test = condition_of(body, scope)
    return Write(body["TableName"], rows, key, scope, test, lambda old: old, wants_item)


def prepare_put(backend: Any, body: dict[str, Any]) -> Write:
    """A Put; raises a ValidationException for an item or expression that AWS refuses."""
    rows = rows_of(backend.get_table(body["TableName"]))
    row = rows.row(to_attributes(body["Item"]))
    scope = Scope(body)
    write = _write(body, rows, row.key, scope)
    scope.check_all_used()
    write.make = lambda _old: row
    return write


def prepare_delete(backend: Any, body: dict[str, Any]) -> Write:
    """A Delete."""
    write = prepare_check(backend, body)
    write.make = lambda _old: None
    return write


def prepare_check(backend: Any, body: dict[str, Any]) -> Write:
    """A ConditionCheck: changes nothing."""
    rows = rows_of(backend.get_table(body["TableName"]))
    scope = Scope(body)
    write = _write(body, rows, rows.schema.key_of_request(body["Key"]), scope)
    scope.check_all_used()
    return write


def prepare_update(backend: Any, body: dict[str, Any]) -> Write:
    """An Update; without an expression it makes sure that the item exists."""
    rows = rows_of(backend.get_table(body["TableName"]))
    scope = Scope(body)
    key_attributes = to_attributes(body["Key"])
    write = _write(body, rows, rows.schema.key_of_request(body["Key"]), scope)
    text = body.get("UpdateExpression")
    plan = None if text is None else updates.update(text)
    if plan is not None:
        scope.use(plan.placeholders, "UpdateExpression")
        write.paths = plan.paths(scope)
        _check_paths(write.paths, rows)
    scope.check_all_used()

    def make(old: Row | None) -> Row:
        start = key_attributes if old is None else old.attributes
        if plan is None and old is not None:
            return old
        attributes = dict(start) if plan is None else updates.apply(plan, start, scope)
        return rows.row(attributes, too_large=_UPDATE_TOO_LARGE)

    write.make = make
    return write


def _check_paths(paths: list[Path], rows: TableRows) -> None:
    check_overlaps(paths, "UpdateExpression")
    for path in paths:
        if path[0] in rows.schema.names:
            raise invalid(
                f"One or more parameter values were invalid: Cannot update attribute {path[0]}. "
                "This attribute is part of the key"
            )
