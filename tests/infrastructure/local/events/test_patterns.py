"""The pattern language, each operator taking and refusing."""

from __future__ import annotations

from typing import Any

import pytest

from infrastructure.local.events.patterns import InvalidPattern, matches, parse_pattern

EVENT = {
    "source": "aws.states",
    "detail": {
        "status": "FAILED",
        "count": 3,
        "ratio": 2.5,
        "flag": True,
        "nothing": None,
        "tags": ["red", "green"],
        "parts": [{"name": "a"}, {"name": "b"}],
        "arn": "arn:aws:states:us-east-1:1:stateMachine:mw-ab12cd-x*y",
        "ip": "10.0.0.7",
    },
}


@pytest.mark.parametrize(
    ("member", "choices", "taken"),
    [
        ("status", ["TIMED_OUT", "FAILED"], True),
        ("status", ["failed"], False),
        ("status", [{"prefix": "FA"}], True),
        ("status", [{"prefix": "fa"}], False),
        ("status", [{"prefix": {"equals-ignore-case": "fa"}}], True),
        ("status", [{"suffix": "ED"}], True),
        ("status", [{"equals-ignore-case": "failed"}], True),
        ("status", [{"anything-but": "FAILED"}], False),
        ("status", [{"anything-but": ["A", "B"]}], True),
        ("status", [{"anything-but": {"prefix": "FA"}}], False),
        ("status", [{"anything-but": {"prefix": ["X", "FA"]}}], False),
        ("status", [{"anything-but": {"suffix": "X"}}], True),
        ("missing", [{"anything-but": "FAILED"}], False),
        ("status", [{"exists": True}], True),
        ("status", [{"exists": False}], False),
        ("missing", [{"exists": False}], True),
        ("missing", [{"exists": True}], False),
        ("nothing", [{"exists": True}], True),
        ("nothing", [None], True),
        ("missing", [None], False),
        ("count", [3], True),
        ("count", ["3"], False),
        ("flag", [1], False),
        ("flag", [True], True),
        ("count", [{"numeric": [">", 2, "<=", 3]}], True),
        ("ratio", [{"numeric": ["=", 3]}], False),
        ("status", [{"numeric": [">", 0]}], False),
        ("tags", ["green"], True),
        ("tags", ["blue"], False),
        ("arn", [{"wildcard": "*:stateMachine:*-ab12cd-*"}], True),
        ("arn", [{"wildcard": "*:stateMachine:*-ffffff-*"}], False),
        ("arn", [{"wildcard": "*x\\*y"}], True),
        ("status", [{"wildcard": "F\\*"}], False),
        ("ip", [{"cidr": "10.0.0.0/24"}], True),
        ("ip", [{"cidr": "10.1.0.0/24"}], False),
        ("status", [{"no-such-operator": "FAILED"}], False),
    ],
)
def test_an_operator_takes_what_it_should(member: str, choices: list[Any], taken: bool) -> None:
    assert matches({"detail": {member: choices}}, EVENT) is taken


def test_every_member_must_match_and_any_choice_will_do() -> None:
    assert matches({"source": ["aws.states"], "detail": {"status": ["FAILED"]}}, EVENT)
    assert not matches({"source": ["aws.s3"], "detail": {"status": ["FAILED"]}}, EVENT)
    assert matches({"detail": {"$or": [{"status": ["X"]}, {"count": [3]}]}}, EVENT)
    assert not matches({"detail": {"$or": [{"status": ["X"]}, {"count": [4]}]}}, EVENT)
    assert matches({"detail": {"parts": {"name": ["b"]}}}, EVENT)
    assert not matches({"detail": {"status": {"name": ["b"]}}}, EVENT)


@pytest.mark.parametrize("text", ["{", "[]", '{"source": "aws.s3"}', '{"source": []}', '{"$or": {}}'])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(InvalidPattern):
        parse_pattern(text)
