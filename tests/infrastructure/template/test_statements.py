"""Every statement of every role, as it is written: nothing wild, nothing without its reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infrastructure import permissions
from infrastructure.template.builder import build
from infrastructure.template.operators import operator_library

ROOT = Path(__file__).resolve().parents[3]
FRAGMENTS = sorted((ROOT / "cfn").glob("*.yaml"))
STAR = re.compile(r'^( *)(?:- )?Resource: "?\*"?\s*(?:#.*)?$')

WITHOUT_ARN = {
    "events:TestEventPattern",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "sns:Unsubscribe",
    "states:SendTaskFailure",
    "states:SendTaskHeartbeat",
    "states:SendTaskSuccess",
    "transcribe:CreateVocabulary",
    "transcribe:ListLanguageModels",
    "transcribe:ListVocabularies",
    "translate:ListParallelData",
    "translate:ListTerminologies",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
"""Actions of which the Service Authorization Reference knows no resource type that could be named."""

ATTACHED = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy")
PASSED = {"WorkflowRole": "states.amazonaws.com", "TriggerScheduleRole": "scheduler.amazonaws.com"}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_policy_is_part_of_a_role() -> None:
    """What is attached beside roles may come after what uses them."""
    resources = {**build(ROOT)["Resources"], **operator_library(ROOT)["Resources"]}

    assert not [name for name, entry in resources.items() if entry["Type"] in ATTACHED]


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, entry in {**build(ROOT)["Resources"], **operator_library(ROOT)["Resources"]}.items():
        if entry["Type"] == "AWS::IAM::Role":
            for policy in entry["Properties"].get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement["Fn::If"][1] if "Fn::If" in statement else statement


STATEMENTS = [pytest.param(role, found, id=f"{role}-{found['Sid']}") for role, found in statements()]


def test_the_page_of_permissions_shows_every_statement_as_it_is() -> None:
    assert (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8") == permissions.page(ROOT)


@pytest.mark.parametrize(("role", "statement"), STATEMENTS)
def test_a_statement_allows_named_actions_on_named_resources(role: str, statement: dict[str, Any]) -> None:
    actions, resources = listed(statement["Action"]), listed(statement["Resource"])

    assert statement["Effect"] == "Allow", role
    assert statement.keys() <= {"Sid", "Effect", "Action", "Resource", "Condition"}
    assert all(re.fullmatch(r"[a-z0-9-]+:[A-Z]\w+", action) for action in actions)
    assert len(set(actions)) == len(actions)
    if "*" in resources:
        assert set(actions) <= WITHOUT_ARN


@pytest.mark.parametrize(("role", "statement"), STATEMENTS)
def test_a_role_is_passed_by_its_name_and_to_one_service(role: str, statement: dict[str, Any]) -> None:
    if "iam:PassRole" in listed(statement["Action"]):
        passed = statement["Resource"]["Fn::GetAtt"][0]
        assert statement["Action"] == "iam:PassRole", role
        assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": PASSED[passed]}}


@pytest.mark.parametrize(("role", "statement"), STATEMENTS)
def test_a_function_s_tags_are_only_the_stack_s_own(role: str, statement: dict[str, Any]) -> None:
    if {"lambda:TagResource", "lambda:UntagResource"} & set(listed(statement["Action"])):
        registers = role in ("APIHandlerRole", "WorkflowCustomResourceRole")
        assert registers or statement["Action"] == "lambda:UntagResource"
        assert statement["Condition"]["ForAllValues:StringEquals"] == {"aws:TagKeys": ["mediawright"]}
        stack = {"aws:ResourceTag/mediawright": {"Ref": "AWS::StackName"}}
        assert statement["Condition"]["StringEqualsIfExists"] == stack


def item_of(lines: list[str], number: int) -> int:
    """The number of the line that begins the list item, or the mapping, that a line belongs to."""
    indent = len(lines[number]) - len(lines[number].lstrip())
    while number and not re.match(rf" {{0,{indent - 1}}}\S", lines[number]):
        number -= 1
    return number


def stars() -> Iterator[Any]:
    for path in FRAGMENTS:
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if STAR.match(line):
                yield pytest.param(lines, number, id=f"{path.name}:{number + 1}")


@pytest.mark.parametrize(("lines", "number"), list(stars()))
def test_the_reason_for_a_star_stands_beside_it(lines: list[str], number: int) -> None:
    first = item_of(lines, number)

    assert any("#" in line for line in lines[max(first - 1, 0) : number + 1]), "\n".join(lines[first : number + 1])
