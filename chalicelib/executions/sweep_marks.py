"""Where the sweep stopped, by what it goes over: each pass does what it has time for, and the next one goes on there.

Items of the System table: Kind `sweep`, Name `at:<what>`.
"""

from __future__ import annotations

from chalicelib.aws import dynamodb, transaction
from chalicelib.aws.settings import settings


def get(what: str) -> str | None:
    """Where to go on; None at the beginning."""
    item = dynamodb.get(settings().system_table, _key(what))
    return item.get("Mark") if item else None


def put(what: str, mark: str | None, before: str | None) -> None:
    """Note where to go on; `before` is what was noted, since mostly nothing changes."""
    if mark != before:
        transaction.commit([transaction.put(settings().system_table, {**_key(what), "Mark": mark})])


def _key(what: str) -> dict[str, str]:
    return {"Kind": "sweep", "Name": f"at:{what}"}
