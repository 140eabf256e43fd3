from __future__ import annotations

import copy
import json

import pytest

from infrastructure.local.states.values import MAX_STATE_BYTES, Shared, dumps, fits, loads, number, share


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5.0", 5),
        ("-0.0", 0),
        ("9007199254740993", 9007199254740992),
        ("12345678901234567890", 12345678901234567168),
        ("1e300", 1e300),
        ("1e-300", 1e-300),
        ("1.5", 1.5),
    ],
)
def test_given_a_number_then_it_is_the_double_that_aws_computes_with(text: str, value: float) -> None:
    result = loads(text)
    assert (result, type(result)) == (value, type(value))
    assert number(json.loads(text)) == value


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400, "{", ""])
def test_given_no_json_number_then_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(text)


def test_given_a_shared_value_then_its_text_is_made_once_and_a_copy_may_change() -> None:
    value = loads('{"a":[1,{"b":"\u00e9"}]}')
    assert dumps(value) is dumps(value)
    for changed in (copy.deepcopy(value), copy.copy(value)):
        changed["c"] = 1
        assert dumps(changed) == '{"a":[1,{"b":"é"}],"c":1}'
    assert dumps(value) == '{"a":[1,{"b":"é"}]}'


def test_given_what_is_shared_then_it_is_not_walked_again() -> None:
    value = loads('{"a":{"b":1}}')
    again = share({"new": value, "float": 2.0})
    assert isinstance(again, Shared)
    assert again["new"] is value
    assert again["float"] == 2


def test_given_characters_of_several_bytes_then_the_limit_counts_bytes() -> None:
    assert fits("€" * ((MAX_STATE_BYTES - 2) // 3))
    assert not fits("€" * (MAX_STATE_BYTES // 3 + 1))
    assert fits("x" * (MAX_STATE_BYTES - 2))
    assert not fits("x" * (MAX_STATE_BYTES - 1))
