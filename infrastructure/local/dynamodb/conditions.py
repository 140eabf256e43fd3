"""Key conditions: one hash key and a range of sort keys, as bounds in a sorted partition."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from infrastructure.local.dynamodb.errors import DynamoError, invalid
from infrastructure.local.dynamodb.keys import Key
from infrastructure.local.dynamodb.tokens import Path, Scope, Tokens
from infrastructure.local.dynamodb.values import sortable

_LABEL = "KeyConditionExpression"
_COMPARISONS = ("=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class _Part:
    """One key's condition as written: path, comparison, value names."""

    path: Path
    comparison: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class KeyConditions:
    """The hash key's content and the sort key's comparison (None: all)."""

    hash: Any
    comparison: str | None = None
    values: tuple[Any, ...] = ()

    def bounds(self, positions: list[Key], place: int) -> tuple[int, int]:
        """First and last + 1 in the positions; `place` is where in a position the sort key stands."""
        if self.comparison is None:
            return 0, len(positions)
        at: Callable[[Key], Any] = lambda position: position[place]  # noqa: E731
        low, high = 0, len(positions)
        first, last = self.values[0], self.values[-1]
        if self.comparison == "begins_with":
            length = len(first)
            low = bisect_left(positions, first, key=at)
            return low, bisect_right(positions, first, lo=low, key=lambda position: at(position)[:length])
        if self.comparison in ("=", ">=", "BETWEEN"):
            low = bisect_left(positions, first, key=at)
        elif self.comparison == ">":
            low = bisect_right(positions, first, key=at)
        if self.comparison in ("=", "<=", "BETWEEN"):
            high = bisect_right(positions, last, key=at)
        elif self.comparison == "<":
            high = bisect_left(positions, last, key=at)
        return low, high

    def contains(self, content: Any) -> bool:
        """Whether a sort key lies within the condition."""
        low, high = self.bounds([(content,)], 0)
        return low < high


@lru_cache(maxsize=512)
def _parsed(text: str) -> tuple[tuple[_Part, ...], frozenset[str]]:
    tokens = Tokens(text, _LABEL)
    parts = _conjunction(tokens)
    return tuple(parts), tokens.finish()


def _conjunction(tokens: Tokens) -> list[_Part]:
    parts = _part(tokens)
    while tokens.keyword("AND"):
        parts += _part(tokens)
    return parts


def _part(tokens: Tokens) -> list[_Part]:
    if tokens.peek() == "(":
        tokens.next()
        parts = _conjunction(tokens)
        tokens.expect(")")
        return parts
    if tokens.peek() == "begins_with" and tokens.peek(1) == "(":
        tokens.place += 2
        path = tokens.path()
        tokens.expect(",")
        value = tokens.value_name()
        tokens.expect(")")
        return [_Part(path, "begins_with", (value,))]
    if tokens.peek(1) == "(":
        raise invalid(f"Invalid {_LABEL}: Invalid function name; function: {tokens.peek()}")
    path = tokens.path()
    if tokens.keyword("BETWEEN"):
        low = tokens.value_name()
        tokens.expect("AND")
        return [_Part(path, "BETWEEN", (low, tokens.value_name()))]
    if tokens.peek() not in _COMPARISONS:
        raise _unsupported() if tokens.peek() else tokens.broken("")
    return [_Part(path, tokens.next(), (tokens.value_name(),))]


def _unsupported() -> DynamoError:
    return invalid("Query key condition not supported")


def key_conditions(
    body: dict[str, Any], scope: Scope, names: tuple[str, str | None], kinds: dict[str, str]
) -> KeyConditions:
    """The request's conditions on the key attributes `names`; raises a ValidationException as AWS words it."""
    text = body.get(_LABEL)
    if text is None:
        raise invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified")
    parts, placeholders = _parsed(text)
    scope.use(placeholders, _LABEL)
    by_name = {scope.resolve(part.path): part for part in parts}
    if len(by_name) != len(parts):
        raise invalid(f"Invalid {_LABEL}: KeyConditionExpressions must only contain one condition per key")
    hash_name, range_name = names
    hash_part = by_name.pop((hash_name,), None)
    if hash_part is None:
        raise invalid(f"Query condition missed key schema element: {hash_name}")
    if hash_part.comparison != "=":
        raise _unsupported()
    (hash_value,) = _contents(hash_part, hash_name, scope, kinds)
    if not by_name:
        return KeyConditions(hash_value)
    range_part = by_name.pop((range_name,), None) if range_name else None
    if range_name is None:
        raise _unsupported()
    if range_part is None or by_name:
        raise invalid(f"Query condition missed key schema element: {range_name}")
    values = _contents(range_part, range_name, scope, kinds)
    if range_part.comparison == "begins_with" and kinds[range_name] == "N":
        raise invalid(
            f"Invalid {_LABEL}: Incorrect operand type for operator or function; operator or function: "
            "begins_with, operand type: N"
        )
    if range_part.comparison == "BETWEEN" and values[0] > values[1]:
        raise invalid(
            f"Invalid {_LABEL}: The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
        )
    return KeyConditions(hash_value, range_part.comparison, values)


def _contents(part: _Part, name: str, scope: Scope, kinds: dict[str, str]) -> tuple[Any, ...]:
    values = [scope.values[value] for value in part.values]
    for value in values:
        if value[0] != kinds[name]:
            raise invalid(
                "One or more parameter values were invalid: Condition parameter type does not match schema type"
            )
        if value[1] in ("", b""):
            raise invalid(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain "
                f"an empty string value. Key: {name}"
            )
    return tuple(sortable(value) for value in values)
