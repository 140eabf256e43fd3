"""JSON that a user hands to a command: a file, `-` for the standard input, or written out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import typer


def from_file(path: str) -> dict[str, Any]:
    """Return the object in a file, or on the standard input for `-`. Raises BadParameter naming the file."""
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{path} cannot be read: {error}") from None
    return _object(text, path)


def from_text(value: str | None, option: str) -> dict[str, Any] | None:
    """Return the object that an option holds: JSON, or `@` and the name of a file of JSON."""
    if value is None:
        return None
    return from_file(value[1:]) if value.startswith("@") else _object(value, option)


def _object(text: str, where: str) -> dict[str, Any]:
    try:
        document = json.loads(text, parse_constant=_no_number)
    except ValueError as error:
        raise typer.BadParameter(f"{where} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise typer.BadParameter(f"{where} holds no JSON object")
    return document


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
