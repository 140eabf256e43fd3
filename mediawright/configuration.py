"""Checking an operation's Configuration against the JSON Schema that its author wrote."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mediawright.errors import InvalidInput, NotConfigured

_LONGEST_MESSAGE = 400


class ConfigurationCheck:
    """A JSON Schema (2020-12 unless it says otherwise) for the whole Configuration of an operation.

    The package jsonschema is imported at the first check only, so operators without a schema do without it.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema = schema
        self._validator: Any | None = None

    def __call__(self, configuration: dict[str, Any]) -> None:
        """Raise InvalidInput naming the member that the schema refuses."""
        if self._validator is None:
            self._validator = _validator(self.schema)
        errors = sorted(self._validator.iter_errors(configuration), key=lambda error: list(map(str, error.path)))
        if errors:
            error = errors[0]
            raise InvalidInput(f"{_spelled(error.absolute_path)}: {error.message[:_LONGEST_MESSAGE]}")


def _validator(schema: dict[str, Any]) -> Any:
    try:
        from jsonschema.validators import Draft202012Validator, validator_for
    except ImportError:
        raise NotConfigured(
            "a configuration schema needs the package jsonschema: add it to the function's archive"
        ) from None
    kind = validator_for(schema, default=Draft202012Validator)
    kind.check_schema(schema)
    return kind(schema)


def _spelled(path: Iterable[Any]) -> str:
    return "Configuration" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
