"""Requests against JSON Schema 2020-12: validators are built once, messages name the field."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.web.errors import BadRequestError, shown

_ROOMS = Path(__file__).resolve().parent.parent


@cache
def schema(name: str) -> dict[str, Any]:
    """A schema by room and file, such as `definitions/operation`."""
    room, file = name.split("/")
    document: dict[str, Any] = json.loads((_ROOMS / room / "schemas" / f"{file}.json").read_text())
    return document


@cache
def _validator(name: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema(name))


def validate(name: str, document: Any) -> None:
    """Raise BadRequestError, naming a wrong field such as `Inputs[3].Input`, unless the document fits the schema of
    that name."""
    _raise_first(_validator(name).iter_errors(document), "")


def check_schema(document: Any, field: str) -> None:
    """Raise BadRequestError unless the document is itself a usable JSON Schema without outside references."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(document)
    except SchemaError as error:
        raise BadRequestError(_message(error, field)) from None
    if _outside_reference(document):
        raise BadRequestError(f"{field}: only references within the schema ('#...') are allowed")


def validate_against(document: Any, own_schema: Any, field: str) -> None:
    """Raise BadRequestError unless the document fits a schema that a user registered."""
    from jsonschema import Draft202012Validator
    from referencing.exceptions import Unresolvable

    try:
        _raise_first(Draft202012Validator(own_schema).iter_errors(document), field)
    except Unresolvable:
        raise BadRequestError(f"{field}: its ConfigurationSchema refers to a part that doesn't exist") from None


def _raise_first(errors: Any, field: str) -> None:
    from jsonschema.exceptions import best_match

    error = best_match(errors)
    if error is not None:
        raise BadRequestError(_message(error, field), _location(error))


def _location(error: Any) -> tuple[str | int, ...]:
    """The way to the wrong field, to the missing one where one is missing."""
    steps = tuple(error.absolute_path)
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return (*steps, *missing[:1])
    return steps


def _message(error: Any, field: str) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    path = "".join([field, *steps]).strip(".") or "body"
    path = shown(path)[1:-1]
    reason = error.schema.get("x-message") if isinstance(error.schema, dict) else None
    if reason:
        return f"{path}: {reason}"
    if error.validator == "required":
        return f"{path}: {error.message}" if path != "body" else f"{error.message}"
    return f"{path}: {_reason(error)}"


def _reason(error: Any) -> str:
    value = shown(error.instance)
    match error.validator:
        case "type":
            kinds = error.validator_value
            return f"{value} is not of type {kinds if isinstance(kinds, str) else ' or '.join(kinds)}"
        case "enum":
            return f"{value} is not one of {', '.join(map(str, error.validator_value))}"
        case "pattern":
            return f"{value} does not match {error.validator_value}"
        case "additionalProperties":
            return shown(error.message)[1:-1]
        case _:
            message = error.message.replace(repr(error.instance), value)
            return message if len(message) < 500 else f"{value} breaks the rule '{error.validator}'"


def _outside_reference(node: Any) -> bool:
    if isinstance(node, dict):
        reference = node.get("$ref", node.get("$dynamicRef", "#"))
        if not isinstance(reference, str) or not reference.startswith("#"):
            return True
        return any(_outside_reference(child) for child in node.values())
    if isinstance(node, list):
        return any(_outside_reference(child) for child in node)
    return False
