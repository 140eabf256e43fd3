"""Messages of refused bodies name the field and never echo a large or hostile value."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.web.errors import BadRequestError
from chalicelib.web.validation import check_schema, validate, validate_against

GOOD = {"Name": "flow", "Input": {"Media": {"Video": {"S3Bucket": "b", "S3Key": "k"}}}}


def message(body: Any) -> str:
    with pytest.raises(BadRequestError) as refusal:
        validate("executions/create_execution", body)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "body: None is not of type object"),
        ([], "body: [] is not of type object"),
        ({"Name": "flow"}, "'Input' is a required property"),
        ({**GOOD, "Name": 3}, "Name: "),
        ({**GOOD, "Name": ""}, "Name: a name of 1 to 64"),
        ({**GOOD, "Name": "a\n"}, "Name: a name of 1 to 64"),
        ({**GOOD, "Name": "a" * 65}, "Name: a name of 1 to 64"),
        ({**GOOD, "Name": "{% 1 %}"}, "Name: a name of 1 to 64"),
        ({**GOOD, "Input": None}, "Input: None is not of type object"),
        ({**GOOD, "Configuration": None}, "Configuration: None is not of type object"),
        ({**GOOD, "Input": {"Media": {"Video": {"S3Bucket": "b"}}}}, "Input.Media.Video: 'S3Key' is a required"),
        ({**GOOD, "Input": {"Media": {"Video": {"S3Bucket": "b", "S3Key": ""}}}}, "Input.Media.Video.S3Key: "),
        ({**GOOD, "Input": {"AssetId": None}}, "Input.AssetId: None is not of type string"),
    ],
)
def test_the_field_is_named(body: Any, words: str) -> None:
    assert words in message(body)


def test_a_hostile_value_is_cut_and_escaped() -> None:
    text = message({**GOOD, "Name": "x\n\u202e" * 100_000})

    assert len(text) < 600
    assert "\n" not in text
    assert "\u202e" not in text


def test_a_users_schema_must_be_one_and_stay_within_itself() -> None:
    check_schema(
        {"type": "object", "$defs": {"n": {"type": "number"}}, "properties": {"a": {"$ref": "#/$defs/n"}}}, "S"
    )

    for wrong in ({"type": "text"}, {"properties": []}, 3, {"$ref": "https://example.com/schema"}, {"$ref": 1}):
        with pytest.raises(BadRequestError):
            check_schema(wrong, "ConfigurationSchema")


def test_a_document_against_a_users_schema_names_the_field() -> None:
    with pytest.raises(BadRequestError, match=r"Configuration\.s\.o\.Every: 'x' is not of type number"):
        validate_against({"Every": "x"}, {"properties": {"Every": {"type": "number"}}}, "Configuration.s.o")


def test_a_users_schema_that_refers_to_nothing_is_told_so() -> None:
    with pytest.raises(BadRequestError, match="refers to a part that doesn't exist"):
        validate_against({}, {"$ref": "#/$defs/none"}, "Configuration")
