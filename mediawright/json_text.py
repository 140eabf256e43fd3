"""JSON that means the same on the other side: no NaN, no Infinity, no rounded integers, no Python objects."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from mediawright.errors import InvalidOutput

MAX_SAFE_INTEGER = 2**53 - 1
"""Beyond it a JSON number loses digits on its way through Step Functions (IEEE double)."""

_MAX_DEPTH = 200


def check(value: Any, name: str) -> None:
    """Refuse what would be lost or changed as JSON between states.

    Raises InvalidOutput naming the member, e.g. ``MetaData.scores[3] is NaN``.
    """
    for path, fault in _faults(value, name, 0, exact_integers=True):
        raise InvalidOutput(f"{path} {fault}")


def dumps(value: Any, name: str) -> str:
    """Return the JSON text of a document that is kept as it is, with as few escapes as UTF-8 allows.

    Raises InvalidOutput naming the member that JSON has no form for.
    """
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        for path, fault in _faults(value, name, 0, exact_integers=False):
            raise InvalidOutput(f"{path} {fault}") from None
        raise
    try:
        text.encode()
    except UnicodeEncodeError:
        # half of a surrogate pair is JSON only as an escape
        return json.dumps(value, allow_nan=False)
    return text


def _faults(value: Any, path: str, depth: int, *, exact_integers: bool) -> Iterator[tuple[str, str]]:
    if depth > _MAX_DEPTH:
        yield path[:200], f"is nested deeper than {_MAX_DEPTH} levels, or contains itself"
    elif value is None or isinstance(value, (str, bool)):
        return
    elif isinstance(value, int):
        if exact_integers and abs(value) > MAX_SAFE_INTEGER:
            yield path, "is an integer beyond 2^53 - 1, which would lose digits: make it a string"
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield path, f"is {_spelled(value)}, which JSON has no number for"
    elif isinstance(value, dict):
        for key, member in value.items():
            if not isinstance(key, str):
                yield path, f"has a key of type {type(key).__name__}; JSON keys are strings"
            yield from _faults(member, f"{path}.{key}", depth + 1, exact_integers=exact_integers)
    elif isinstance(value, (list, tuple)):
        for position, member in enumerate(value):
            yield from _faults(member, f"{path}[{position}]", depth + 1, exact_integers=exact_integers)
    else:
        yield path, f"is of type {type(value).__name__}, which is not JSON"


def _spelled(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
