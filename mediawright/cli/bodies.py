"""JSON that a user hands to a command: a file, `-` for the standard input, or written out."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import typer


def from_file(path: str) -> dict[str, Any]:
    """Return the object in a file, or on the standard input for `-`. Raises BadParameter naming the file."""
    return _object(_read(path), path)


def from_text(value: str | None, option: str) -> dict[str, Any] | None:
    """Return the object that an option holds: JSON, or `@` and the name of a file of JSON."""
    if value is None:
        return None
    return from_file(value[1:]) if value.startswith("@") else _object(value, option)


def parsed(text: str) -> Any:
    """Return what JSON says. Raises ValueError for what is none, and for a number that is none or beyond all."""
    document = json.loads(text, parse_constant=_no_number)
    json.dumps(document, allow_nan=False)
    return document


def secret(path: str | None, option: str, variable: str) -> str:
    """Return a secret: a file's text, that of the standard input for `-`, or what the environment says."""
    found = secret_if_any(path, variable)
    if not found:
        raise typer.BadParameter(
            f"a secret is missing: give {option} FILE, or - for the standard input, or {variable}"
        )
    return found


def secret_if_any(path: str | None, variable: str) -> str | None:
    """Return the same, or None when neither tells. Whitespace around it doesn't count."""
    text = os.environ.get(variable, "") if path is None else _read(path)
    return text.strip() or None


def _read(path: str) -> str:
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{path} cannot be read: {error}") from None


def _object(text: str, where: str) -> dict[str, Any]:
    try:
        document = parsed(text)
    except ValueError as error:
        raise typer.BadParameter(f"{where} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise typer.BadParameter(f"{where} holds no JSON object")
    return document


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
