"""Event patterns: those that users write, judged before AWS is asked, and the one that an S3 trigger means.

Source: the EventBridge user guide, "Comparison operators for use in event patterns".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from chalicelib.web.documents import compact
from chalicelib.web.errors import BadRequestError, shown

MAX_CHARACTERS = 2_048
"""EventBridge's default quota for a pattern."""

_COMPARISONS = ("<", "<=", "=", ">=", ">")
_FIELD = "EventPattern.Pattern"


def s3_pattern(bucket: str, prefix: str, suffix: str) -> dict[str, Any]:
    """What EventBridge tells of objects that are created in a bucket, under a prefix and with a suffix."""
    detail: dict[str, Any] = {"bucket": {"name": [bucket]}}
    if prefix and suffix:
        # two entries in a list mean either; both at once is said by one wildcard
        detail["object"] = {"key": [{"wildcard": f"{_literal(prefix)}*{_literal(suffix)}"}]}
    elif prefix or suffix:
        detail["object"] = {"key": [{"prefix": prefix} if prefix else {"suffix": suffix}]}
    return {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("*", "\\*")


def check(pattern: dict[str, Any]) -> None:
    """Raise BadRequestError naming the member unless this is an event pattern."""
    size = len(compact(pattern))
    if size > MAX_CHARACTERS:
        raise BadRequestError(f"{_FIELD}: the pattern has {size} characters; it may have {MAX_CHARACTERS}")
    _check_object(pattern, _FIELD)


def _check_object(pattern: Any, field: str) -> None:
    if not isinstance(pattern, dict) or not pattern:
        raise _wrong(field, "an object that isn't empty is expected")
    for name, wanted in pattern.items():
        below = f"{field}.{shown(name)[1:-1]}"
        if name == "$or":
            _check_alternatives(wanted, below)
        elif isinstance(wanted, dict):
            _check_object(wanted, below)
        else:
            _check_choices(wanted, below)


def _check_alternatives(wanted: Any, field: str) -> None:
    if not isinstance(wanted, list) or len(wanted) < 2:
        raise _wrong(field, "a list of at least two patterns is expected")
    for alternative in wanted:
        _check_object(alternative, field)


def _check_choices(choices: Any, field: str) -> None:
    if not isinstance(choices, list) or not choices:
        raise _wrong(field, "an object, or a list that isn't empty, is expected")
    for choice in choices:
        if isinstance(choice, list):
            raise _wrong(field, "a list holds values and operators, no lists")
        if isinstance(choice, dict):
            _check_operator(choice, field)


def _check_operator(choice: dict[str, Any], field: str) -> None:
    if len(choice) != 1:
        raise _wrong(field, "an operator is an object of one member")
    ((name, argument),) = choice.items()
    fits = _OPERATORS.get(name)
    if fits is None:
        raise _wrong(field, f"{shown(name)} is no operator; there are {', '.join(_OPERATORS)}")
    if not fits(argument):
        raise _wrong(field, f"{name}: {shown(argument)} is nothing it takes")


def _is_text(argument: Any) -> bool:
    return isinstance(argument, str) and argument != ""


def _is_affix(argument: Any) -> bool:
    if isinstance(argument, dict):
        return list(argument) == ["equals-ignore-case"] and _is_text(argument["equals-ignore-case"])
    return _is_text(argument)


def _is_wildcard(argument: Any) -> bool:
    return _is_text(argument) and "**" not in argument.replace("\\*", "")


def _is_network(argument: Any) -> bool:
    try:
        ipaddress.ip_network(argument)
    except (ValueError, TypeError):
        return False
    return isinstance(argument, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_numeric(argument: Any) -> bool:
    if not isinstance(argument, list) or len(argument) not in (2, 4):
        return False
    return all(comparison in _COMPARISONS for comparison in argument[::2]) and all(map(_is_number, argument[1::2]))


def _is_unwanted(argument: Any) -> bool:
    if isinstance(argument, dict):
        names = ("prefix", "suffix", "wildcard", "equals-ignore-case")
        return len(argument) == 1 and all(
            name in names and all(map(_is_text, _listed(value))) and _listed(value)
            for name, value in argument.items()
        )
    return bool(_listed(argument)) and all(isinstance(value, str) or _is_number(value) for value in _listed(argument))


def _listed(argument: Any) -> list[Any]:
    return argument if isinstance(argument, list) else [argument]


_OPERATORS: dict[str, Callable[[Any], bool]] = {
    "prefix": _is_affix,
    "suffix": _is_affix,
    "equals-ignore-case": _is_text,
    "wildcard": _is_wildcard,
    "anything-but": _is_unwanted,
    "numeric": _is_numeric,
    "exists": lambda argument: isinstance(argument, bool),
    "cidr": _is_network,
}


def _wrong(field: str, reason: str) -> BadRequestError:
    return BadRequestError(f"{field}: {reason}")
