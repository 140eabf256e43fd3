"""The system's configuration: settings by name. The engine itself reads two: the cap on running runs, and for how
many days ended runs are kept."""

from __future__ import annotations

from typing import Any

from chalicelib.aws.settings import settings
from chalicelib.executions import retention
from chalicelib.system import store
from chalicelib.web import documents
from chalicelib.web.errors import BadRequestError

CAP = "MaxConcurrentWorkflows"
MOST = 9_999
"""Slots are numbered with four digits."""
MOST_DAYS = 3_650
MAX_BYTES = 8_192
"""All settings are answered at once, and one answer holds 6 MB."""


def check(document: dict[str, Any]) -> None:
    """Raise BadRequestError for a cap or retention that is no whole number, and a setting too large to store."""
    if document["Name"] == CAP:
        _checked_cap(document["Value"])
    if document["Name"] == retention.SETTING:
        _checked_whole(retention.SETTING, document["Value"], MOST_DAYS, least=0)
    size = len(documents.compact(document).encode())
    if size > MAX_BYTES:
        raise BadRequestError(f"Value: the setting has {size} bytes; it may have {MAX_BYTES}")


def write(document: dict[str, Any]) -> None:
    """Store a setting that `check` let pass."""
    if document["Name"] == CAP:
        store.put_cap(_checked_cap(document["Value"]), settings().max_concurrent_workflows)
    elif document["Name"] == retention.SETTING:
        whole = {**document, "Value": int(document["Value"])}
        store.put_configuration(whole, settings().retention_days)
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
    return _checked_whole(CAP, value, MOST)


def _checked_whole(name: str, value: Any, most: int, *, least: int = 1) -> int:
    is_whole = not isinstance(value, bool) and isinstance(value, int | float) and value == int(value)
    if not is_whole or not least <= value <= most:
        raise BadRequestError(f"Value: {name} must be a whole number from {least} to {most}")
    return int(value)
