from __future__ import annotations

import json
from typing import Any

import pytest

from infrastructure.local.iam.conditions import UnknownOperator
from infrastructure.local.iam.policies import Policies, Request, UnreadablePolicy, parse

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/System"


def statement(effect: str = "Allow", **members: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "dynamodb:GetItem", "Resource": TABLE, **members}


def policies(*statements: dict[str, Any]) -> Policies:
    return parse((json.dumps({"Version": "2012-10-17", "Statement": list(statements)}),))


def asking(action: str = "dynamodb:GetItem", resource: str = TABLE, **keys: tuple[str, ...]) -> Request:
    context = {name.replace("__", ":").lower(): values for name, values in keys.items()}
    return Request(action, resource, lambda: context)


@pytest.mark.parametrize(
    ("action", "resource", "granted"),
    [
        ("dynamodb:GetItem", TABLE, True),
        ("DynamoDB:getitem", TABLE, True),
        ("dynamodb:PutItem", TABLE, False),
        ("dynamodb:GetItem", TABLE + "2", False),
        ("dynamodb:GetItem", TABLE + "/index/by-time", False),
        ("dynamodb:GetItem", TABLE.lower(), False),
        ("dynamodb:GetItem", "*", False),
    ],
)
def test_an_action_on_a_resource_is_granted_by_a_statement_that_names_both(
    action: str, resource: str, granted: bool
) -> None:
    assert policies(statement()).allow(asking(action, resource)) is granted


@pytest.mark.parametrize(
    ("pattern", "resource", "granted"),
    [
        ("arn:aws:s3:::b/private/*", "arn:aws:s3:::b/private/a/b", True),
        ("arn:aws:s3:::b/private/*", "arn:aws:s3:::b/private/", True),
        ("arn:aws:s3:::b/private/*", "arn:aws:s3:::b/public/private/x", False),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
        ("arn:aws:s3:::b/a?", "arn:aws:s3:::b/ab", True),
        ("arn:aws:s3:::b/a?", "arn:aws:s3:::b/a", False),
        ("arn:aws:s3:::b/a.c", "arn:aws:s3:::b/abc", False),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/line\nbreak", True),
        ("*", "*", True),
    ],
)
def test_wildcards_of_resources(pattern: str, resource: str, granted: bool) -> None:
    assert policies(statement(Resource=pattern)).allow(asking(resource=resource)) is granted


def test_a_deny_wins_over_every_allow() -> None:
    denying = policies(statement(), statement("Deny", Action="dynamodb:*", Resource="*"))
    assert not denying.allow(asking())


def test_a_deny_whose_condition_does_not_hold_denies_nothing() -> None:
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    one = policies(statement(), statement("Deny", Condition=condition))
    assert one.allow(asking(aws__SecureTransport=("true",)))
    assert not one.allow(asking(aws__SecureTransport=("false",)))


@pytest.mark.parametrize(
    ("condition", "given", "granted"),
    [
        ({"StringEquals": {"a:b": "x"}}, ("x",), True),
        ({"StringEquals": {"a:b": ["x", "y"]}}, ("y",), True),
        ({"StringEquals": {"a:b": "x"}}, ("X",), False),
        ({"StringEquals": {"a:b": "x*"}}, ("xy",), False),
        ({"StringEquals": {"a:b": "x"}}, (), False),
        ({"StringEquals": {"A:B": "x"}}, ("x",), True),
        ({"StringEqualsIfExists": {"a:b": "x"}}, (), True),
        ({"StringNotEquals": {"a:b": "x"}}, (), True),
        ({"StringNotEquals": {"a:b": ["x", "y"]}}, ("y",), False),
        ({"StringLike": {"a:b": "private/*"}}, ("private/executions/1",), True),
        ({"StringLike": {"a:b": "private/*"}}, ("public/1",), False),
        (
            {"ArnLike": {"a:b": "arn:aws:states:*:1:stateMachine:*-ab-*"}},
            ("arn:aws:states:e:1:stateMachine:x-ab-y",),
            True,
        ),
        ({"ArnLike": {"a:b": "arn:aws:*:stateMachine:x"}}, ("arn:aws:states:e:1:stateMachine:x",), False),
        ({"ForAllValues:StringEquals": {"a:b": ["x", "y"]}}, ("x", "x", "y"), True),
        ({"ForAllValues:StringEquals": {"a:b": ["x", "y"]}}, ("x", "z"), False),
        ({"ForAllValues:StringEquals": {"a:b": ["x"]}}, (), True),
        ({"ForAllValues:StringLike": {"a:b": ["trigger", "topic#*"]}}, ("topic#1", "trigger"), True),
        ({"ForAnyValue:StringEquals": {"a:b": ["x"]}}, ("z", "x"), True),
        ({"ForAnyValue:StringEquals": {"a:b": ["x"]}}, (), False),
        ({"StringEquals": {"a:b": "x"}, "StringLike": {"a:b": "y*"}}, ("x",), False),
    ],
)
def test_conditions(condition: dict[str, Any], given: tuple[str, ...], granted: bool) -> None:
    keys = {"a__b": given} if given else {}
    assert policies(statement(Condition=condition)).allow(asking(**keys)) is granted


def test_one_of_several_statements_is_enough() -> None:
    both = policies(
        statement(Condition={"StringEquals": {"a:b": "x"}}), statement(Condition={"StringEquals": {"a:b": "y"}})
    )
    assert both.allow(asking(a__b=("y",)))
    assert not both.allow(asking(a__b=("z",)))


@pytest.mark.parametrize(
    "odd",
    [
        {"NotAction": "s3:GetObject"},
        {"NotResource": "*"},
        {"Resource": "arn:aws:s3:::home/${aws:username}"},
    ],
)
def test_what_is_not_evaluated_is_an_error_and_not_ignored(odd: dict[str, Any]) -> None:
    with pytest.raises(UnreadablePolicy):
        policies(statement(**odd))


@pytest.mark.parametrize("operator", ["DateLessThan", "ForSomeValues:StringEquals", "StringMatches"])
def test_an_unknown_operator_is_an_error(operator: str) -> None:
    with pytest.raises(UnknownOperator):
        policies(statement(Condition={operator: {"a:b": "x"}}))
