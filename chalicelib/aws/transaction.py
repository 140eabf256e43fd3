"""Writes that stores hand out and use cases commit together.

A cancelled transaction is read by its reasons, one per action: a failed condition is an answer and raises the error
that the write names; conflicts and throttling are retried with full jitter (the SDK retries neither, see the
TransactWriteItems reference, "TransactionCanceledException").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.aws import clock
from chalicelib.aws.clients import client, code
from chalicelib.aws.dynamodb import Expression, Key, Value, typed_item

Refusal = Callable[[], Exception]

MAX_WRITES = 100
_ATTEMPTS = 8
_UNDER_WAY = ("TransactionInProgressException",)
_RETRIED = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_RETRIED_ERRORS = {
    "TransactionConflictException",
    "TransactionInProgressException",
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
}


class WriteRefused(Exception):
    """A condition failed on a write that names no error of its own."""


class StillContended(Exception):
    """A transaction met conflicts or throttling eight times."""


@dataclass(frozen=True)
class Write:
    """One action of a transaction, with the error that its failed condition means."""

    kind: Literal["Put", "Update", "Delete", "ConditionCheck"]
    request: Mapping[str, Any]
    refusal: Refusal = WriteRefused


def put(
    table: str, item: Mapping[str, Value | None], condition: Expression | None = None, refusal: Refusal = WriteRefused
) -> Write:
    """Write an item as a whole."""
    request = {"TableName": table, "Item": typed_item(item)}
    return Write("Put", request | _condition(condition), refusal)


def update(
    table: str,
    key: Key,
    values: Mapping[str, Value | None],
    condition: Expression | None = None,
    refusal: Refusal = WriteRefused,
    *,
    count: str | None = None,
    add: Mapping[str, int] | None = None,
) -> Write:
    """Set attributes of an item, remove those whose value is None, add 1 to the number named by `count`, and to
    other numbers what `add` says."""
    names = {f"#u{n}": name for n, name in enumerate(values)}
    placeholders = {name: alias for alias, name in names.items()}
    kept = {f":u{n}": value for n, value in enumerate(values.values()) if value is not None}
    clauses = []
    sets = [f"#u{n} = :u{n}" for n, value in enumerate(values.values()) if value is not None]
    removes = [placeholders[name] for name, value in values.items() if value is None]
    if sets:
        clauses.append("SET " + ", ".join(sets))
    if removes:
        clauses.append("REMOVE " + ", ".join(removes))
    added = {**({count: 1} if count else {}), **(add or {})}
    if added:
        clauses.append("ADD " + ", ".join(f"#n{n} :n{n}" for n in range(len(added))))
        names |= {f"#n{n}": name for n, name in enumerate(added)}
        kept |= {f":n{n}": number for n, number in enumerate(added.values())}
    combined = Expression(
        condition.text if condition else "",
        {**names, **(condition.names if condition else {})},
        {**kept, **(condition.values if condition else {})},
    )
    request: dict[str, Any] = {"TableName": table, "Key": typed_item(key), "UpdateExpression": " ".join(clauses)}
    request |= combined.parameters("ConditionExpression")
    if condition is None:
        del request["ConditionExpression"]
    return Write("Update", request, refusal)


def delete(table: str, key: Key, condition: Expression | None = None, refusal: Refusal = WriteRefused) -> Write:
    """Remove an item."""
    return Write("Delete", {"TableName": table, "Key": typed_item(key)} | _condition(condition), refusal)


def check(table: str, key: Key, condition: Expression, refusal: Refusal = WriteRefused) -> Write:
    """Demand a condition of an item that the transaction doesn't write."""
    return Write("ConditionCheck", {"TableName": table, "Key": typed_item(key)} | _condition(condition), refusal)


def absent(attribute: str) -> Expression:
    """The condition that an item (by its key attribute) or one of its attributes doesn't exist."""
    return Expression("attribute_not_exists(#a)", {"#a": attribute})


def present(attribute: str) -> Expression:
    """The condition that an item (by its key attribute) or one of its attributes exists."""
    return Expression("attribute_exists(#a)", {"#a": attribute})


def commit(writes: Sequence[Write]) -> None:
    """Carry out all writes or none.

    Raises the refusal of the first write whose condition failed, StillContended after eight conflicts, and the
    SDK's ClientError for anything else.
    """
    from botocore.exceptions import ClientError

    token = clock.new_id()
    for attempt in range(_ATTEMPTS):
        try:
            return _send(writes, token)
        except ClientError as error:
            if not _is_passing(error, writes):
                raise
            if code(error) not in _UNDER_WAY:
                token = clock.new_id()
        clock.sleep(clock.jitter(min(1.0, 0.025 * 2**attempt)))
    raise StillContended(f"{len(writes)} writes met conflicts {_ATTEMPTS} times")


def _send(writes: Sequence[Write], token: str) -> None:
    if len(writes) == 1 and "ConditionExpression" not in writes[0].request:
        _send_alone(writes[0])
        return
    # the token lets a repeat of a request whose answer was lost succeed, where its own effect would refuse it
    client("dynamodb").transact_write_items(
        TransactItems=[{write.kind: dict(write.request)} for write in writes], ClientRequestToken=token
    )


def alone(write: Write) -> None:
    """Carry out one write by itself, which costs half of what a transaction does and conflicts with nothing.

    Raises the write's refusal. Where the answer is lost the SDK writes again: only for what may be done twice.
    """
    from botocore.exceptions import ClientError

    try:
        _send_alone(write)
    except ClientError as error:
        if code(error) != "ConditionalCheckFailedException":
            raise
        raise write.refusal() from error


def _send_alone(write: Write) -> None:
    methods = {"Put": "put_item", "Update": "update_item", "Delete": "delete_item"}
    getattr(client("dynamodb"), methods[write.kind])(**write.request)


def _is_passing(error: Any, writes: Sequence[Write]) -> bool:
    """Whether the error may go away by itself; raises the refusal of a failed condition."""
    if code(error) in _RETRIED_ERRORS:
        return True
    if code(error) != "TransactionCanceledException":
        return False
    reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
    for write, reason in zip(writes, reasons, strict=False):
        if reason == "ConditionalCheckFailed":
            raise write.refusal() from error
    return any(reason in _RETRIED for reason in reasons)


def _condition(condition: Expression | None) -> dict[str, Any]:
    return condition.parameters("ConditionExpression") if condition else {}
