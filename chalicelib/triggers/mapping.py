"""A run's Input out of an event: fixed values, and JSON Pointers (RFC 6901) into the event. Data, never code."""

from __future__ import annotations

from typing import Any

from chalicelib.web.errors import BadRequestError, shown

POINTER = "Pointer"


def resolved(template: Any, event: Any, field: str = "Input") -> Any:
    """The template with every `{"Pointer": "/..."}` replaced by what the event has there.

    Raises BadRequestError naming the member when the event has nothing there.
    """
    if not isinstance(template, dict):
        return template
    pointer = template.get(POINTER)
    # a medium may be called Pointer: then it is an object and no text
    if len(template) == 1 and isinstance(pointer, str):
        return _at(event, pointer, field)
    return {name: resolved(value, event, f"{field}.{name}") for name, value in template.items()}


def _at(event: Any, pointer: str, field: str) -> Any:
    value = event
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and _is_index(name) and int(name) < len(value):
            value = value[int(name)]
        else:
            raise BadRequestError(f"{field}: the event has nothing at {shown(pointer)}")
    return value


def _is_index(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) <= 9 and (name == "0" or not name.startswith("0"))
