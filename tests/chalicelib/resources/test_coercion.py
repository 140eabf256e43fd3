from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.resources.coercion import coerced, coerced_schema
from chalicelib.web.validation import schema


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("boolean", "true", True),
        ("boolean", "False", False),
        ("integer", "5", 5),
        ("integer", "-5", -5),
        ("number", "5", 5),
        ("number", "2.5", 2.5),
        ("number", "1e3", 1000.0),
        ("object", '{"a": 1}', {"a": 1}),
        ("array", "[1]", [1]),
        (["integer", "null"], "5", 5),
    ],
)
def test_text_becomes_what_the_schema_asks_for(kind: Any, text: str, value: Any) -> None:
    found = coerced(text, {"type": kind})

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("boolean", "yes"),
        ("boolean", ""),
        ("integer", "5.0"),
        ("integer", "007"),
        ("integer", "1_000"),
        ("integer", "12345678901234567890"),
        ("integer", "\u0665"),
        ("number", "1e400"),
        ("number", "nan"),
        ("number", "0x10"),
        ("object", "[1]"),
        ("object", "{"),
        ("object", "[" * 100_000),
        ("string", "true"),
        (["string", "boolean"], "true"),
        ("null", "null"),
        ("nonsense", "5"),
    ],
)
def test_what_does_not_look_like_it_stays_text(kind: Any, text: str) -> None:
    assert coerced(text, {"type": kind}) == text


def test_members_have_the_types_of_the_operations_schema() -> None:
    given_by_cloudformation = {
        "Name": "12",
        "TimeoutSeconds": "30",
        "Configuration": {"Enabled": "true", "MediaType": "true", "Other": "7"},
        "Retry": {"MaxAttempts": "2", "BackoffRate": "1.5", "ErrorEquals": ["1"]},
    }

    assert coerced(given_by_cloudformation, schema("definitions/operation")) == {
        "Name": "12",
        "TimeoutSeconds": 30,
        "Configuration": {"Enabled": True, "MediaType": "true", "Other": "7"},
        "Retry": {"MaxAttempts": 2, "BackoffRate": 1.5, "ErrorEquals": ["1"]},
    }


def test_a_schema_itself_has_its_numbers_and_flags_again() -> None:
    own = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "minimum": {"type": "integer", "minimum": 1, "enum": [1, 2], "default": 1},
            "Text": {"type": "string", "minLength": 1, "const": "1"},
            "List": {"type": "array", "uniqueItems": True, "items": {"type": "number", "maximum": 0.5}},
        },
        "anyOf": [{"minProperties": 1}],
    }

    assert coerced_schema(_texts(own)) == own
    assert coerced_schema(json.dumps(own)) == own


def _texts(node: Any) -> Any:
    """What CloudFormation makes of a document."""
    if isinstance(node, dict):
        return {key: _texts(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_texts(item) for item in node]
    return str(node).lower() if isinstance(node, bool) else str(node)


JSON = st.recursive(
    st.none() | st.booleans() | st.text() | st.floats() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, JSON)
def test_no_document_and_no_schema_is_too_strange(value: Any, strange: Any) -> None:
    coerced(value, strange)
    coerced_schema(value)


@given(st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False).map(abs))
def test_every_number_comes_back(number: float) -> None:
    assert coerced(json.dumps(number), {"type": "number"}) == number
