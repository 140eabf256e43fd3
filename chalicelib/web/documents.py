"""JSON in and out: strict about numbers, so that none changes on its way.

Numbers travel through Step Functions as IEEE doubles; what a double can't hold is refused at the door.
"""

from __future__ import annotations

import json
import math
from typing import Any

from chalicelib.web.errors import BadRequestError, shown

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 200


def parse(text: str | bytes) -> Any:
    """A request's JSON; raises BadRequestError for malformed JSON and for numbers that a double can't hold."""
    try:
        document = json.loads(text, parse_int=_integer, parse_float=_real, parse_constant=_constant)
    except RecursionError:
        raise BadRequestError(f"The body is nested more than {MAX_DEPTH} levels deep") from None
    except UnicodeDecodeError:
        raise BadRequestError("The body is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise BadRequestError(
            f"The body is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    _check(document)
    return document


def stored_document(text: str) -> Any:
    """JSON that we stored ourselves: it was checked when it came in."""
    return json.loads(text)


def compact(document: Any) -> str:
    """JSON text without spaces, keys in their order, as the old API spells it."""
    return json.dumps(document, separators=(",", ":"), allow_nan=False)


def canonical(document: Any) -> str:
    """JSON text that is equal for equal documents: keys sorted."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True, allow_nan=False)


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
        raise BadRequestError(f"The integer {shown(text)[1:-1]} is beyond 2^53 - 1; send it as a string")
    return int(text)


def _real(text: str) -> float:
    value = float(text)
    if value == 0 and text.lower().split("e")[0].strip("-0."):
        raise BadRequestError(f"The number {shown(text)[1:-1]} is too small for a double; send it as a string")
    if math.isinf(value):
        raise BadRequestError(f"The number {shown(text)[1:-1]} is beyond what a double holds; send it as a string")
    return value


def _constant(text: str) -> float:
    raise BadRequestError(f"{text} is not a JSON number")


def _check(document: Any) -> None:
    """Refuse what JSON text allows and AWS's stores don't: lone surrogates, and nesting beyond sense."""
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise BadRequestError(f"The body is nested more than {MAX_DEPTH} levels deep")


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return [*node, *node.values()]
    if isinstance(node, list):
        return node
    if isinstance(node, str) and not node.isascii():
        try:
            node.encode()
        except UnicodeEncodeError:
            raise BadRequestError(f"{shown(node)} contains half of a surrogate pair") from None
    return []
