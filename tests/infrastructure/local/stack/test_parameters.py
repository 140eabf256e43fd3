from __future__ import annotations

from typing import Any

import pytest

from infrastructure.local.stack.parameters import BadParameter, effective


def one(value: str, **slot: Any) -> str:
    return effective({"Parameters": {"P": {"Type": "String", **slot}}}, {"P": value})["P"]


def test_what_is_not_given_has_its_default_as_text() -> None:
    slots = {
        "A": {"Type": "Number", "Default": 5},
        "B": {"Type": "String", "Default": True},
        "C": {"Type": "CommaDelimitedList", "Default": ["x", "y"]},
    }

    assert effective({"Parameters": slots}, {}) == {"A": "5", "B": "true", "C": "x,y"}


@pytest.mark.parametrize(
    ("slot", "good", "bad", "message"),
    [
        ({"AllowedValues": ["a", "b"]}, "a", "c", r"must be one of AllowedValues: \[a, b\]"),
        ({"AllowedPattern": "^[a-z]+$"}, "abc", "abc\n", "must match pattern"),
        ({"AllowedPattern": "[a-z]+"}, "abc", "abc1", "must match pattern"),
        ({"MinLength": 2}, "ab", "a", "at least 2 characters"),
        ({"MaxLength": "2"}, "ab", "abc", "at most 2 characters"),
        ({"Type": "Number"}, "-1.5", "1e3", "must be a number"),
        ({"Type": "Number", "MinValue": 1}, "1", "0", "not less than 1"),
        ({"Type": "Number", "MaxValue": 9}, "9", "10", "not greater than 9"),
        ({"Type": "Number", "AllowedValues": [1, 7]}, "7", "3", "must be one of AllowedValues"),
        ({"Type": "CommaDelimitedList", "AllowedPattern": "[a-z]*"}, "a, b", "a,B", "must match pattern"),
        ({"Type": "List<Number>", "MinValue": 2}, "2,3", "2,1", "not less than 2"),
        ({"MinLength": 1, "ConstraintDescription": "must say something"}, "a", "", "constraint: must say something"),
    ],
)
def test_a_value_against_a_constraint_is_refused(slot: dict[str, Any], good: str, bad: str, message: str) -> None:
    assert one(good, **slot) == good

    with pytest.raises(BadParameter, match=message):
        one(bad, **slot)


def test_unknown_and_missing_parameters_are_named() -> None:
    template = {"Parameters": {"A": {"Type": "String"}, "B": {"Type": "String"}}}

    with pytest.raises(BadParameter, match=r"Parameters: \[A, B\] must have values"):
        effective(template, {})
    with pytest.raises(BadParameter, match=r"Parameters: \[X, Y\] do not exist in the template"):
        effective(template, {"Y": "", "X": "", "A": ""})
