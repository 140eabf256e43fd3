"""A change of a run's status, as a record of the Executions table's stream tells it.

For those above this room who keep books on runs. The same change may be told twice: `event_id` is its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.aws import dynamodb
from chalicelib.executions.run import Run
from chalicelib.executions.statuses import Status

_TTL = "dynamodb.amazonaws.com"


class MalformedRecord(Exception):
    """A record that isn't what this version of the engine writes."""


@dataclass(frozen=True)
class Change:
    """The run as it became, and its status before; None when the run was made by this change."""

    run: Run
    previous: Status | None

    @property
    def event_id(self) -> str:
        """The same for every telling of this change, and for no other."""
        return f"{self.run.id}-{self.run.sequence}"


def run_id(record: Mapping[str, Any]) -> str:
    """The run that a record is about; raises MalformedRecord."""
    try:
        found = dynamodb.plain(record["dynamodb"]["Keys"]["Id"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedRecord(f"the record has no key: {error!r}") from error
    return str(found)


def change(record: Mapping[str, Any]) -> Change | None:
    """The change of status that a record tells; None when it tells none. Raises MalformedRecord."""
    if record.get("eventName") == "REMOVE":
        return None
    try:
        images = record["dynamodb"]
        run = Run.of(dynamodb.plain_item(images["NewImage"]))
        if record["eventName"] == "INSERT":
            return Change(run, None)
        before = dynamodb.plain_item(images["OldImage"])
        if before.get("Sequence", 1) == run.sequence:
            return None
        return Change(run, Status(before["Status"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedRecord(f"the record can't be read: {error!r}") from error


def expired(record: Mapping[str, Any]) -> Run | None:
    """The run that a record of its removal is about; None where the record doesn't hold it."""
    image = record["dynamodb"].get("OldImage")
    return None if image is None else Run.of(dynamodb.plain_item(image))


def is_expiry(record: Mapping[str, Any]) -> bool:
    """Whether the record says that DynamoDB itself removed a run whose time was over."""
    by = record.get("userIdentity") or {}
    return record.get("eventName") == "REMOVE" and by.get("principalId") == _TTL
