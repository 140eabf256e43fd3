"""Which operations use a function, and which functions the engine has tagged: every key and condition of it.

Table Definitions (Kind, Name):
  uses#function#<arn>   an item for each operation, Name is `operation#<name>`; the ARN has no qualifier
  tagged                functions that carry the tag because the engine set it; Name is the ARN. `Stamp` changes with
                        everything that may decide about the tag. `Leaving` says that the tag may have to go;
                        `ClaimedUntil` (ISO time) that somebody is deciding, who alone may take it away till then
  untag                 notes of the functions that are leaving, for the sweep; `Since` is when they were written
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.aws import clock, dynamodb, transaction
from chalicelib.aws.dynamodb import Expression, Value
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Refusal, Write

CLAIM_SECONDS = 60
"""Longer than the SDK keeps trying a request: two may never decide about one tag."""


class TagMoved(Exception):
    """The tag of a function is being taken away, or something about it has changed since it was read."""


@dataclass(frozen=True)
class Tagged:
    """A function that the engine has tagged, as it was read or written."""

    arn: str
    stamp: str
    leaving: bool = False
    claimed_until: str | None = None

    @property
    def claimed(self) -> bool:
        """Whether somebody is deciding about its tag at this moment."""
        return self.claimed_until is not None and self.claimed_until > clock.now()


def read(arn: str) -> Tagged | None:
    """A function that the engine has tagged, strongly consistent; None for one that it has not."""
    item = dynamodb.get(_table(), _key(arn))
    if item is None:
        return None
    return Tagged(arn, item["Stamp"], bool(item.get("Leaving")), item.get("ClaimedUntil"))


def is_used(arn: str) -> bool:
    """Whether any operation of this stack uses a function, strongly consistent."""
    uses = dynamodb.equals("Kind", _uses(arn))
    return bool(dynamodb.query_page(_table(), uses, consistent=True, limit=1).items)


def leaving() -> Iterator[tuple[str, str]]:
    """The ARN of each function that is leaving, and since when; eventually consistent: ask for old ones only."""
    for item in dynamodb.query(_table(), dynamodb.equals("Kind", "untag")):
        yield item["Name"], item["Since"]


def use(arn: str, operation: str) -> Write:
    """Note that an operation uses a function."""
    return transaction.put(_table(), _edge(arn, operation))


def disuse(arn: str, operation: str) -> Write:
    """Take back what `use` noted."""
    return transaction.delete(_table(), _edge(arn, operation))


def begin(arn: str, before: Tagged | None) -> Tagged:
    """Remember a function as ours just before it is tagged: until an operation stays with it, it is leaving.

    Raises TagMoved.
    """
    now = Tagged(arn, clock.short_id(), leaving=True)
    item: dict[str, Value | None] = {**_key(arn), "Stamp": now.stamp, "Leaving": True}
    transaction.commit([transaction.put(_table(), item, _same(before), TagMoved), _note(arn)])
    return now


def unchanged(arn: str, before: Tagged | None) -> Write:
    """Demand that nothing about a function's tag has changed; refused with TagMoved."""
    return transaction.check(_table(), _key(arn), _same(before), TagMoved)


def stay(before: Tagged) -> list[Write]:
    """Keep the tag of a function that was leaving; refused with TagMoved."""
    values: dict[str, Value | None] = {"Stamp": clock.short_id(), "Leaving": None, "ClaimedUntil": None}
    return [_update(before, values), forget(before.arn)]


def leave(before: Tagged) -> list[Write]:
    """Let a function's tag go if nothing else uses it; refused with TagMoved."""
    return [_update(before, {"Stamp": clock.short_id(), "Leaving": True, "ClaimedUntil": None}), _note(before.arn)]


def claim(before: Tagged) -> Tagged:
    """Be the one who decides about the tag of a function that is leaving. Raises TagMoved."""
    until = clock.iso(clock.seconds() + CLAIM_SECONDS)
    stamp = clock.short_id()
    transaction.commit([_update(before, {"Stamp": stamp, "ClaimedUntil": until})])
    return Tagged(before.arn, stamp, True, until)


def gone(claimed: Tagged) -> list[Write]:
    """Note that the tag was taken away; refused with TagMoved."""
    removal = transaction.delete(_table(), _key(claimed.arn), _same(claimed), TagMoved)
    return [removal, forget(claimed.arn)]


def forget(arn: str) -> Write:
    """Take back the note for the sweep."""
    return transaction.delete(_table(), {"Kind": "untag", "Name": arn})


def _note(arn: str) -> Write:
    return transaction.put(_table(), {"Kind": "untag", "Name": arn, "Since": clock.now()})


def _update(before: Tagged, values: dict[str, Value | None]) -> Write:
    refusal: Refusal = TagMoved
    return transaction.update(_table(), _key(before.arn), values, _same(before), refusal)


def _same(before: Tagged | None) -> Expression:
    if before is None:
        return transaction.absent("Kind")
    return Expression("#t = :t", {"#t": "Stamp"}, {":t": before.stamp})


def _table() -> str:
    return settings().definitions_table


def _key(arn: str) -> dict[str, str]:
    return {"Kind": "tagged", "Name": arn}


def _uses(arn: str) -> str:
    return f"uses#function#{arn}"


def _edge(arn: str, operation: str) -> dict[str, str]:
    return {"Kind": _uses(arn), "Name": f"operation#{operation}"}
