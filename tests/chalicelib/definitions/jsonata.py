"""Expressions of definitions, evaluated as the embedded Step Functions does."""

from __future__ import annotations

from typing import Any

from jsonata.jsonata import Jsonata

from infrastructure.local.states import jsonata


def evaluate(expression: str, **states: Any) -> Any:
    """The value of an expression, without its braces, where `$states` has the members given.

    Raises when it yields nothing.
    """
    return jsonata.evaluate(expression, {"states": states})


def parse(text: str) -> None:
    """Raise unless a definition's text, braces and all, is an expression."""
    assert text.startswith("{% "), text
    assert text.endswith(" %}"), text
    Jsonata(text[3:-3])
