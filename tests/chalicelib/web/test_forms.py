"""Forms become the documents that JSON bodies are."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.web import forms
from chalicelib.web.errors import BadRequestError
from chalicelib.web.forms import MULTIPART, URLENCODED, File

SCHEMA = {
    "properties": {
        "quality": {"type": "integer"},
        "start": {"type": "number"},
        "lossless": {"type": "boolean"},
        "name": {"type": "string"},
    }
}


def multipart(*parts: tuple[str, bytes], boundary: str = "b") -> tuple[str, bytes]:
    """A content type, and a body of parts, each as (headers, content)."""
    lines = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
        for head, content in parts
    )
    return f"{MULTIPART}; boundary={boundary}", lines + f"--{boundary}--\r\n".encode()


def test_fields_and_files_are_told_apart_and_kept_byte_for_byte() -> None:
    content = bytes(range(256)) * 20
    form = forms.parse(*multipart(('name="quality"', b"80"), ('name="file"; filename="a b.png"', content)))

    assert form.fields == (("quality", "80"),)
    assert form.files == (File("file", "a b.png", content),)


def test_files_keep_their_order_and_an_empty_one_is_one() -> None:
    parts = [(f'name="files"; filename="{name}"', name.encode()) for name in ("b.png", "a.png")]
    form = forms.parse(*multipart(*parts, ('name="files"; filename="c"', b"")))

    assert [file.name for file in form.files] == ["b.png", "a.png", "c"]
    assert form.files[2].content == b""


def test_an_urlencoded_form_is_decoded() -> None:
    form = forms.parse(f"{URLENCODED}; charset=utf-8", b"username=ada%40example.com&password=a+b%20c%2B")

    assert dict(form.fields) == {"username": "ada@example.com", "password": "a b c+"}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (f"{MULTIPART}; boundary=b", b"junk"),
        (f"{MULTIPART}; boundary=b", b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\nunfinished"),
        (MULTIPART, b"--b--\r\n"),
        (URLENCODED, b"a;b"),
        (URLENCODED, b"a=%FF"),
        (URLENCODED, "a=\xe4".encode()),
        (URLENCODED, b"&".join([b"a=1"] * (forms.MAX_FIELDS + 1))),
        multipart(*[('name="a"', b"1")] * (forms.MAX_FIELDS + 1)),
        multipart(('name="a"', b"\xff")),
    ],
)
def test_what_is_no_form_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(BadRequestError, match="not a form"):
        forms.parse(content_type, body)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("quality", "80", 80),
        ("quality", "-5", -5),
        ("quality", "8.5", "8.5"),
        ("quality", "9" * 5000, "9" * 5000),
        ("quality", "\u0661", "\u0661"),
        ("start", "1.5", 1.5),
        ("start", "nan", "nan"),
        ("start", "00:00:01", "00:00:01"),
        ("lossless", "true", True),
        ("lossless", "False", False),
        ("lossless", "maybe", "maybe"),
        ("name", "80", "80"),
        ("unknown", "80", "80"),
    ],
)
def test_a_text_is_read_as_its_fields_type_or_left(field: str, text: str, value: Any) -> None:
    document = forms.document(forms.Form(((field, text),), ()), SCHEMA)

    assert document == {field: value}
    assert type(document[field]) is type(value)


def test_a_field_that_was_not_filled_in_is_left_out() -> None:
    assert forms.document(forms.Form((("quality", ""),), ()), SCHEMA) == {}


def test_a_field_given_twice_and_a_file_where_none_belongs_are_refused() -> None:
    with pytest.raises(BadRequestError, match="quality: it is given more than once"):
        forms.document(forms.Form((("quality", "1"), ("quality", "2")), ()), SCHEMA)
    with pytest.raises(BadRequestError, match="name: this field takes no file"):
        forms.document(forms.Form((), (File("name", "x", b""),)), SCHEMA, ("file",))
