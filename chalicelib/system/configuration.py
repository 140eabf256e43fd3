"""The system's configuration: settings by name, of which the engine itself reads one, the cap on running runs."""

from __future__ import annotations

from typing import Any

from chalicelib.aws.settings import settings
from chalicelib.system import store
from chalicelib.web import documents
from chalicelib.web.errors import BadRequestError

CAP = "MaxConcurrentWorkflows"
MOST = 9_999
"""Slots are numbered with four digits."""
MAX_BYTES = 8_192
"""All settings are answered at once, and one answer holds 6 MB."""


def check(document: dict[str, Any]) -> None:
    """Raise BadRequestError for a cap that is no whole number of 1 or more, and for a setting too large to store."""
    if document["Name"] == CAP:
        _checked_cap(document["Value"])
    size = len(documents.compact(document).encode())
    if size > MAX_BYTES:
        raise BadRequestError(f"Value: the setting has {size} bytes; it may have {MAX_BYTES}")


def write(document: dict[str, Any]) -> None:
    """Store a setting that `check` let pass."""
    if document["Name"] == CAP:
        store.put_cap(_checked_cap(document["Value"]))
    else:
        store.put_configuration(document)


def read() -> list[dict[str, Any]]:
    """All settings, the cap first, which has a default."""
    return [{"Name": CAP, "Value": cap()}, *store.configurations()]


def cap() -> int:
    """How many runs may be running at a time."""
    stored = store.cap()
    return settings().max_concurrent_workflows if stored is None else stored


def _checked_cap(value: Any) -> int:
    is_whole = not isinstance(value, bool) and isinstance(value, int | float) and value == int(value)
    if not is_whole or not 1 <= value <= MOST:
        raise BadRequestError(f"Value: {CAP} must be a whole number from 1 to {MOST}")
    return int(value)
