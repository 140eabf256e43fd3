from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.triggers import patterns
from chalicelib.web.errors import BadRequestError
from infrastructure.local.events.patterns import matches, parse_pattern


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["a"]},
        {"detail": {"state": ["x", None, 5, True], "n": [{"numeric": [">", 0, "<=", 5]}]}},
        {"detail": {"key": [{"prefix": "a"}, {"suffix": {"equals-ignore-case": ".MP4"}}, {"wildcard": "a*b\\**"}]}},
        {"detail": {"a": [{"anything-but": ["x", 1]}], "b": [{"anything-but": {"prefix": "t"}}]}},
        {"detail": {"a": [{"exists": False}], "ip": [{"cidr": "10.0.0.0/24"}], "c": [{"equals-ignore-case": "x"}]}},
        {"$or": [{"source": ["a"]}, {"detail": {"b": [1]}}]},
    ],
)
def test_patterns_of_eventbridge_are_taken(pattern: dict[str, Any]) -> None:
    patterns.check(pattern)


@pytest.mark.parametrize(
    ("pattern", "field"),
    [
        ({}, "EventPattern.Pattern"),
        ({"source": "a"}, "EventPattern.Pattern.source"),
        ({"source": []}, "EventPattern.Pattern.source"),
        ({"source": [["a"]]}, "EventPattern.Pattern.source"),
        ({"detail": {}}, "EventPattern.Pattern.detail"),
        ({"detail": {"a": {"b": 5}}}, "EventPattern.Pattern.detail.a.b"),
        ({"a": [{"prefx": "x"}]}, "EventPattern.Pattern.a"),
        ({"a": [{"prefix": 5}]}, "EventPattern.Pattern.a"),
        ({"a": [{"prefix": "x", "suffix": "y"}]}, "EventPattern.Pattern.a"),
        ({"a": [{"wildcard": "x**y"}]}, "EventPattern.Pattern.a"),
        ({"a": [{"numeric": [">"]}]}, "EventPattern.Pattern.a"),
        ({"a": [{"numeric": ["~", 5]}]}, "EventPattern.Pattern.a"),
        ({"a": [{"numeric": [">", "5"]}]}, "EventPattern.Pattern.a"),
        ({"a": [{"exists": "yes"}]}, "EventPattern.Pattern.a"),
        ({"a": [{"cidr": "10.0.0.0/99"}]}, "EventPattern.Pattern.a"),
        ({"a": [{"cidr": 5}]}, "EventPattern.Pattern.a"),
        ({"a": [{"anything-but": []}]}, "EventPattern.Pattern.a"),
        ({"a": [{"anything-but": {"near": "x"}}]}, "EventPattern.Pattern.a"),
        ({"$or": [{"a": [1]}]}, "EventPattern.Pattern.$or"),
        ({"$or": 5}, "EventPattern.Pattern.$or"),
        ({"a": ["x" * 2_048]}, "EventPattern.Pattern"),
    ],
)
def test_what_is_no_pattern_is_refused_by_name(pattern: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRequestError) as refusal:
        patterns.check(pattern)

    assert str(refusal.value).startswith(f"{field}: ")


def created(key: str, bucket: str = "b") -> dict[str, Any]:
    detail = {"bucket": {"name": bucket}, "object": {"key": key}}
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}


@pytest.mark.parametrize(
    ("prefix", "suffix", "hits", "misses"),
    [
        ("", "", ["a", "x/y"], []),
        ("in/", "", ["in/a"], ["out/a", "a/in/b"]),
        ("", ".mp4", ["a.mp4"], ["a.mp3"]),
        ("in/", ".mp4", ["in/a.mp4", "in/.mp4"], ["in/a.mov", "a.mp4", "x.in/a.mp4"]),
        ("a*\\", "*z", ["a*\\b*z"], ["axx\\b*z", "a*\\bz"]),
    ],
)
def test_an_s3_triggers_pattern_means_prefix_and_suffix(
    prefix: str, suffix: str, hits: list[str], misses: list[str]
) -> None:
    made = parse_pattern(json.dumps(patterns.s3_pattern("b", prefix, suffix)))

    assert [key for key in hits + misses if matches(made, created(key))] == hits
    assert not matches(made, created(hits[0], bucket="c"))
    patterns.check(made)
