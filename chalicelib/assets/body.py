"""The body of POST /metadata: strict like every other, but for `Results`, which stays the sender's bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.web import documents
from chalicelib.web.errors import BadRequestError
from chalicelib.web.validation import validate

_SCHEMA = "assets/metadata"
_RESULTS = "Results"
_KEY = "ResultsKey"
_SPACE = re.compile(r"[ \t\n\r]*")
_MISSING = "Missing required inputs for storing metadata: "


@dataclass(frozen=True)
class Submission:
    """What an operator sends: its results as UTF-8 JSON text."""

    operator: str
    workflow: str
    results: bytes


Fetch = Callable[[str], bytes]
"""Fetches the document that lies under a granted key."""


def read(raw: bytes, fetch: Fetch) -> Submission:
    """The parts of a body, whose results may lie in the bucket; raises BadRequestError naming the field."""
    members = _members(_text(raw))
    document = {name: documents.parse(text) for name, text in members.items() if name != _RESULTS}
    if _RESULTS in members:
        document[_RESULTS] = _scan(members[_RESULTS], 0)[0]
    for name in ("OperatorName", *([] if _KEY in document else [_RESULTS])):
        if name not in document:
            raise BadRequestError(f"{_MISSING}'{name}'")
    validate(_SCHEMA, document)
    if _KEY not in document:
        results = members[_RESULTS].encode()
    elif _RESULTS in document:
        raise BadRequestError(f"{_KEY}: either {_RESULTS} or {_KEY} is expected, not both")
    else:
        results = _checked(fetch(document[_KEY]))
    return Submission(document["OperatorName"], document.get("WorkflowId", "none"), results)


def _checked(document: bytes) -> bytes:
    """A document out of the bucket, without the white space around it; it must be what `Results` may be."""
    try:
        text = _text(document)
        _members(text)
    except BadRequestError as error:
        raise BadRequestError(f"{_KEY}: of the document there: {error}") from None
    return text.strip(" \t\n\r").encode()


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise BadRequestError("The body is not UTF-8 text") from None


def _members(text: str) -> dict[str, str]:
    """The members of the outermost object, each value as it is spelled; the last of equal names counts."""
    try:
        return _slices(text)
    except RecursionError:
        raise BadRequestError("The body is nested too deep") from None
    except json.JSONDecodeError as error:
        raise BadRequestError(
            f"The body is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None


def _slices(text: str) -> dict[str, str]:
    members: dict[str, str] = {}
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        _scan(text, at)
        raise BadRequestError("body: an object is expected")
    at = _skip(text, at + 1)
    if text[at : at + 1] == "}":
        return _ended(text, at + 1, members)
    while True:
        name, at = _name(text, at)
        start = _skip(text, at)
        _, end = _scan(text, start)
        members[name] = text[start:end]
        at = _skip(text, end)
        if text[at : at + 1] == "}":
            return _ended(text, at + 1, members)
        at = _skip(text, _expect(text, at, ","))


def _name(text: str, at: int) -> tuple[str, int]:
    _expect(text, at, '"')
    name, at = _scan(text, at)
    return name, _expect(text, _skip(text, at), ":")


def _expect(text: str, at: int, character: str) -> int:
    if text[at : at + 1] != character:
        raise json.JSONDecodeError(f"Expecting '{character}'", text, at)
    return at + 1


def _ended(text: str, at: int, members: dict[str, str]) -> dict[str, str]:
    at = _skip(text, at)
    if at != len(text):
        raise json.JSONDecodeError("Extra data", text, at)
    return members


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _scan(text: str, at: int) -> tuple[Any, int]:
    return _LENIENT.raw_decode(text, at)


def _constant(text: str) -> float:
    raise BadRequestError(f"{text} is not a JSON number")


_LENIENT = json.JSONDecoder(parse_int=lambda _: 0, parse_float=lambda _: 0.0, parse_constant=_constant)
"""Finds where a value ends; numbers of any length pass."""
