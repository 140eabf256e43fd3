from __future__ import annotations

from typing import Any

import pytest

from infrastructure.local.stack.order import BadTemplate, creation_order

TOPIC = "AWS::SNS::Topic"


def template(outputs: Any = None, **resources: Any) -> dict[str, Any]:
    made = {name: {"Type": TOPIC, **members} for name, members in resources.items()}
    return {"Parameters": {"P": {"Type": "String"}}, "Resources": made, "Outputs": outputs or {}}


@pytest.mark.parametrize(
    "needs",
    [
        {"Properties": {"X": {"Ref": "B"}}},
        {"Properties": {"X": [{"Fn::GetAtt": ["B", "Arn"]}]}},
        {"Properties": {"X": {"Fn::Sub": "${P} ${!Literal} ${AWS::Region} ${B.Arn}"}}},
        {"Properties": {"X": {"Fn::Sub": ["${Y} ${P}", {"Y": {"Ref": "B"}}]}}},
        {"Properties": {"X": {"Fn::If": ["C", {"Ref": "B"}, "no"]}}},
        {"DependsOn": "B"},
        {"DependsOn": ["B"]},
    ],
)
def test_what_is_needed_comes_first(needs: dict[str, Any]) -> None:
    assert creation_order(template(A=needs, B={})) == ["B", "A"]


def test_a_circle_is_refused() -> None:
    with pytest.raises(BadTemplate, match=r"Circular dependency between resources: \[[AB], [AB]\]"):
        creation_order(template(A={"DependsOn": "B"}, B={"Properties": {"X": {"Ref": "A"}}}))


@pytest.mark.parametrize("node", [{"Ref": "No"}, {"Fn::GetAtt": ["No", "Arn"]}, {"Fn::Sub": "${No}"}])
def test_a_name_that_is_nowhere_is_refused(node: dict[str, Any]) -> None:
    with pytest.raises(BadTemplate, match=r"\[No\] in the Resources block"):
        creation_order(template(A={"Properties": {"X": node}}))
    with pytest.raises(BadTemplate, match=r"\[No\] in the Outputs block"):
        creation_order(template({"O": {"Value": node}}, A={}))
