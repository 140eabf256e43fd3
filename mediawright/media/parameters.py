"""The parameters of each media operation: the JSON Schemas in `schemas/`, and the rules between two of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mediawright.errors import InvalidInput
from mediawright.media import rules

_SCHEMAS = Path(__file__).parent / "schemas"
_LONGEST_MESSAGE = 400

NAMES = tuple(sorted(path.stem for path in _SCHEMAS.glob("*.json")))
"""The operations that there are schemas for."""


class InvalidParameter(InvalidInput):
    """A parameter will not do. `field` names it, `reason` says why in one sentence."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of an operation's parameters. Raises KeyError for a name not in NAMES."""
    if name not in NAMES:
        raise KeyError(name)
    document: dict[str, Any] = json.loads((_SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return document


def configuration_schema(name: str) -> dict[str, Any]:
    """Return the schema of a whole Configuration: the parameters, and what the engine puts beside them."""
    document = schema(name)
    document["title"] = f"Configuration of {name}"
    own = {
        "MediaType": {
            "type": "string",
            "minLength": 1,
            "maxLength": 64,
            "description": "The kind of media to work on, as the run's Media names it.",
        },
        "Enabled": {"type": "boolean"},
    }
    del document["examples"]
    return {**document, "properties": {**own, **document["properties"]}, "required": ["MediaType"]}


def defaults(name: str) -> dict[str, Any]:
    """Return the parameters that have a value when nothing is said of them."""
    members = schema(name)["properties"]
    return {member: rule["default"] for member, rule in members.items() if "default" in rule}


def check(name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with the defaults filled in. Raises InvalidParameter for the first that will not do.

    What only the file can tell (a time past its end) is judged by the operator.
    """
    errors = sorted(_validator(name).iter_errors(dict(parameters)), key=lambda error: list(map(str, error.path)))
    if errors:
        raise _invalid(errors[0])
    complete = {**defaults(name), **_whole(name, parameters)}
    for problem in rules.problems(name, complete):
        raise InvalidParameter(*problem)
    return complete


def _whole(name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters with 300.0 as 300 where an integer is due: to JSON Schema they are the same, to a codec not."""
    members = schema(name)["properties"]
    return {
        member: int(value) if members[member].get("type") == "integer" else value
        for member, value in parameters.items()
    }


@cache
def _validator(name: str) -> Any:
    # imported at the first check: only what checks parameters needs it
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema(name))


def _invalid(error: Any) -> InvalidParameter:
    if error.absolute_path:
        reason: str = error.message
        if error.validator in ("anyOf", "pattern"):
            # the message would be a regular expression, or nothing
            reason = f"{json.dumps(error.instance)} won't do. {error.schema.get('description', '')}"
        return InvalidParameter(str(error.absolute_path[0]), reason[:_LONGEST_MESSAGE])
    unknown = sorted(set(map(str, error.instance)) - set(error.schema.get("properties", {})))
    return InvalidParameter(unknown[0][:64] if unknown else "", "there is no such parameter")
