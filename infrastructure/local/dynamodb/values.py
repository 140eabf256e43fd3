"""Attribute values: DynamoDB's JSON on the wire, compact immutable tuples `(type, content)` in the store.

A number's content is its canonical text, a set's a frozenset, a list's a list and a map's a dict of values; none is
ever changed in place, so items may share them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from decimal import Decimal
from sys import intern
from typing import Any

from infrastructure.local.dynamodb.errors import DynamoError, invalid
from infrastructure.local.dynamodb.limits import MAX_NESTING, normal_number, number_size

Value = tuple[str, Any]
Attributes = dict[str, Value]
Wire = dict[str, Any]
Sortable = Any  # str, Decimal or bytes: one type per key attribute

_WRONG = "One or more parameter values were invalid"
_TOO_DEEP = "Nesting Levels have exceeded supported limits: more than 32 levels of nested attributes"


def to_value(wire: Any, depth: int = 0) -> Value:
    """Read one attribute value; raises a ValidationException for what AWS refuses."""
    if not isinstance(wire, dict) or len(wire) != 1:
        how_many = "empty" if not wire else "more than one datatypes set"
        raise invalid(f"Supplied AttributeValue is {how_many}, must contain exactly one of the supported datatypes")
    ((kind, content),) = wire.items()
    if kind == "S" and type(content) is str:
        return ("S", content)
    reader = _READERS.get(kind)
    if reader is None:
        raise invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
    return (intern(kind), reader(content, depth))


def to_attributes(wire: Wire) -> Attributes:
    """Read an item or a key."""
    return {intern(name): to_value(value) for name, value in wire.items()}


def _text(content: Any, _depth: int) -> str:
    if not isinstance(content, str):
        raise DynamoError("SerializationException", "NUMBER_VALUE cannot be converted to String")
    return content


def _number(content: Any, _depth: int) -> str:
    return normal_number(_text(content, 0))


def _bytes(content: Any, _depth: int) -> bytes:
    if isinstance(content, bytes):
        return content
    try:
        return base64.b64decode(_text(content, 0), validate=True)
    except binascii.Error as broken:
        raise DynamoError("SerializationException", "Invalid Base64") from broken


def _bool(content: Any, _depth: int) -> bool:
    if not isinstance(content, bool):
        raise DynamoError("SerializationException", "Unexpected token received from parser")
    return content


def _null(content: Any, _depth: int) -> bool:
    if content is not True:
        raise invalid(f"{_WRONG}: Null attribute value types must have the value of true")
    return True


def _list(content: Any, depth: int) -> list[Value]:
    if depth >= MAX_NESTING:
        raise invalid(_TOO_DEEP)
    return [to_value(value, depth + 1) for value in content]


def _map(content: Any, depth: int) -> Attributes:
    if depth >= MAX_NESTING:
        raise invalid(_TOO_DEEP)
    return {intern(name): to_value(value, depth + 1) for name, value in content.items()}


def _set(member: Callable[[Any, int], Any], words: str) -> Callable[[Any, int], frozenset[Any]]:
    def read(content: Any, _depth: int) -> frozenset[Any]:
        members = frozenset(member(value, 0) for value in content)
        if not members:
            raise invalid(f"{_WRONG}: An {words} set  may not be empty")
        if len(members) != len(content):
            raise invalid(f"{_WRONG}: Input collection {content} contains duplicates.")
        return members

    return read


_READERS: dict[str, Callable[[Any, int], Any]] = {
    "S": _text,
    "N": _number,
    "B": _bytes,
    "BOOL": _bool,
    "NULL": _null,
    "L": _list,
    "M": _map,
    "SS": _set(_text, "string"),
    "NS": _set(_number, "number"),
    "BS": _set(_bytes, "binary"),
}


def to_wire(attributes: Attributes) -> Wire:
    """A fresh wire form; binary content stays bytes."""
    return {
        name: {value[0]: value[1]} if value[0] in _PLAIN else _nested(value) for name, value in attributes.items()
    }


_PLAIN = frozenset({"S", "N", "BOOL", "NULL", "B"})


def value_to_wire(value: Value) -> Wire:
    """A fresh wire form of one value."""
    return {value[0]: value[1]} if value[0] in _PLAIN else _nested(value)


def _nested(value: Value) -> Wire:
    kind, content = value
    if kind == "M":
        return {"M": to_wire(content)}
    if kind == "L":
        return {"L": [value_to_wire(member) for member in content]}
    return {kind: sorted(content)}


def sortable(value: Value) -> Sortable:
    """What orders a key attribute as DynamoDB does: code points, numbers or unsigned bytes."""
    return Decimal(value[1]) if value[0] == "N" else value[1]


def size_of(attributes: Attributes) -> int:
    """An item's size in bytes by AWS's rules (names and contents)."""
    return sum(text_size(name) + value_size(value) for name, value in attributes.items())


def text_size(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def value_size(value: Value) -> int:
    """One value's size in bytes."""
    kind, content = value
    if kind == "S":
        return text_size(content)
    if kind == "N":
        return number_size(content)
    if kind == "B":
        return len(content)
    if kind == "M":
        return 3 + len(content) + size_of(content)
    if kind == "L":
        return 3 + len(content) + sum(value_size(member) for member in content)
    if kind in ("SS", "NS", "BS"):
        return sum(value_size((kind[0], member)) for member in content)
    return 1
