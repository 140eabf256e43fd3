"""The functions that Step Functions adds to JSONata, and the one that it takes away."""

from __future__ import annotations

import hashlib
import math
import random
import uuid
from collections.abc import Callable
from typing import Any

from jsonata import jexception
from jsonata.functions import Functions
from jsonata.jsonata import Jsonata
from jsonata.parser import Parser

from infrastructure.local.states.values import NULL, dumps, loads, share

_MAX_RANGE = 1000
"""Elements that `$range` may make."""

_DIGESTS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


def refuse(message: str) -> Exception:
    """A failed evaluation with its own text."""
    error: Exception = jexception.JException("D3137", -1, message)
    return error


def _positive_count(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 1:
        raise refuse(f"{name} takes a positive number")
    return math.floor(value)


def _partition(array: Any = None, size: Any = None) -> Any:
    if array is None:
        return None
    items = list(array) if isinstance(array, list) else [array]
    step = _positive_count(size, "$partition")
    return [items[start : start + step] for start in range(0, len(items), step)]


def _range(first: Any = None, last: Any = None, step: Any = 1) -> Any:
    if first is None or last is None:
        return None
    if not step:
        raise refuse("$range takes a step that isn't zero")
    count = math.floor((last - first) / step) + 1
    if count > _MAX_RANGE:
        raise refuse(f"$range makes at most {_MAX_RANGE} elements")
    return [first + index * step for index in range(max(0, count))]


def _hash(value: Any = None, algorithm: Any = None) -> Any:
    if value is None:
        return None
    digest = _DIGESTS.get(str(algorithm))
    if digest is None:
        raise refuse(f"$hash knows {', '.join(_DIGESTS)}")
    text = value if isinstance(value, str) else dumps(share(value))
    return hashlib.new(digest, text.encode(), usedforsecurity=False).hexdigest()


def _random(seed: Any = None) -> float:
    return random.random() if seed is None else random.Random(seed).random()


def _uuid() -> str:
    return str(uuid.uuid4())


def _parse(text: Any = None) -> Any:
    if text is None:
        return None
    if not isinstance(text, str):
        raise refuse("$parse takes a string")
    try:
        value = loads(text)
    except ValueError as error:
        raise refuse(f"$parse got no JSON: {error}") from error
    return NULL if value is None else value


def _eval(*_: Any) -> Any:
    raise refuse("$eval isn't supported, use $parse")


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "random": _random,
    "uuid": _uuid,
    "parse": _parse,
    "eval": _eval,
}


_Functions: Any = Functions
_COMPACT = _Functions.Encoder(ensure_ascii=False, separators=(",", ":"))
_PRETTY = _Functions.Encoder(ensure_ascii=False, indent="  ")


def _string(value: Any, prettify: bool) -> str:
    # The library writes non-ASCII characters as escapes, so that lengths differ from AWS's.
    if isinstance(value, (Jsonata.JFunction, Parser.Symbol)):
        return ""
    return str((_PRETTY if prettify else _COMPACT).encode(value))


def library() -> Any:
    """A frame with JSONata's own functions and these; every evaluation's frame has it as parent."""
    _Functions._string = staticmethod(_string)
    frame = Jsonata.Frame(Jsonata.static_frame)
    frame.bindings.update({name: Jsonata.JLambda(function) for name, function in _FUNCTIONS.items()})
    return frame
