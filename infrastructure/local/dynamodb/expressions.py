"""Condition, filter and projection expressions, compiled once per text to closures over (item, scope)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from infrastructure.local.dynamodb.errors import invalid
from infrastructure.local.dynamodb.limits import MAX_OPERATORS
from infrastructure.local.dynamodb.tokens import Path, Scope, Tokens, check_overlaps, look_up
from infrastructure.local.dynamodb.values import Attributes, Value, sortable, text_size

Reader = Callable[[Attributes, Scope], Value | None]
Test = Callable[[Attributes, Scope], bool]

_ORDERED = frozenset({"S", "N", "B"})
_SIZED = frozenset({"S", "B", "SS", "NS", "BS", "L", "M"})


@dataclass(frozen=True)
class Condition:
    """A compiled condition and the placeholders it refers to."""

    test: Test
    placeholders: frozenset[str]


@lru_cache(maxsize=2048)
def condition(text: str, label: str = "ConditionExpression") -> Condition:
    """Compile a condition or filter; raises a ValidationException as AWS words it."""
    parser = _Conditions(text, label)
    test = parser.either()
    if parser.operators > MAX_OPERATORS:
        raise invalid(
            f"Invalid {label}: The expression contains too many operators; operator count: {parser.operators}"
        )
    return Condition(test, parser.tokens.finish())


def condition_of(body: dict[str, Any], scope: Scope, label: str = "ConditionExpression") -> Test | None:
    """The request's compiled condition, if it has one."""
    text = body.get(label)
    if text is None:
        return None
    compiled = condition(text, label)
    scope.use(compiled.placeholders, label)
    return compiled.test


class _Conditions:
    """Recursive descent over OR, AND, NOT, comparisons and functions."""

    def __init__(self, text: str, label: str) -> None:
        self.tokens = Tokens(text, label)
        self.operators = 0
        self._closed_at: dict[int, int] = {}

    def either(self) -> Test:
        tests = [self._both()]
        while self.tokens.keyword("OR"):
            self.operators += 1
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda item, scope: any(test(item, scope) for test in tests)

    def _both(self) -> Test:
        tests = [self._not()]
        while self.tokens.keyword("AND"):
            self.operators += 1
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else lambda item, scope: all(test(item, scope) for test in tests)

    def _not(self) -> Test:
        if self.tokens.keyword("NOT"):
            self.operators += 1
            test = self._not()
            return lambda item, scope: not test(item, scope)
        return self._group() if self.tokens.peek() == "(" else self._simple()

    def _group(self) -> Test:
        opened = self.tokens.place
        self.tokens.expect("(")
        test = self.either()
        closed = self.tokens.place
        self.tokens.expect(")")
        if self._closed_at.get(opened + 1) == closed - 1:
            raise invalid(f"Invalid {self.tokens.label}: The expression has redundant parentheses;")
        self._closed_at[opened] = closed
        return test

    def _simple(self) -> Test:
        tokens = self.tokens
        self.operators += 1
        if tokens.peek(1) == "(" and tokens.peek() in _FUNCTIONS:
            return self._function(tokens.next())
        left = self._operand()
        if tokens.keyword("BETWEEN"):
            low = self._operand()
            tokens.expect("AND")
            return _between(left, low, self._operand())
        if tokens.keyword("IN"):
            return _in(left, self._arguments())
        comparison = _COMPARISONS.get(tokens.peek())
        if comparison is None:
            raise tokens.broken(tokens.peek())
        tokens.next()
        return comparison(left, self._operand())

    def _function(self, name: str) -> Test:
        if name in ("attribute_exists", "attribute_not_exists"):
            self.tokens.expect("(")
            read = path_reader(self.tokens.path())
            self.tokens.expect(")")
            wanted = name == "attribute_exists"
            return lambda item, scope: (read(item, scope) is not None) is wanted
        arguments = self._arguments()
        if len(arguments) != 2:
            raise invalid(
                f"Invalid {self.tokens.label}: Incorrect number of operands for operator or function; "
                f"operator or function: {name}, number of operands: {len(arguments)}"
            )
        test: Test = _FUNCTIONS[name](*arguments)
        return test

    def _arguments(self) -> list[Reader]:
        self.tokens.expect("(")
        readers = [self._operand()]
        while self.tokens.peek() == ",":
            self.tokens.next()
            readers.append(self._operand())
        self.tokens.expect(")")
        return readers

    def _operand(self) -> Reader:
        tokens = self.tokens
        if tokens.peek().startswith(":"):
            return value_reader(tokens.value_name())
        if tokens.peek() == "size" and tokens.peek(1) == "(":
            tokens.next()
            (argument,) = self._arguments()
            return _size(argument)
        if tokens.peek(1) == "(":
            raise invalid(f"Invalid {tokens.label}: Invalid function name; function: {tokens.peek()}")
        return path_reader(tokens.path())


def value_reader(name: str) -> Reader:
    """Reads a `:value`."""
    return lambda _item, scope: scope.values[name]


def path_reader(path: Path) -> Reader:
    """Reads a document path from the item."""
    first = path[0]
    if len(path) > 1:
        return lambda item, scope: look_up(item, scope.resolve(path))
    if isinstance(first, str) and first[0] == "#":
        return lambda item, scope: item.get(scope.names[first])
    return lambda item, _scope: item.get(first)  # type: ignore[arg-type]  # a path begins with a name


def _size(read: Reader) -> Reader:
    def size(item: Attributes, scope: Scope) -> Value | None:
        value = read(item, scope)
        if value is None or value[0] not in _SIZED:
            return None
        return ("N", str(text_size(value[1]) if value[0] == "S" else len(value[1])))

    return size


def _equal(left: Reader, right: Reader) -> Test:
    def test(item: Attributes, scope: Scope) -> bool:
        value = left(item, scope)
        return value is not None and value == right(item, scope)

    return test


def _unequal(left: Reader, right: Reader) -> Test:
    return lambda item, scope: left(item, scope) != right(item, scope)


def _ordering(holds: Callable[[Any, Any], bool]) -> Callable[[Reader, Reader], Test]:
    def compare(left: Reader, right: Reader) -> Test:
        def test(item: Attributes, scope: Scope) -> bool:
            one, other = left(item, scope), right(item, scope)
            if one is None or other is None or one[0] != other[0] or one[0] not in _ORDERED:
                return False
            return holds(sortable(one), sortable(other))

        return test

    return compare


_at_least = _ordering(lambda one, other: one >= other)
_at_most = _ordering(lambda one, other: one <= other)
_COMPARISONS: dict[str, Callable[[Reader, Reader], Test]] = {
    "=": _equal,
    "<>": _unequal,
    "<": _ordering(lambda one, other: one < other),
    ">": _ordering(lambda one, other: one > other),
    "<=": _at_most,
    ">=": _at_least,
}


def _between(read: Reader, low: Reader, high: Reader) -> Test:
    from_low, to_high = _at_least(read, low), _at_most(read, high)
    return lambda item, scope: from_low(item, scope) and to_high(item, scope)


def _in(read: Reader, members: list[Reader]) -> Test:
    tests = [_equal(read, member) for member in members]
    return lambda item, scope: any(test(item, scope) for test in tests)


def _begins_with(read: Reader, prefix: Reader) -> Test:
    def test(item: Attributes, scope: Scope) -> bool:
        value, start = read(item, scope), prefix(item, scope)
        if value is None or start is None or value[0] != start[0] or value[0] not in ("S", "B"):
            return False
        return bool(value[1].startswith(start[1]))

    return test


def _contains(read: Reader, member: Reader) -> Test:
    def test(item: Attributes, scope: Scope) -> bool:
        value, wanted = read(item, scope), member(item, scope)
        if value is None or wanted is None:
            return False
        if value[0] == "L":
            return wanted in value[1]
        if value[0] in ("SS", "NS", "BS"):
            return wanted[0] == value[0][0] and wanted[1] in value[1]
        return value[0] in ("S", "B") and value[0] == wanted[0] and wanted[1] in value[1]

    return test


def _has_type(read: Reader, kind: Reader) -> Test:
    def test(item: Attributes, scope: Scope) -> bool:
        value, wanted = read(item, scope), kind(item, scope)
        return value is not None and wanted is not None and value[0] == wanted[1]

    return test


_FUNCTIONS: dict[str, Any] = {
    "attribute_exists": None,
    "attribute_not_exists": None,
    "attribute_type": _has_type,
    "begins_with": _begins_with,
    "contains": _contains,
}


@lru_cache(maxsize=512)
def _projection(text: str) -> tuple[tuple[Path, ...], frozenset[str]]:
    tokens = Tokens(text, "ProjectionExpression")
    paths = [tokens.path()]
    while tokens.peek() == ",":
        tokens.next()
        paths.append(tokens.path())
    return tuple(paths), tokens.finish()


def projection_of(body: dict[str, Any], scope: Scope) -> list[Path] | None:
    """The resolved paths that a request asks for; None means everything."""
    text = body.get("ProjectionExpression")
    if text is None:
        legacy = body.get("AttributesToGet")
        return [(name,) for name in legacy] if legacy else None
    raw, placeholders = _projection(text)
    scope.use(placeholders, "ProjectionExpression")
    paths = [scope.resolve(path) for path in raw]
    check_overlaps(paths, "ProjectionExpression")
    return paths


def project(attributes: Attributes, paths: list[Path] | None) -> Attributes:
    """The parts of an item at these paths; selected list elements move together."""
    if paths is None:
        return attributes
    tree: dict[Any, Any] = {}
    for path in paths:
        branch = tree
        for step in path[:-1]:
            branch = branch.setdefault(step, {})
        branch[path[-1]] = None
    return _pick_map(attributes, tree)


def _pick_map(content: Attributes, tree: dict[Any, Any]) -> Attributes:
    picked = {name: _pick(content[name], branch) for name, branch in tree.items() if name in content}
    return {name: value for name, value in picked.items() if value is not None}


def _pick(value: Value, tree: dict[Any, Any] | None) -> Value | None:
    kind, content = value
    if tree is None:
        return value
    if kind == "M":
        inner = _pick_map(content, tree)
        return ("M", inner) if inner else None
    if kind != "L":
        return None
    wanted = sorted(step for step in tree if isinstance(step, int) and step < len(content))
    members = [member for step in wanted if (member := _pick(content[step], tree[step])) is not None]
    return ("L", members) if members else None
