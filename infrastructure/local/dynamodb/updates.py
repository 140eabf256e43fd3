"""Update expressions, compiled once per text; they make a new item and never change the old one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

from infrastructure.local.dynamodb.errors import UnfitItem, invalid
from infrastructure.local.dynamodb.expressions import Reader, path_reader, value_reader
from infrastructure.local.dynamodb.limits import normal_number
from infrastructure.local.dynamodb.tokens import Path, Scope, Tokens, look_up
from infrastructure.local.dynamodb.values import Attributes, Value

_WRONG_TYPE = "An operand in the update expression has an incorrect data type"
_NO_SUCH_PATH = "The document path provided in the update expression is invalid for update"
_NO_SUCH_ATTRIBUTE = "The provided expression refers to an attribute that does not exist in the item"
_LABEL = "UpdateExpression"
# wider than 38 digits, so that a result that does not fit is refused and not rounded
_WIDE = Context(prec=300)


@dataclass(frozen=True)
class Update:
    """A compiled update: its clauses' paths with what to write there, and the placeholders it refers to."""

    sets: tuple[tuple[Path, Reader], ...]
    adds: tuple[tuple[Path, str], ...]
    deletes: tuple[tuple[Path, str], ...]
    removes: tuple[Path, ...]
    placeholders: frozenset[str]

    def paths(self, scope: Scope) -> list[Path]:
        """All paths it writes, resolved."""
        written = [path for path, _ in (*self.sets, *self.adds, *self.deletes)]
        return [scope.resolve(path) for path in (*written, *self.removes)]


@lru_cache(maxsize=2048)
def update(text: str) -> Update:
    """Compile an update expression; raises a ValidationException as AWS words it."""
    tokens = Tokens(text, _LABEL)
    clauses: dict[str, Any] = {}
    while tokens.peek():
        word = tokens.next().upper()
        if word not in _CLAUSES:
            tokens.place -= 1
            raise tokens.broken(tokens.peek())
        if word in clauses:
            raise invalid(f'Invalid {_LABEL}: The "{word}" section can only be used once in an update expression;')
        clauses[word] = _listed(tokens, _CLAUSES[word])
    return Update(
        sets=clauses.get("SET", ()),
        adds=clauses.get("ADD", ()),
        deletes=clauses.get("DELETE", ()),
        removes=clauses.get("REMOVE", ()),
        placeholders=tokens.finish(),
    )


def _listed(tokens: Tokens, read: Callable[[Tokens], Any]) -> tuple[Any, ...]:
    found = [read(tokens)]
    while tokens.peek() == ",":
        tokens.next()
        found.append(read(tokens))
    return tuple(found)


def _set_clause(tokens: Tokens) -> tuple[Path, Reader]:
    path = tokens.path()
    tokens.expect("=")
    left = _operand(tokens)
    if tokens.peek() not in ("+", "-"):
        return path, left
    sign = 1 if tokens.next() == "+" else -1
    return path, _sum(left, _operand(tokens), sign)


def _value_clause(tokens: Tokens) -> tuple[Path, str]:
    return tokens.path(), tokens.value_name()


_CLAUSES: dict[str, Callable[[Tokens], Any]] = {
    "SET": _set_clause,
    "ADD": _value_clause,
    "DELETE": _value_clause,
    "REMOVE": lambda tokens: tokens.path(),
}


def _operand(tokens: Tokens) -> Reader:
    if tokens.peek().startswith(":"):
        return value_reader(tokens.value_name())
    if tokens.peek() == "(":
        tokens.next()
        read = _operand(tokens)
        tokens.expect(")")
        return read
    if tokens.peek(1) != "(":
        return _existing(path_reader(tokens.path()))
    function = tokens.next()
    if function not in ("if_not_exists", "list_append"):
        raise invalid(f"Invalid {_LABEL}: Invalid function name; function: {function}")
    tokens.expect("(")
    first = path_reader(tokens.path()) if function == "if_not_exists" else _operand(tokens)
    tokens.expect(",")
    second = _operand(tokens)
    tokens.expect(")")
    return _if_not_exists(first, second) if function == "if_not_exists" else _list_append(first, second)


def _existing(read: Reader) -> Reader:
    def existing(item: Attributes, scope: Scope) -> Value:
        value = read(item, scope)
        if value is None:
            raise UnfitItem(_NO_SUCH_ATTRIBUTE)
        return value

    return existing


def _if_not_exists(read: Reader, other: Reader) -> Reader:
    def first_there(item: Attributes, scope: Scope) -> Value | None:
        value = read(item, scope)
        return other(item, scope) if value is None else value

    return first_there


def _list_append(first: Reader, second: Reader) -> Reader:
    def joined(item: Attributes, scope: Scope) -> Value:
        one, other = first(item, scope), second(item, scope)
        if one is None or other is None or one[0] != "L" or other[0] != "L":
            raise UnfitItem(_WRONG_TYPE)
        return ("L", one[1] + other[1])

    return joined


def _sum(first: Reader, second: Reader, sign: int) -> Reader:
    def total(item: Attributes, scope: Scope) -> Value:
        return _added(first(item, scope), second(item, scope), sign)

    return total


def _added(one: Value | None, other: Value | None, sign: int = 1) -> Value:
    if one is None or other is None or one[0] != "N" or other[0] != "N":
        raise UnfitItem(_WRONG_TYPE)
    return ("N", normal_number(str(_WIDE.add(Decimal(one[1]), sign * Decimal(other[1])))))


def apply(plan: Update, attributes: Attributes, scope: Scope) -> Attributes:
    """The item after the update; every operand reads the item as it was.

    Raises UnfitItem when the stored item does not allow it.
    """
    written = [(scope.resolve(path), read(attributes, scope)) for path, read in plan.sets]
    result = dict(attributes)
    for path, value in written:
        _write(result, path, value)
    for path, name in plan.adds:
        steps = scope.resolve(path)
        _write(result, steps, _grown(look_up(attributes, steps), scope.values[name]))
    for path, name in plan.deletes:
        _shrink(result, scope.resolve(path), scope.values[name])
    # from the last list element to the first, so that the numbers of those to come stay true
    for path in sorted((scope.resolve(path) for path in plan.removes), key=_by_last_index, reverse=True):
        _write(result, path, None)
    return result


def _by_last_index(path: Path) -> int:
    return path[-1] if isinstance(path[-1], int) else -1


def _grown(value: Value | None, more: Value) -> Value:
    kind, content = more
    if kind not in ("N", "SS", "NS", "BS"):
        raise UnfitItem(_WRONG_TYPE)
    if value is None:
        return more
    if kind == "N":
        return _added(value, more)
    if value[0] != kind:
        raise UnfitItem(_WRONG_TYPE)
    return (kind, value[1] | content)


def _shrink(result: Attributes, path: Path, less: Value) -> None:
    value = look_up(result, path)
    if less[0] not in ("SS", "NS", "BS") or (value is not None and value[0] != less[0]):
        raise UnfitItem(_WRONG_TYPE)
    if value is not None:
        _write(result, path, (less[0], value[1] - less[1]) if value[1] - less[1] else None)


def _write(container: Any, path: Path, value: Value | None) -> None:
    """Set or remove (None) in a container of our own; what lies below is copied along the path."""
    step, rest = path[0], path[1:]
    if not rest:
        _write_here(container, step, value)
        return
    kind, content = _child(container, step)
    if kind not in ("M", "L") or isinstance(rest[0], str) != (kind == "M"):
        raise UnfitItem(_NO_SUCH_PATH)
    copied = content.copy()
    _write(copied, rest, value)
    container[step] = (kind, copied)


def _child(container: Any, step: str | int) -> Value:
    try:
        child: Value = container[step]
    except (KeyError, IndexError) as missing:
        raise UnfitItem(_NO_SUCH_PATH) from missing
    return child


def _write_here(container: Any, step: str | int, value: Value | None) -> None:
    if isinstance(container, dict):
        if value is None:
            container.pop(step, None)
        else:
            container[step] = value
    elif isinstance(step, int) and step < len(container):
        if value is None:
            del container[step]
        else:
            container[step] = value
    elif value is not None:
        container.append(value)
