"""Forms as browsers and curl send them, read into the same documents as JSON bodies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.web.errors import BadRequestError

MULTIPART = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"
KINDS = (MULTIPART, URLENCODED)
MAX_FIELDS = 200
MAX_HEADERS = 8
MAX_HEADER_BYTES = 4_096
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}([.][0-9]{0,15})?")
_TRUTHS = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}


@dataclass(frozen=True)
class File:
    """One file of a form: its field, the name that its sender gave it, and its bytes."""

    field: str
    name: str
    content: bytes


@dataclass(frozen=True)
class Form:
    """The fields in their order, and the files."""

    fields: tuple[tuple[str, str], ...]
    files: tuple[File, ...]


def parse(content_type: str, body: bytes) -> Form:
    """The form in a body of one of KINDS; raises BadRequestError when it is none."""
    kind = content_type.split(";")[0].strip().lower()
    return _multipart(content_type, body) if kind == MULTIPART else _urlencoded(body)


def _urlencoded(body: bytes) -> Form:
    from urllib.parse import parse_qsl

    try:
        fields = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise BadRequestError(f"The body is not a form: {ascii(str(error))[1:-1][:200]}") from None
    return Form(tuple(fields), ())


def _multipart(content_type: str, body: bytes) -> Form:
    from python_multipart import FormParser
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import parse_options_header

    fields: list[tuple[str, str]] = []
    files: list[File] = []
    ended: list[bool] = []
    try:
        parser = FormParser(
            MULTIPART,
            on_field=lambda field: fields.append(_field(field)),
            on_file=lambda file: files.append(_file(file)),
            on_end=lambda: ended.append(True),
            boundary=parse_options_header(content_type)[1].get(b"boundary"),
            config={
                "MAX_HEADER_COUNT": MAX_HEADERS,
                "MAX_HEADER_SIZE": MAX_HEADER_BYTES,
                # never to a disk: what a request can carry is small
                "MAX_MEMORY_FILE_SIZE": len(body) + 1,
            },
        )
        parser.write(body)
        parser.finalize()
    except (FormParserError, UnicodeDecodeError) as error:
        raise BadRequestError(f"The body is not a form: {ascii(str(error))[1:-1][:200]}") from None
    if not ended:
        raise BadRequestError("The body is not a form: it ends before its last boundary")
    if len(fields) + len(files) > MAX_FIELDS:
        raise BadRequestError(f"The body is not a form of ours: it has more than {MAX_FIELDS} fields")
    return Form(tuple(fields), tuple(files))


def _field(field: Any) -> tuple[str, str]:
    return (field.field_name or b"").decode(), (field.value or b"").decode()


def _file(file: Any) -> File:
    stream = file.file_object
    stream.seek(0)
    return File((file.field_name or b"").decode(), (file.file_name or b"").decode(errors="replace"), stream.read())


def document(form: Form, schema: Mapping[str, Any], files: tuple[str, ...] = ()) -> dict[str, Any]:
    """The document that a form's fields describe, each text read as the type that the schema gives its field.

    A text that can't be read so is left as it is, for the schema to refuse. A field of no content is left out, as
    browsers send those that were not filled in. Raises BadRequestError for a field that is given twice, and for a
    file in a field that takes none.
    """
    found: dict[str, Any] = {}
    for name, text in form.fields:
        if name in found:
            raise BadRequestError(f"{name}: it is given more than once", (name,))
        if text:
            found[name] = _read(text, schema.get("properties", {}).get(name, {}))
    for file in form.files:
        if file.field not in files:
            raise BadRequestError(f"{file.field}: this field takes no file", (file.field,))
    return found


def _read(text: str, rule: Mapping[str, Any]) -> Any:
    kind = rule.get("type", "string")
    kinds = kind if isinstance(kind, list) else [kind]
    if "integer" in kinds and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in kinds and _NUMBER.fullmatch(text):
        return float(text)
    if "boolean" in kinds and text.lower() in _TRUTHS:
        return _TRUTHS[text.lower()]
    return text
