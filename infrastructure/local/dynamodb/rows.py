"""One item as it is stored."""

from __future__ import annotations

from infrastructure.local.dynamodb.keys import Key
from infrastructure.local.dynamodb.values import Attributes, size_of


class Row:
    """One version of an item; never changed."""

    __slots__ = ("attributes", "key", "size")

    def __init__(self, key: Key, attributes: Attributes) -> None:
        self.key = key
        self.attributes = attributes
        self.size = size_of(attributes)
