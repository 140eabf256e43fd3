"""TransactWriteItems and TransactGetItems: all or nothing, isolated, idempotent by client token.

Source: Amazon DynamoDB API Reference, TransactWriteItems; Developer Guide, "Transactions: how it works".
"""

from __future__ import annotations

import random
import time
from typing import Any

from infrastructure.local.clock import CLOCK
from infrastructure.local.dynamodb.capacity import TRANSACTIONAL, Bill, read_units, write_units
from infrastructure.local.dynamodb.errors import DynamoError, cancelled, invalid
from infrastructure.local.dynamodb.expressions import project, projection_of
from infrastructure.local.dynamodb.json_text import dumps
from infrastructure.local.dynamodb.limits import MAX_TRANSACTION_ACTIONS, MAX_TRANSACTION_BYTES
from infrastructure.local.dynamodb.rows import Row
from infrastructure.local.dynamodb.tables import LOCK, rows_of
from infrastructure.local.dynamodb.tokens import Scope
from infrastructure.local.dynamodb.values import to_wire
from infrastructure.local.dynamodb.writes import (
    Write,
    prepare_check,
    prepare_delete,
    prepare_put,
    prepare_update,
)
from infrastructure.local.faults import FAULTS

TOKEN_SECONDS = 600.0

_ACTIONS = {"Put": prepare_put, "Update": prepare_update, "Delete": prepare_delete, "ConditionCheck": prepare_check}
_Reason = dict[str, Any]
_NO_REASON: _Reason = {"Code": "None"}
_Tokens = dict[str, tuple[float, int]]


def transact_write_items(backend: Any, body: dict[str, Any]) -> dict[str, Any]:
    """TransactWriteItems."""
    bill = Bill(body)
    actions = body["TransactItems"]
    _check_count(actions)
    writes = [_prepare(backend, action) for action in actions]
    if len({(id(write.rows), write.key) for write in writes}) != len(writes):
        raise invalid("Transaction request cannot include multiple operations on one item")
    token = body.get("ClientRequestToken")
    payload = hash(dumps(actions, sort_keys=True)) if token else 0
    with LOCK:
        if token and _repeated(backend, token, payload):
            return bill.answers()
        _inject_conflict(len(writes))
        _commit(writes, bill)
        if token:
            _tokens_of(backend)[token] = (_now(), payload)
    return bill.answers()


def _check_count(actions: list[Any]) -> None:
    if not 1 <= len(actions) <= MAX_TRANSACTION_ACTIONS:
        raise invalid(
            "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have "
            f"length {'greater than or equal to 1' if not actions else 'less than or equal to 100'}"
        )


def _prepare(backend: Any, action: dict[str, Any]) -> Write:
    if len(action) != 1:
        raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
    ((kind, body),) = action.items()
    needed = {"Update": "UpdateExpression", "ConditionCheck": "ConditionExpression"}.get(kind)
    if needed is not None and needed not in body:
        raise invalid(f"The {kind} of a transaction needs its expression")
    return _ACTIONS[kind](backend, body)


def _inject_conflict(count: int) -> None:
    if FAULTS.transaction_conflicts > 0 and random.random() < FAULTS.transaction_conflicts:
        reasons = [_NO_REASON] * count
        conflict = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
        reasons[random.randrange(count)] = conflict
        raise cancelled([dict(reason) for reason in reasons])


def _commit(writes: list[Write], bill: Bill) -> None:
    """Make every new row first; only then, when all of them stand, put them in."""
    reasons: list[_Reason] = []
    changes: list[tuple[Row | None, Row | None]] = []
    for write in writes:
        old = write.rows.get(write.key)
        new, reason = _outcome(write, old)
        reasons.append(reason)
        changes.append((old, new))
    sizes = [max(0 if row is None else row.size for row in change) for change in changes]
    if any(reason is not _NO_REASON for reason in reasons):
        _bill(writes, sizes, [0] * len(writes), bill)
        raise cancelled([dict(reason) for reason in reasons])
    if sum(sizes) > MAX_TRANSACTION_BYTES:
        raise invalid("Transaction request cannot include more than 4 MB of data")
    index_units = [write.rows.change(*change) for write, change in zip(writes, changes, strict=True)]
    _bill(writes, sizes, index_units, bill)


def _outcome(write: Write, old: Row | None) -> tuple[Row | None, _Reason]:
    if not write.holds(old):
        reason = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
        item = write.shown(old)
        return None, reason if item is None else {**reason, "Item": item}
    try:
        return write.make(old), _NO_REASON
    except DynamoError as unfit:
        return None, {"Code": "ValidationError", "Message": unfit.text}


def _bill(writes: list[Write], sizes: list[int], index_units: list[int], bill: Bill) -> None:
    for write, size, units in zip(writes, sizes, index_units, strict=True):
        bill.wrote(write.table_name, TRANSACTIONAL * write_units(size), units)


def _now() -> float:
    """Seconds of a steady count that runs ahead when the clock is moved."""
    return time.monotonic() + CLOCK.moved


def _tokens_of(backend: Any) -> _Tokens:
    # on the backend, so that moto's reset forgets them
    tokens: _Tokens = vars(backend).setdefault("client_tokens", {})
    return tokens


def _repeated(backend: Any, token: str, payload: int) -> bool:
    """Whether this very transaction was carried out under this token; forgets tokens that have run out."""
    tokens = _tokens_of(backend)
    oldest = _now() - TOKEN_SECONDS
    while tokens and next(iter(tokens.values()))[0] < oldest:
        del tokens[next(iter(tokens))]
    if token not in tokens:
        return False
    if tokens[token][1] != payload:
        raise DynamoError(
            "IdempotentParameterMismatchException",
            "Another request with the same ClientRequestToken but different parameters was already processed",
        )
    return True


def transact_get_items(backend: Any, body: dict[str, Any]) -> dict[str, Any]:
    """TransactGetItems: all items as of one moment."""
    bill = Bill(body)
    actions = body["TransactItems"]
    _check_count(actions)
    gets = [_prepare_get(backend, action["Get"]) for action in actions]
    with LOCK:
        found = [rows.get(key) for _, rows, key, _ in gets]
    answers: list[dict[str, Any]] = []
    for (table, _, _, paths), row in zip(gets, found, strict=True):
        bill.read(table, TRANSACTIONAL * read_units(0 if row is None else row.size, consistent=True))
        answers.append({} if row is None else {"Item": to_wire(project(row.attributes, paths))})
    return {"Responses": answers, **bill.answers()}


def _prepare_get(backend: Any, body: dict[str, Any]) -> tuple[str, Any, Any, Any]:
    rows = rows_of(backend.get_table(body["TableName"]))
    scope = Scope(body)
    paths = projection_of(body, scope)
    scope.check_all_used()
    return body["TableName"], rows, rows.schema.key_of_request(body["Key"]), paths
