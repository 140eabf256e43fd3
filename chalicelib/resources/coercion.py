"""CloudFormation makes text of every number and flag: gives them back the types that a JSON Schema asks for.

What doesn't look like the type stays text, for the schema's own check to refuse with the field's name.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

_WHOLE = re.compile(r"-?(0|[1-9]\d{0,15})")
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,3})?")
_FLAGS = {"true": True, "false": False}

_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_COUNTS = (
    *("minLength", "maxLength", "minItems", "maxItems"),
    *("minProperties", "maxProperties", "minContains", "maxContains"),
)
_SWITCHES = ("uniqueItems", "additionalProperties", "unevaluatedProperties", "items", "unevaluatedItems")
_KEYWORDS: Mapping[str, str] = {
    **dict.fromkeys(_BOUNDS, "number"),
    **dict.fromkeys(_COUNTS, "integer"),
    **dict.fromkeys(_SWITCHES, "boolean"),
}
_OWN_TYPE = ("default", "const", "enum", "examples")
"""Keywords whose values are of the type that the schema beside them names."""


def coerced(value: Any, schema: Any) -> Any:
    """A value in which text that stands for a number, a flag, an object or a list is one, where `schema` asks."""
    if not isinstance(schema, dict):
        return value
    kinds = schema.get("type", [])
    value = _of_type(value, [kinds] if isinstance(kinds, str) else kinds)
    if isinstance(value, dict):
        return {name: coerced(member, _member_schema(schema, name)) for name, member in value.items()}
    if isinstance(value, list):
        return [coerced(item, schema.get("items")) for item in value]
    return value


def coerced_schema(schema: Any) -> Any:
    """A JSON Schema that CloudFormation made text of, its numbers and flags given back. It may be one JSON text."""
    schema = _of_type(schema, ["object"])
    if isinstance(schema, list):
        return [coerced_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    own = {"type": schema.get("type", [])}
    return {name: _keyword(name, value, own) for name, value in schema.items()}


def _keyword(name: str, value: Any, own: dict[str, Any]) -> Any:
    if isinstance(value, str) and name in _KEYWORDS:
        return _of_type(value, [_KEYWORDS[name]])
    if name in _OWN_TYPE:
        return [coerced(entry, own) for entry in value] if isinstance(value, list) else coerced(value, own)
    return coerced_schema(value) if isinstance(value, dict | list) else value


def _member_schema(schema: dict[str, Any], name: str) -> Any:
    properties = schema.get("properties")
    if isinstance(properties, dict) and name in properties:
        return properties[name]
    return schema.get("additionalProperties")


def _of_type(value: Any, kinds: list[Any]) -> Any:
    """A text as the first of the types that it can be; where text is allowed, text it stays."""
    if not isinstance(value, str) or "string" in kinds:
        return value
    for kind in kinds:
        found = _as(value, kind)
        if found is not None:
            return found
    return value


def _as(value: str, kind: Any) -> Any:
    text = value.strip()
    match kind:
        case "boolean":
            return _FLAGS.get(text.lower())
        case "integer":
            return int(text) if _WHOLE.fullmatch(text) else None
        case "number":
            return _number(text)
        case "object" | "array":
            return _json(text, dict if kind == "object" else list)
    return None


def _number(text: str) -> int | float | None:
    if _WHOLE.fullmatch(text):
        return int(text)
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


def _json(text: str, kind: type) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, kind) else None
