"""Settings by name in the System table; the cap on runs at the head of the pool, where the scheduler reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from chalicelib.aws import dynamodb, transaction
from chalicelib.aws.dynamodb import Expression, Value
from chalicelib.aws.settings import settings
from chalicelib.web import documents

_POOL = {"Id": "pool#global", "Part": "pool"}
_PARAMETER = "Parameter"


class SettingMoved(Exception):
    """Somebody has set the setting since it was read."""


@dataclass(frozen=True)
class Kept:
    """A setting that has a stack parameter. `parameter` is what that was when the setting was made; None when it was
    made before that was noted."""

    value: int
    parameter: int | None


def put_configuration(document: dict[str, Any], parameter: int | None = None) -> None:
    """Store a configuration under its name, in place of an earlier one."""
    transaction.commit([transaction.put(settings().system_table, _configuration(document, parameter))])


def configurations() -> list[dict[str, Any]]:
    """All configurations by name."""
    condition = dynamodb.equals("Kind", "configuration")
    return [json.loads(item["Text"]) for item in dynamodb.query(settings().system_table, condition, consistent=True)]


def kept_configuration(name: str) -> Kept | None:
    """A configuration that has a parameter; None when it was never set."""
    item = dynamodb.get(settings().system_table, {"Kind": "configuration", "Name": name})
    return Kept(json.loads(item["Text"])["Value"], item.get(_PARAMETER)) if item else None


def renew_configuration(document: dict[str, Any], kept: Kept, parameter: int) -> None:
    """Replace a configuration by what the stack says now; raises SettingMoved when somebody else has set it."""
    item = _configuration(document, parameter)
    transaction.commit([transaction.put(settings().system_table, item, _unmoved(kept), SettingMoved)])


def _configuration(document: dict[str, Any], parameter: int | None) -> dict[str, Value | None]:
    text = documents.compact(document)
    return {"Kind": "configuration", "Name": document["Name"], "Text": text, _PARAMETER: parameter}


def put_cap(cap: int, parameter: int) -> None:
    """Set how many runs may be running at a time."""
    transaction.commit([transaction.update(settings().executions_table, _POOL, {"Max": cap, _PARAMETER: parameter})])


def cap() -> int | None:
    """How many runs may be running at a time; None when it was never set."""
    kept = kept_cap()
    return kept.value if kept else None


def kept_cap() -> Kept | None:
    """The cap with the parameter that it was set beside; None when it was never set."""
    item = dynamodb.get(settings().executions_table, _POOL)
    return Kept(item["Max"], item.get(_PARAMETER)) if item and "Max" in item else None


def renew_cap(cap: int, kept: Kept, parameter: int) -> None:
    """Replace the cap by what the stack says now; raises SettingMoved when somebody else has set it."""
    values: dict[str, Value | None] = {"Max": cap, _PARAMETER: parameter}
    condition = _unmoved(kept)
    transaction.commit([transaction.update(settings().executions_table, _POOL, values, condition, SettingMoved)])


def _unmoved(kept: Kept) -> Expression:
    if kept.parameter is None:
        return transaction.absent(_PARAMETER)
    return Expression("#parameter = :parameter", {"#parameter": _PARAMETER}, {":parameter": kept.parameter})
