"""A table's key schema: reads keys from items and requests and refuses what AWS refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infrastructure.local.dynamodb.errors import DynamoError, invalid
from infrastructure.local.dynamodb.limits import MAX_HASH_KEY_BYTES, MAX_RANGE_KEY_BYTES
from infrastructure.local.dynamodb.values import Attributes, Value, Wire, sortable, to_attributes, value_size

Key = tuple[Any, ...]
"""Sortable contents: (hash,) or (hash, range)."""

_NO_MATCH = "The provided key element does not match the schema"
_ONE = "One or more parameter values"


@dataclass(frozen=True)
class IndexKey:
    """One key attribute of a secondary index."""

    index: str
    name: str
    kind: str
    limit: int


class Schema:
    """Key attributes of a moto table and of its indexes."""

    def __init__(self, table: Any, known: dict[str, str]) -> None:
        # UpdateTable names the attributes of a new index only, and moto forgets the others
        self.kinds = {**known, **{one["AttributeName"]: one["AttributeType"] for one in table.attr}}
        self.hash_name: str = table.hash_key_attr
        self.range_name: str | None = table.range_key_attr
        self.names = [self.hash_name] if self.range_name is None else [self.hash_name, self.range_name]
        self._limits = (MAX_HASH_KEY_BYTES, MAX_RANGE_KEY_BYTES)
        self._own = [(name, self.kinds[name], limit) for name, limit in zip(self.names, self._limits, strict=False)]
        self._of_indexes = [
            IndexKey(index.name, part["AttributeName"], self.kinds[part["AttributeName"]], limit)
            for index in [*table.global_indexes, *table.indexes]
            for part, limit in zip(index.schema, self._limits, strict=False)
            if part["AttributeName"] not in self.names
        ]

    def key_of_request(self, wire: Wire) -> Key:
        """The key in a request's `Key`."""
        if not isinstance(wire, dict) or len(wire) != len(self.names) or any(n not in wire for n in self.names):
            raise invalid(_NO_MATCH)
        return self._key(to_attributes(wire), _NO_MATCH)

    def key_of_item(self, attributes: Attributes) -> Key:
        """The key in a whole item, whose index keys are checked too."""
        for name in self.names:
            if name not in attributes:
                raise invalid(f"{_ONE} were invalid: Missing the key {name} in the item")
        key = self._key(attributes, None)
        for part in self._of_indexes:
            value = attributes.get(part.name)
            if value is not None and (value[0] != part.kind or not value[1] or part.kind == "S"):
                _check_index_key(part, value)
        return key

    def _key(self, attributes: Attributes, mismatch: str | None) -> Key:
        key = []
        for name, kind, limit in self._own:
            value = attributes[name]
            if value[0] != kind:
                raise invalid(
                    mismatch
                    or f"{_ONE} were invalid: Type mismatch for key {name} expected: {kind} actual: {value[0]}"
                )
            if kind == "N":
                key.append(sortable(value))
                continue
            if not value[1]:
                raise _empty(name, kind)
            if len(value[1]) * 4 > limit and value_size(value) > limit:
                raise _too_long(limit)
            key.append(value[1])
        return tuple(key)

    def wire_of(self, attributes: Attributes) -> Wire:
        """The table's key attributes of an item, on the wire."""
        return {name: {attributes[name][0]: attributes[name][1]} for name in self.names}


def _empty(name: str, kind: str) -> DynamoError:
    content = "string" if kind == "S" else "binary"
    return invalid(
        f"{_ONE} are not valid. The AttributeValue for a key attribute cannot contain an empty {content} value. "
        f"Key: {name}"
    )


def _too_long(limit: int) -> DynamoError:
    if limit == MAX_HASH_KEY_BYTES:
        return invalid(f"{_ONE} were invalid: Size of hashkey has exceeded the maximum size limit of{limit} bytes")
    return invalid(
        f"{_ONE} were invalid: Aggregated size of all range keys has exceeded the size limit of {limit} bytes"
    )


def _check_index_key(part: IndexKey, value: Value) -> None:
    if value[0] != part.kind:
        raise invalid(
            f"{_ONE} were invalid: Type mismatch for Index Key {part.name} Expected: {part.kind} "
            f"Actual: {value[0]} IndexName: {part.index}"
        )
    if not value[1]:
        raise invalid(
            f"{_ONE} are not valid. A value specified for a secondary index key is not supported. The AttributeValue "
            f"for a key attribute cannot contain an empty string value. IndexName: {part.index}, "
            f"IndexKey: {part.name}"
        )
    if value_size(value) > part.limit:
        raise _too_long(part.limit)
