from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.infrastructure.local.dynamodb.world import TABLE, get, item, key, put, refused, running, update, wire


@pytest.fixture
def client() -> Iterator[Any]:
    with running() as client:
        put(client, "a", N=1, Text="t", L=["x", "y", "z"], M={"Leaf": {"Deep": 1}})
        client.update_item(
            TableName=TABLE,
            Key=key("a"),
            UpdateExpression="SET Colours = :set",
            ExpressionAttributeValues={":set": {"SS": ["red", "blue"]}},
        )
        yield client


def _after(client: Any, expression: str, **values: Any) -> dict[str, Any]:
    names = {"#t": "Text"} if "#t" in expression else {}
    more = {"ExpressionAttributeNames": names} if names else {}
    update(client, "a", expression, values, **more)
    return get(client, "a") or {}


@pytest.mark.parametrize(
    ("expression", "values", "changed"),
    [
        ("SET N = :n", {"n": 5}, {"N": 5}),
        ("SET N = N + :n, Before2 = N", {"n": 5}, {"N": 6, "Before2": 1}),
        ("SET N = :n - N", {"n": 5}, {"N": 4}),
        ("SET N = if_not_exists(N, :n), Fresh2 = if_not_exists(Fresh2, :n)", {"n": 5}, {"N": 1, "Fresh2": 5}),
        ("SET Hits = if_not_exists(Hits, :zero) + :n", {"zero": 0, "n": 2}, {"Hits": 2}),
        ("SET L = list_append(L, :l)", {"l": ["w"]}, {"L": ["x", "y", "z", "w"]}),
        ("SET L[1] = :s", {"s": "Y"}, {"L": ["x", "Y", "z"]}),
        ("SET L[9] = :s", {"s": "end"}, {"L": ["x", "y", "z", "end"]}),
        ("SET M.Leaf.Deep = :n, M.Fresh2 = :n", {"n": 7}, {"M": {"Leaf": {"Deep": 7}, "Fresh2": 7}}),
        ("SET #t = N, N = :n", {"n": 9}, {"Text": 1, "N": 9}),
        ("REMOVE L[0], L[2]", {}, {"L": ["y"]}),
        ("REMOVE M.Leaf, Absent", {}, {"M": {}}),
        ("ADD N :n", {"n": -3}, {"N": -2}),
        ("ADD Fresh :n", {"n": 2}, {"Fresh": 2}),
        ("ADD M.Leaf.Deep :n", {"n": 2}, {"M": {"Leaf": {"Deep": 3}}}),
        ("set N = :n add Count1 :n", {"n": 2}, {"N": 2, "Count1": 2}),
    ],
)
def test_an_update_changes_what_it_names(
    client: Any, expression: str, values: dict[str, Any], changed: dict[str, Any]
) -> None:
    before = get(client, "a") or {}

    after = _after(client, expression, **values)

    assert after == {**before, **{name: wire(content) for name, content in changed.items()}}


def test_sets_grow_shrink_and_vanish(client: Any) -> None:
    def change(clause: str, *colours: str) -> Any:
        return client.update_item(
            TableName=TABLE,
            Key=key("a"),
            UpdateExpression=f"{clause} Colours :set",
            ExpressionAttributeValues={":set": {"SS": list(colours)}},
            ReturnValues="UPDATED_NEW",
        ).get("Attributes", {})

    assert sorted(change("ADD", "green", "red")["Colours"]["SS"]) == ["blue", "green", "red"]
    assert sorted(change("DELETE", "green", "none")["Colours"]["SS"]) == ["blue", "red"]
    assert change("DELETE", "blue", "red") == {}
    assert "Colours" not in (get(client, "a") or {})


@pytest.mark.parametrize(
    ("expression", "values", "says"),
    [
        ("SET N = Text2", {}, "refers to an attribute that does not exist"),
        ("SET N = #t + :n", {"n": 1}, "incorrect data type"),
        ("SET L = list_append(N, :l)", {"l": []}, "incorrect data type"),
        ("SET Absent.Deep = :n", {"n": 1}, "document path provided in the update expression is invalid"),
        ("SET N.Deep = :n", {"n": 1}, "document path provided in the update expression is invalid"),
        ("SET L.Deep = :n", {"n": 1}, "document path provided in the update expression is invalid"),
        ("ADD L :n", {"n": 1}, "incorrect data type"),
        ("ADD N :s", {"s": "x"}, "incorrect data type"),
        ("DELETE Colours :n", {"n": 1}, "incorrect data type"),
        ("SET Id = :n", {"n": "x"}, "Cannot update attribute Id. This attribute is part of the key"),
        ("SET N = :n, N = :n", {"n": 1}, "overlap"),
        ("SET M = :n REMOVE M.Leaf", {"n": 1}, "overlap"),
        ("SET N = :n SET L = :n", {"n": 1}, "can only be used once"),
        ("SET N = :n,", {"n": 1}, "Syntax error"),
        ("SET N :n", {"n": 1}, "Syntax error"),
        ("SET N = now(:n)", {"n": 1}, "Invalid function name; function: now"),
        ("SET Status = :n", {"n": 1}, "reserved keyword: Status"),
    ],
)
def test_an_update_that_aws_refuses_changes_nothing(
    client: Any, expression: str, values: dict[str, Any], says: str
) -> None:
    before = get(client, "a")

    with refused("ValidationException", says):
        _after(client, expression, **values)

    assert get(client, "a") == before


def test_an_update_makes_the_item_when_it_is_absent(client: Any) -> None:
    update(client, "new", "SET N = :n", {"n": 1})
    client.update_item(TableName=TABLE, Key=key("bare"))

    assert get(client, "new") == item("new", N=1)
    assert get(client, "bare") == item("bare")


def test_a_failed_condition_makes_nothing(client: Any) -> None:
    with refused("ConditionalCheckFailedException"):
        update(client, "new", "SET N = :n", {"n": 1}, ConditionExpression="attribute_exists(Id)")

    assert get(client, "new") is None


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("NONE", None),
        ("ALL_OLD", item("b", N=1, Kept="k")),
        ("ALL_NEW", item("b", N=2, Kept="k", Fresh2="n")),
        ("UPDATED_OLD", {"N": wire(1)}),
        ("UPDATED_NEW", {"N": wire(2), "Fresh2": wire("n")}),
    ],
)
def test_return_values(client: Any, wanted: str, expected: Any) -> None:
    put(client, "b", N=1, Kept="k")

    assert update(client, "b", "SET N = :n, Fresh2 = :s", {"n": 2, "s": "n"}, ReturnValues=wanted) == expected
