"""AWS's event pattern language, as EventBridge rules and Lambda event filters share it.

Source: the EventBridge user guide, "Comparison operators for use in event patterns".
"""

from __future__ import annotations

import ipaddress
import json
import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_ABSENT = object()
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


class InvalidPattern(ValueError):
    """The text is not an event pattern."""


@lru_cache(maxsize=1024)
def parse_pattern(text: str) -> dict[str, Any]:
    """Read a pattern; raises InvalidPattern. The result is shared: don't change it."""
    try:
        pattern = json.loads(text)
    except ValueError as error:
        raise InvalidPattern(f"Event pattern is not valid JSON: {error}") from error
    _check(pattern, "pattern")
    return dict(pattern)


def _check(pattern: Any, where: str) -> None:
    if not isinstance(pattern, dict):
        raise InvalidPattern(f"{where} must be an object")
    for name, wanted in pattern.items():
        if name == "$or":
            if not isinstance(wanted, list):
                raise InvalidPattern("$or must be an array of patterns")
            for choice in wanted:
                _check(choice, "$or")
        elif isinstance(wanted, dict):
            _check(wanted, name)
        elif not isinstance(wanted, list) or not wanted:
            raise InvalidPattern(f"{name!r} must be an object or a non-empty array")
        else:
            for choice in wanted:
                _check_choice(choice)


def _check_choice(choice: Any) -> None:
    if isinstance(choice, list):
        raise InvalidPattern("Match value must be String, number, true, false, or null")
    for name, argument in choice.items() if isinstance(choice, dict) else ():
        if name not in _OPERATORS:
            raise InvalidPattern(f"Unrecognized match type {name}")
        if name == "numeric":
            _check_numeric(argument)
        if name == "exists" and not isinstance(argument, bool):
            raise InvalidPattern("exists match pattern must be either true or false.")


def _check_numeric(argument: Any) -> None:
    if not isinstance(argument, list) or len(argument) not in (2, 4):
        raise InvalidPattern("Value of numeric must be an array of one or two comparisons")
    for comparison, bound in zip(argument[::2], argument[1::2], strict=True):
        if comparison not in _COMPARISONS or isinstance(bound, bool) or not isinstance(bound, int | float):
            raise InvalidPattern(f"Unrecognized numeric range operator or bound: {comparison} {bound}")


def matches(pattern: dict[str, Any], event: Any) -> bool:
    """Whether an event has everything that a pattern asks for."""
    for name, wanted in pattern.items():
        if name == "$or":
            if not any(matches(choice, event) for choice in wanted):
                return False
            continue
        value = event.get(name, _ABSENT) if isinstance(event, dict) else _ABSENT
        if not (_nested(wanted, value) if isinstance(wanted, dict) else _leaf(wanted, value)):
            return False
    return True


def _nested(wanted: dict[str, Any], value: Any) -> bool:
    if isinstance(value, list):
        return any(matches(wanted, element) for element in value)
    return matches(wanted, value)


def _leaf(choices: list[Any], value: Any) -> bool:
    # a node with members of its own is no leaf, so for a pattern it isn't there
    values = [element for element in (value if isinstance(value, list) else [value]) if not isinstance(element, dict)]
    if not values:
        values = [_ABSENT]
    return any(_choice(choice, candidate) for choice in choices for candidate in values)


def _choice(choice: Any, value: Any) -> bool:
    if not isinstance(choice, dict):
        return _same(choice, value)
    return all(_operator(name, argument, value) for name, argument in choice.items())


def _same(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    return bool(wanted == value)


def _operator(name: str, argument: Any, value: Any) -> bool:
    if name == "exists":
        return (value is not _ABSENT) is bool(argument)
    if value is _ABSENT:
        return False
    if name == "anything-but":
        return not any(_choice(unwanted, value) for unwanted in _listed(argument))
    if name == "numeric":
        return _numeric(argument, value)
    if not isinstance(value, str):
        return False
    test = _TEXT_TESTS.get(name)
    return test is not None and any(_text(test, wanted, value) for wanted in _listed(argument))


def _listed(argument: Any) -> list[Any]:
    """`{"prefix": ["a", "b"]}` is short for a list of two operators, also inside anything-but."""
    if isinstance(argument, dict):
        return [{name: one} for name, many in argument.items() for one in _listed(many)]
    return argument if isinstance(argument, list) else [argument]


def _text(test: Callable[[str, str], bool], wanted: Any, value: str) -> bool:
    if isinstance(wanted, dict) and isinstance(wanted.get("equals-ignore-case"), str):
        return test(wanted["equals-ignore-case"].lower(), value.lower())
    return isinstance(wanted, str) and test(wanted, value)


def _numeric(argument: list[Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    pairs = zip(argument[::2], argument[1::2], strict=True)
    return all(_COMPARISONS[comparison](value, bound) for comparison, bound in pairs)


def _wildcard(wanted: str, value: str) -> bool:
    return _wildcard_expression(wanted).fullmatch(value) is not None


@lru_cache(maxsize=256)
def _wildcard_expression(wanted: str) -> re.Pattern[str]:
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", wanted)
    return re.compile("".join(".*" if part == "*" else re.escape(_unescaped(part)) for part in parts), re.DOTALL)


def _unescaped(part: str) -> str:
    return part[1:] if len(part) == 2 and part[0] == "\\" and part[1] in "*\\" else part


def _in_network(wanted: str, value: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted)
    except ValueError:
        return False


_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "prefix": lambda wanted, value: value.startswith(wanted),
    "suffix": lambda wanted, value: value.endswith(wanted),
    "equals-ignore-case": lambda wanted, value: value.lower() == wanted.lower(),
    "wildcard": _wildcard,
    "cidr": _in_network,
}
_OPERATORS = frozenset({"exists", "anything-but", "numeric", *_TEXT_TESTS})
