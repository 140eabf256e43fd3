"""Settings by name in the System table; the cap on runs at the head of the pool, where the scheduler reads it."""

from __future__ import annotations

import json
from typing import Any

from chalicelib.aws import dynamodb, transaction
from chalicelib.aws.settings import settings
from chalicelib.web import documents

_POOL = {"Id": "pool#global", "Part": "pool"}


def put_configuration(document: dict[str, Any]) -> None:
    """Store a configuration under its name, in place of an earlier one."""
    item = {"Kind": "configuration", "Name": document["Name"], "Text": documents.compact(document)}
    transaction.commit([transaction.put(settings().system_table, item)])


def configurations() -> list[dict[str, Any]]:
    """All configurations by name."""
    condition = dynamodb.equals("Kind", "configuration")
    return [json.loads(item["Text"]) for item in dynamodb.query(settings().system_table, condition, consistent=True)]


def put_cap(cap: int) -> None:
    """Set how many runs may be running at a time."""
    transaction.commit([transaction.update(settings().executions_table, _POOL, {"Max": cap})])


def cap() -> int | None:
    """How many runs may be running at a time; None when it was never set."""
    item = dynamodb.get(settings().executions_table, _POOL)
    stored: int | None = item.get("Max") if item else None
    return stored
