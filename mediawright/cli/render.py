"""Printing: tables for people, tab-separated lines for pipes, JSON for programs.

Names and messages come from others: none of them may move the cursor or pass for markup.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import typer
from rich.console import Console
from rich.json import JSON
from rich.table import Table
from rich.text import Text


def plain(value: Any) -> str:
    """Return a value as one line of printable text."""
    text = "" if value is None else str(value)
    return "".join(char if char.isprintable() else " " for char in text)


def table(console: Console, columns: list[str], rows: list[list[Any]]) -> None:
    """Print rows; without a terminal as tab-separated lines without a heading."""
    if not console.is_terminal:
        for row in rows:
            typer.echo("\t".join(plain(cell) for cell in row))
        return
    drawn = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        drawn.add_row(*(Text(plain(cell), overflow="fold") for cell in row))
    console.print(drawn)


def json_document(console: Console, document: Any, *, plain: bool) -> None:
    """Print a document as JSON, in colour where a person reads it."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if plain or not console.is_terminal:
        typer.echo(text)
    else:
        console.print(JSON(text))


def moment(epoch: Any) -> str:
    """Return the local time of the API's epoch text; what isn't one comes back as it is."""
    try:
        return datetime.fromtimestamp(float(epoch)).strftime("%Y-%m-%d %H:%M:%S")
    except (TypeError, ValueError, OverflowError, OSError):
        return plain(epoch)


def seconds(value: float | None) -> str:
    """Return a duration as people write it."""
    if value is None:
        return ""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(int(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(count: float) -> str:
    """Return a number of bytes as people write it."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
