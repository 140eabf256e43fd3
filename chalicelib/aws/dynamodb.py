"""DynamoDB requests in plain Python values: text, whole numbers, truth values and lists of text.

Users' data never becomes a DynamoDB map or number: it is JSON text in one attribute (DynamoDB trims and bounds
numbers and nests 32 levels).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.aws import clock
from chalicelib.aws.clients import client

Value = str | int | bool | list[str]
Item = dict[str, Any]
Key = dict[str, str]


MOST_KEYS = 100
"""How many items one request reads."""
_BATCH_TRIES = 8


class Throttled(Exception):
    """DynamoDB keeps leaving a part of a batch unread."""


@dataclass(frozen=True)
class Expression:
    """A DynamoDB expression with its placeholders' names and values."""

    text: str
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)

    def parameters(self, member: str) -> dict[str, Any]:
        """As request members, the expression itself under the given one."""
        parameters: dict[str, Any] = {member: self.text}
        if self.names:
            parameters["ExpressionAttributeNames"] = dict(self.names)
        if self.values:
            parameters["ExpressionAttributeValues"] = {name: typed(value) for name, value in self.values.items()}
        return parameters


@dataclass(frozen=True)
class Page:
    """A page of a query, and where the next one begins."""

    items: list[Item]
    next_key: Key | None


def typed(value: Value) -> dict[str, Any]:
    """A value in DynamoDB's typed form."""
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": value}
    return {"L": [{"S": text} for text in value]}


def plain(value: Mapping[str, Any]) -> Any:
    """A value out of DynamoDB's typed form."""
    ((kind, content),) = value.items()
    if kind == "N":
        return int(content)
    if kind == "L":
        return [plain(entry) for entry in content]
    return content


def typed_item(item: Mapping[str, Value | None]) -> dict[str, Any]:
    """An item in typed form; attributes that are None are left out."""
    return {name: typed(value) for name, value in item.items() if value is not None}


def plain_item(item: Mapping[str, Any]) -> Item:
    """An item out of typed form."""
    return {name: plain(value) for name, value in item.items()}


def get(table: str, key: Key, *, consistent: bool = True) -> Item | None:
    """One item, or None."""
    answer = client("dynamodb").get_item(TableName=table, Key=typed_item(key), ConsistentRead=consistent)
    return plain_item(answer["Item"]) if "Item" in answer else None


def batch_get(table: str, keys: Sequence[Key], *, consistent: bool = True) -> list[Item]:
    """Up to any number of items, those that exist, in the order of the keys; one request per MOST_KEYS keys."""
    found: list[Item] = []
    for start in range(0, len(keys), MOST_KEYS):
        wanted: dict[str, Any] = {
            table: {
                "Keys": [typed_item(key) for key in keys[start : start + MOST_KEYS]],
                "ConsistentRead": consistent,
            }
        }
        found += _batch(table, wanted)
    names = list(keys[0]) if keys else []
    by_key = {tuple(item[name] for name in names): item for item in found}
    order = [tuple(key[name] for name in names) for key in keys]
    return [by_key[key] for key in order if key in by_key]


def _batch(table: str, wanted: dict[str, Any]) -> list[Item]:
    found: list[Item] = []
    for attempt in range(_BATCH_TRIES):
        answer = client("dynamodb").batch_get_item(RequestItems=wanted)
        found += [plain_item(item) for item in answer["Responses"].get(table, [])]
        wanted = answer.get("UnprocessedKeys") or {}
        if not wanted:
            return found
        clock.sleep(clock.jitter(min(1.0, 0.05 * 2**attempt)))
    raise Throttled(f"{table} left keys of a batch unread {_BATCH_TRIES} times")


def query_page(
    table: str,
    condition: Expression,
    *,
    index: str | None = None,
    consistent: bool = False,
    forward: bool = True,
    limit: int | None = None,
    start: Key | None = None,
) -> Page:
    """One page (at most `limit` items or 1 MB) of a query."""
    request: dict[str, Any] = {"TableName": table, "ScanIndexForward": forward}
    request |= condition.parameters("KeyConditionExpression")
    if index:
        request["IndexName"] = index
    if consistent:
        request["ConsistentRead"] = True
    if limit:
        request["Limit"] = limit
    if start:
        request["ExclusiveStartKey"] = typed_item(start)
    answer = client("dynamodb").query(**request)
    last = answer.get("LastEvaluatedKey")
    return Page([plain_item(item) for item in answer["Items"]], plain_item(last) if last else None)


def query(table: str, condition: Expression, **options: Any) -> Iterator[Item]:
    """All items of a query, page after page."""
    start: Key | None = None
    while True:
        page = query_page(table, condition, start=start, **options)
        yield from page.items
        start = page.next_key
        if start is None:
            return


def count(table: str, condition: Expression) -> int:
    """How many items a query finds, strongly consistent."""
    request: dict[str, Any] = {"TableName": table, "Select": "COUNT", "ConsistentRead": True}
    request |= condition.parameters("KeyConditionExpression")
    found = 0
    while True:
        answer = client("dynamodb").query(**request)
        found += int(answer["Count"])
        if "LastEvaluatedKey" not in answer:
            return found
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def equals(attribute: str, value: Value) -> Expression:
    """The key condition that an attribute has a value."""
    return Expression("#k = :k", {"#k": attribute}, {":k": value})


def begins(partition: tuple[str, str], sort: tuple[str, str]) -> Expression:
    """The key condition of one partition and a prefix of its sort key, each as (attribute, value)."""
    return Expression(
        "#k = :k AND begins_with(#s, :s)", {"#k": partition[0], "#s": sort[0]}, {":k": partition[1], ":s": sort[1]}
    )


def since(partition: tuple[str, str], sort: tuple[str, str]) -> Expression:
    """The key condition of one partition and a least value of its sort key, each as (attribute, value)."""
    return Expression(
        "#k = :k AND #s >= :s", {"#k": partition[0], "#s": sort[0]}, {":k": partition[1], ":s": sort[1]}
    )
