"""JSON at the door: what a double can't hold, and what isn't JSON, is refused with a reason."""

from __future__ import annotations

import pytest

from chalicelib.web import documents
from chalicelib.web.errors import BadRequestError


@pytest.mark.parametrize("text", ["0.1", "5.0", "-0.0", "1e300", "1e-300", "9007199254740991", "-9007199254740991"])
def test_numbers_that_a_double_holds_come_in_unchanged(text: str) -> None:
    assert documents.parse(f'{{"n": {text}}}')["n"] == float(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"n": 9007199254740992}', "beyond 2^53"),
        ('{"n": -123456789012345678901234567890}', "beyond 2^53"),
        ('{"n": 1e999}', "beyond what a double holds"),
        ('{"n": NaN}', "NaN is not a JSON number"),
        ('{"n": Infinity}', "Infinity is not a JSON number"),
        ("", "not valid JSON: Expecting value at line 1, column 1"),
        ('{"a": 1,}', "not valid JSON"),
        ('{"a": "\\ud800"}', "half of a surrogate pair"),
        ("[" * 201 + "]" * 201, "more than 200 levels"),
        ("[" * 200_000, "levels deep"),
    ],
)
def test_what_is_refused_says_why(text: str, words: str) -> None:
    with pytest.raises(BadRequestError) as refusal:
        documents.parse(text)

    assert words in str(refusal.value)
    assert len(str(refusal.value)) < 400


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(BadRequestError, match="not UTF-8"):
        documents.parse(b'{"a": "\xff\xfe"}')


def test_a_deep_but_sane_document_is_taken() -> None:
    assert documents.parse("[" * 200 + "]" * 200)
