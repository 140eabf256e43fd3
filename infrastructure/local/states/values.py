"""JSON values as they travel through a state machine: doubles only, handed on by reference, never changed."""

from __future__ import annotations

import copy
import datetime
import json
import math
from typing import Any

from jsonata.utils import Utils

MAX_STATE_BYTES = 262_144
"""What a state's input, result or output may hold (UTF-8 bytes of its compact JSON)."""

NULL: Any = Utils.NULL_VALUE
"""JSON's null inside an expression, where None means undefined."""

_FULL_DIGITS = 1e21
"""Integers below are written in full, larger ones with an exponent, as ECMAScript does."""


class Shared(dict[str, Any]):
    """A JSON object that nobody changes any more, so that states, branches and events can share it.

    It remembers its JSON text once that was needed: one state's output is the next one's input.
    """

    __slots__ = ("text",)
    text: str

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        # A copy is made to be changed: it is an ordinary object, without the text.
        return {key: copy.deepcopy(value, memo) for key, value in self.items()}


class SharedList(list[Any]):
    """A JSON array that nobody changes any more."""

    __slots__ = ("text",)
    text: str

    def __copy__(self) -> list[Any]:
        return list(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return [copy.deepcopy(value, memo) for value in self]


def number(value: float) -> int | float:
    """The double next to a number, without a fraction of zero. Raises ValueError for NaN and infinities."""
    try:
        double = float(value)
    except OverflowError as error:
        raise ValueError("number out of range") from error
    if not math.isfinite(double):
        raise ValueError("number out of range")
    return int(double) if double.is_integer() and abs(double) < _FULL_DIGITS else double


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(
    object_hook=Shared,
    parse_int=lambda digits: number(int(digits)),
    parse_float=lambda digits: number(float(digits)),
    parse_constant=_refuse,
)


def loads(text: str | bytes) -> Any:
    """Parse JSON into shared values. Raises ValueError for what is no JSON or beyond a double."""
    return _DECODER.decode(text if isinstance(text, str) else text.decode("utf-8"))


def _foreign(value: Any) -> Any:
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_foreign, check_circular=False)


def dumps(value: Any) -> str:
    """Compact JSON; not escaped, as AWS writes it."""
    if not isinstance(value, (Shared, SharedList)):
        return _ENCODER.encode(value)
    text: str | None = getattr(value, "text", None)
    if text is None:
        text = value.text = _ENCODER.encode(value)
    return text


def fits(value: Any) -> bool:
    """Whether a value's JSON is within `MAX_STATE_BYTES`."""
    text = dumps(value)
    return len(text) * 4 <= MAX_STATE_BYTES or len(text.encode("utf-8", "surrogatepass")) <= MAX_STATE_BYTES


def share(value: Any) -> Any:
    """A value with shared objects and plain numbers; what is shared already isn't walked again.

    What no JSON can hold (times, decimals of other services' answers) becomes its text.
    """
    kind = type(value)
    if kind is str or kind is Shared or kind is SharedList or kind is bool or value is None:
        return value
    if kind is int or kind is float:
        return number(value)
    if isinstance(value, dict):
        return Shared((key, share(member)) for key, member in value.items())
    if isinstance(value, (list, tuple)):
        return SharedList(share(member) for member in value)
    return None if value is NULL else _foreign(value)
