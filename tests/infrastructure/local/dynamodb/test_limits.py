from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.local.dynamodb.errors import DynamoError
from infrastructure.local.dynamodb.limits import normal_number, number_size
from tests.infrastructure.local.dynamodb.world import TABLE, get, item, put, refused, running, update


@pytest.fixture
def client() -> Iterator[Any]:
    with running() as client:
        yield client


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("1.0", "1"),
        ("0.10", "0.1"),
        ("007", "7"),
        ("-0", "0"),
        ("0.000", "0"),
        ("1E2", "100"),
        ("-1.50e1", "-15"),
        ("+3", "3"),
        (".5", "0.5"),
        ("9" * 38, "9" * 38),
        ("1" + "0" * 60, "1" + "0" * 60),
        ("1e-130", "0." + "0" * 129 + "1"),
        ("9.9999999999999999999999999999999999999E+125", "9" * 38 + "0" * 88),
        ("123456789012345678901234567890.12345678", "123456789012345678901234567890.12345678"),
    ],
)
def test_numbers_are_trimmed_as_on_aws(given: str, kept: str) -> None:
    assert normal_number(given) == kept


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("1e126", "overflow"),
        ("-1e126", "overflow"),
        ("1e-131", "underflow"),
        ("9" * 39, "38 significant digits"),
        ("1." + "0" * 40 + "1", "38 significant digits"),
        ("", "cannot be converted"),
        (" 1", "cannot be converted"),
        ("1\n", "cannot be converted"),
        ("NaN", "cannot be converted"),
        ("Infinity", "cannot be converted"),
        ("0x10", "cannot be converted"),
        ("1_000", "cannot be converted"),
        ("\N{ARABIC-INDIC DIGIT ONE}", "cannot be converted"),
    ],
)
def test_numbers_out_of_range_are_refused(client: Any, given: str, says: str) -> None:
    with pytest.raises(DynamoError, match=says):
        normal_number(given)
    with refused("ValidationException", says):
        client.put_item(TableName=TABLE, Item={**item("a"), "N": {"N": given}})


def test_a_number_takes_a_byte_for_two_digits_and_one_more() -> None:
    assert [number_size(text) for text in ("0", "1", "12", "123", "-123", "1000")] == [1, 2, 2, 3, 4, 2]


def test_sums_are_exact_or_refused(client: Any) -> None:
    client.put_item(TableName=TABLE, Item={**item("a"), "N": {"N": "9" * 38}})

    with refused("ValidationException", "38 significant digits"):
        update(client, "a", "SET N = N + :n", {"n": 0.1})
    update(client, "a", "SET N = N + :n", {"n": 1})

    assert get(client, "a")["N"] == {"N": "1" + "0" * 38}  # type: ignore[index]


def test_an_item_may_have_400_kb(client: Any) -> None:
    names = len("Id" + "a" + "Part" + "run" + "Text")
    put(client, "a", Text="x" * (400 * 1024 - names))

    with refused("ValidationException", "Item size has exceeded"):
        put(client, "a", Text="x" * (400 * 1024 - names + 1))
    with refused("ValidationException", "Item size to update has exceeded"):
        update(client, "a", "SET More = :x", {"x": "x"})


def test_bytes_are_counted_not_characters(client: Any) -> None:
    with refused("ValidationException", "Item size has exceeded"):
        put(client, "a", Text="€" * 140_000)


def _nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {"S": "x"}
    for level in range(levels):
        value = {"L": [value]} if level % 2 else {"M": {"a": value}}
    return value


def test_32_levels_of_nesting_are_allowed_and_33_are_not(client: Any) -> None:
    client.put_item(TableName=TABLE, Item={**item("a"), "Deep": _nested(32)})

    with refused("ValidationException", "[Nn]esting"):
        client.put_item(TableName=TABLE, Item={**item("a"), "Deep": _nested(33)})


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"Id": {"S": ""}}, "empty string"),
        ({"Id": {"N": "1"}}, "Type mismatch for key Id expected: S actual: N"),
        ({"Id": {"S": "x" * 2049}}, "hashkey"),
        ({"Part": {"S": "x" * 1025}}, "range keys"),
        ({"Month": {"S": ""}}, "IndexName: by-time, IndexKey: Month"),
        ({"Month": {"N": "1"}}, "Type mismatch for Index Key Month Expected: S Actual: N IndexName: by-time"),
        ({"Set": {"SS": []}}, "may not be empty"),
        ({"Set": {"SS": ["a", "a"]}}, "duplicates"),
        ({"Set": {"NS": ["1", "1.0"]}}, "duplicates"),
        ({"Nil": {"NULL": False}}, "must have the value of true"),
    ],
)
def test_items_that_aws_refuses_are_refused(client: Any, wrong: dict[str, Any], says: str) -> None:
    with refused("ValidationException", says):
        client.put_item(TableName=TABLE, Item={**item("a"), **wrong})


def test_empty_text_outside_keys_is_fine(client: Any) -> None:
    put(client, "a", Text="")

    assert get(client, "a") == item("a", Text="")


def test_a_missing_key_is_named(client: Any) -> None:
    with refused("ValidationException", "Missing the key Part"):
        client.put_item(TableName=TABLE, Item={"Id": {"S": "a"}})
    with refused("ValidationException", "does not match the schema"):
        client.get_item(TableName=TABLE, Key={"Id": {"S": "a"}})


def test_expressions_may_have_4_kb(client: Any) -> None:
    long = "attribute_exists(" + "a" * 4090 + ")"

    with refused("ValidationException", "Expression size has exceeded"):
        client.put_item(TableName=TABLE, Item=item("a"), ConditionExpression=long)


def test_300_operators_are_allowed(client: Any) -> None:
    put(client, "a")
    with refused("ValidationException", "too many operators"):
        client.put_item(TableName=TABLE, Item=item("a"), ConditionExpression=" OR ".join(["a = Id"] * 151))
    client.put_item(TableName=TABLE, Item=item("a"), ConditionExpression=" OR ".join(["a <> Id"] * 150))
