"""What results are called when they are downloaded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.jobs import names

KEY = "private/assets/a/workflows/b/out.webp"


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("photo.jpg", "photo.webp"),
        ("archive.tar.gz", "archive.tar.webp"),
        ("photo", "photo.webp"),
        ("C:\\pictures\\photo.png", "photo.webp"),
        ("../../etc/passwd", "passwd.webp"),
        ('a"; filename="b.exe', "a__ filename=_b.webp"),
        ("two\r\nlines.png", "two__lines.webp"),
        (".png", "png.webp"),
        ("", "result.webp"),
        ("...", "result.webp"),
        ("x" * 300 + ".png", "x" * 100 + ".webp"),
    ],
)
def test_a_result_is_named_after_its_source(given_name: str, name: str) -> None:
    assert names.result_name(given_name, KEY) == name


def test_names_beyond_ascii_are_told_in_both_ways() -> None:
    told = names.disposition(names.result_name("Übung.png", KEY))

    assert told == "attachment; filename=\"_bung.webp\"; filename*=UTF-8''%C3%9Cbung.webp"


@given(st.text(max_size=200))
def test_no_name_leaves_its_header(text: str) -> None:
    told = names.disposition(names.result_name(text.encode(errors="replace").decode(), KEY))

    assert told.isascii()
    assert told.isprintable()
    assert told.count('"') == 2
