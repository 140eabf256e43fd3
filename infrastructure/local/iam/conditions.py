"""Conditions of policy statements, as IAM evaluates them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from infrastructure.local.iam.patterns import arn_matches, matches

Context = Mapping[str, tuple[str, ...]]
"""A request's condition keys in lower case, each with its values."""


class UnknownOperator(Exception):
    """A policy uses a condition operator that isn't evaluated here."""


@dataclass(frozen=True)
class _Operator:
    holds: Callable[[str, str], bool]
    """Takes the policy's value and the request's."""
    negated: bool = False


_OPERATORS = {
    "StringEquals": _Operator(str.__eq__),
    "StringNotEquals": _Operator(str.__eq__, negated=True),
    "StringLike": _Operator(matches),
    "StringNotLike": _Operator(matches, negated=True),
    "ArnEquals": _Operator(arn_matches),
    "ArnLike": _Operator(arn_matches),
    "ArnNotLike": _Operator(arn_matches, negated=True),
    "Bool": _Operator(lambda wanted, given: wanted.lower() == given.lower()),
}


@dataclass(frozen=True)
class Condition:
    """One key of one operator; all conditions of a statement must hold."""

    operator: str
    key: str
    values: tuple[str, ...]

    def holds(self, context: Context) -> bool:
        """Whether a request with these keys meets the condition."""
        quantifier, _, name = self.operator.rpartition(":")
        operator = _OPERATORS[name.removesuffix("IfExists")]
        given = context.get(self.key.lower(), ())
        if not given:
            # a missing key fails what is affirmed; nothing is wrong with every value of none
            return operator.negated or name.endswith("IfExists") or quantifier == "ForAllValues"
        found = (self._one(operator, value) for value in given)
        return any(found) if quantifier == "ForAnyValue" else all(found)

    def _one(self, operator: _Operator, given: str) -> bool:
        return any(operator.holds(value, given) for value in self.values) is not operator.negated


def parse(block: Mapping[str, Mapping[str, Any]]) -> tuple[Condition, ...]:
    """A statement's conditions. Raises UnknownOperator."""
    return tuple(
        Condition(_known(operator), key, tuple(_texts(values)))
        for operator, keys in block.items()
        for key, values in keys.items()
    )


def _known(operator: str) -> str:
    quantifier, _, name = operator.rpartition(":")
    if quantifier not in ("", "ForAllValues", "ForAnyValue") or name.removesuffix("IfExists") not in _OPERATORS:
        raise UnknownOperator(operator)
    return operator


def _texts(values: Any) -> Iterable[str]:
    for value in values if isinstance(values, list) else [values]:
        yield str(value).lower() if isinstance(value, bool) else str(value)
