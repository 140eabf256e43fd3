from __future__ import annotations

from typing import Any

import pytest

from infrastructure.local.dynamodb.errors import DynamoError
from infrastructure.local.dynamodb.expressions import condition, condition_of, project, projection_of
from infrastructure.local.dynamodb.tokens import Scope
from infrastructure.local.dynamodb.values import to_attributes, to_wire
from tests.infrastructure.local.dynamodb.world import wire

ITEM = {
    "S": "text",
    "N": 10,
    "Flag": True,
    "List": ["a", {"b": 2}],
    "Map": {"Leaf": {"Deep": "x"}},
    "Empty": "",
}
NAMES = {"#s": "S", "#map": "Map", "#list": "List", "#set": "Colours", "#flag": "Flag", "#e": "Empty"}
VALUES = {"text": "text", "te": "te", "ten": 10, "nine": 9, "a": "a", "kind": "S", "x": "x", "two": 2}


def _holds(text: str) -> bool:
    compiled = condition(text)
    used = compiled.placeholders
    body: dict[str, Any] = {
        "ConditionExpression": text,
        "ExpressionAttributeNames": {name: NAMES[name] for name in used if name[0] == "#"} or None,
        "ExpressionAttributeValues": {name: wire(VALUES[name[1:]]) for name in used if name[0] == ":"} or None,
    }
    scope = Scope(body)
    test = condition_of(body, scope)
    scope.check_all_used()
    attributes = {name: wire(content) for name, content in ITEM.items()}
    assert test is not None
    return test(to_attributes({**attributes, "Colours": {"SS": ["a", "b"]}}), scope)


@pytest.mark.parametrize(
    "text",
    [
        "#s = :text",
        "#s <> :ten",
        "Absent <> :ten",
        "N >= :ten AND N > :nine",
        "N BETWEEN :nine AND :ten",
        "N IN (:nine, :ten)",
        "attribute_exists(#map.#map) OR attribute_exists(N)",
        "attribute_not_exists(Absent)",
        "attribute_not_exists(#map.Absent.Deeper)",
        "attribute_type(#s, :kind)",
        "begins_with(#s, :te)",
        "contains(#s, :te)",
        "contains(#list, :a)",
        "contains(#set, :a)",
        "#list[1].b = :two",
        "#map.#map = :x OR #map.Leaf.Deep = :x",
        "size(#s) < :ten",
        "size(#list) = :two",
        "size(#set) = :two",
        "size(#e) < :two",
        "NOT N = :nine",
        "not (N = :nine or N = :two)",
        "N = :nine OR N = :ten AND #s = :text",
        "(N = :nine OR N = :ten) AND NOT #s = :te",
    ],
)
def test_conditions_that_hold(text: str) -> None:
    assert _holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "Absent = :ten",
        "Absent < :ten",
        "#s < :ten",
        "#s > :ten",
        "NOT #s = :text",
        "#flag > :nine",
        "N BETWEEN :ten AND :nine",
        "N IN (:nine)",
        "attribute_not_exists(#s)",
        "begins_with(N, :te)",
        "contains(#set, :ten)",
        "#list[9] = :a",
        "#s[0] = :a",
        "size(N) = :two",
        "(N = :ten OR N = :nine) AND #s = :te",
    ],
)
def test_conditions_that_do_not_hold(text: str) -> None:
    assert not _holds(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "can not be empty"),
        ("N", "Syntax error"),
        ("N =", "Syntax error"),
        ("N = :a AND", "Syntax error"),
        ("(N = :a", "Syntax error"),
        ("N = :a)", "Syntax error"),
        ("N == :a", "Syntax error"),
        ("N = :a; drop", "Syntax error"),
        ("((N = :a))", "redundant parentheses"),
        ("Status = :a", "reserved keyword; reserved keyword: Status"),
        ("exists(N)", "Invalid function name; function: exists"),
        ("begins_with(N)", "Incorrect number of operands"),
        ("N[x] = :a", "Syntax error"),
    ],
)
def test_broken_conditions_are_refused(text: str, says: str) -> None:
    with pytest.raises(DynamoError, match=says):
        condition(text)


@pytest.mark.parametrize(
    ("text", "names", "values", "says"),
    [
        ("#x = :a", {}, {":a": {"S": "a"}}, "attribute name used in the document path is not defined"),
        ("N = :b", {}, {":a": {"S": "a"}}, "attribute value used in expression is not defined"),
        ("N = :a", {"#x": "y"}, {":a": {"S": "a"}}, "unused in expressions: keys: {#x}"),
        ("N = :a", {}, {":a": {"S": "a"}, ":b": {"S": "b"}}, "unused in expressions: keys: {:b}"),
    ],
)
def test_placeholders_must_be_defined_and_used(text: str, names: Any, values: Any, says: str) -> None:
    body = {
        "ConditionExpression": text,
        "ExpressionAttributeNames": names or None,
        "ExpressionAttributeValues": values,
    }
    with pytest.raises(DynamoError, match=says):
        _bound({name: value for name, value in body.items() if value is not None})


def _bound(body: dict[str, Any]) -> None:
    scope = Scope(body)
    condition_of(body, scope)
    scope.check_all_used()


def test_empty_placeholder_maps_are_refused() -> None:
    with pytest.raises(DynamoError, match="ExpressionAttributeNames must not be empty"):
        Scope({"ExpressionAttributeNames": {}})


def _projected(text: str, **names: str) -> dict[str, Any]:
    body = {"ProjectionExpression": text}
    given = {f"#{name}": attribute for name, attribute in names.items()}
    scope = Scope({"ExpressionAttributeNames": given} if given else {})
    attributes = to_attributes({name: wire(content) for name, content in ITEM.items()})
    return to_wire(project(attributes, projection_of(body, scope)))


def test_projections_pick_parts_of_documents() -> None:
    assert _projected("N, Absent") == {"N": {"N": "10"}}
    assert _projected("#m.Leaf.Deep", m="Map") == {"Map": wire({"Leaf": {"Deep": "x"}})}
    assert _projected("#l[1].b, #l[7]", l="List") == {"List": wire([{"b": 2}])}
    assert _projected("#m.Nowhere, N.Deep", m="Map") == {}


@pytest.mark.parametrize("text", ["#m, #m.Leaf", "N, N", "#l[0], #l"])
def test_overlapping_projections_are_refused(text: str) -> None:
    names = {name: attribute for name, attribute in (("m", "Map"), ("l", "List")) if f"#{name}" in text}
    with pytest.raises(DynamoError, match="overlap"):
        _projected(text, **names)
