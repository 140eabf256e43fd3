"""Triggers in the System table.

| Kind                 | Name            | what                                                                   |
|----------------------|-----------------|------------------------------------------------------------------------|
| `trigger`            | the id          | the definition, and what was noted of its deliveries                   |
| `trigger-name`       | a name          | which trigger has the name                                             |
| `trigger-topic#<arn>`| the id          | that the trigger listens to the topic                                  |
| `trigger-change`     | id or topic ARN | that AWS's side may differ from the items: written before it is changed|
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from chalicelib.aws import dynamodb, transaction
from chalicelib.aws.dynamodb import Expression, Item, Key, Value
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Write
from chalicelib.triggers.errors import ChangeUnderWayError, TakenNameError, UnknownTriggerError
from chalicelib.triggers.trigger import Failure, Kind, Trigger
from chalicelib.web.documents import compact, stored_document

_TRIGGER = "trigger"
_NAME = "trigger-name"
_TOPIC = "trigger-topic#"
_CHANGE = "trigger-change"


class TriggerGone(Exception):
    """The trigger was deleted meanwhile."""


class ChangeLost(Exception):
    """The change took so long that somebody else has taken it over."""


@dataclass(frozen=True)
class Change:
    """A change of one trigger, held until `until` (ISO). `name` is the one that it takes. Triggers of a topic share
    a subscription, so only one of them may be changed at a time: `lock` is the topic, else the trigger's id."""

    trigger_id: str
    kind: Kind
    topic: str | None
    name: str | None
    until: str
    token: str

    @property
    def lock(self) -> str:
        """What nobody else may change meanwhile."""
        return self.topic or self.trigger_id


def read(trigger_id: str) -> Trigger | None:
    """A trigger by its id."""
    item = dynamodb.get(_table(), _key(_TRIGGER, trigger_id))
    return _trigger(item) if item else None


def page(limit: int, start: Key | None) -> tuple[list[Trigger], Key | None]:
    """Some triggers, and where the next ones begin."""
    found = dynamodb.query_page(
        _table(), dynamodb.equals("Kind", _TRIGGER), limit=limit, start=start, consistent=True
    )
    return [_trigger(item) for item in found.items], found.next_key


def of_topic(topic_arn: str) -> list[str]:
    """The ids of the triggers that listen to a topic."""
    items = dynamodb.query(_table(), dynamodb.equals("Kind", _TOPIC + topic_arn), consistent=True)
    return [item["Name"] for item in items]


def read_change(lock: str) -> Change | None:
    """The change that holds a lock."""
    item = dynamodb.get(_table(), _key(_CHANGE, lock))
    return _change(item) if item else None


def changes() -> Iterator[Change]:
    """All changes that are under way, or were when something crashed."""
    for item in dynamodb.query(_table(), dynamodb.equals("Kind", _CHANGE), consistent=True):
        yield _change(item)


# -- writes ----------------------------------------------------------------------------------------------------


def begin(change: Change) -> Write:
    """Hold a lock that nobody holds."""
    item: dict[str, Value | None] = {
        **_key(_CHANGE, change.lock),
        "Trigger": change.trigger_id,
        "Of": change.kind,
        "Topic": change.topic,
        "TriggerName": change.name,
        "Until": change.until,
        "Token": change.token,
    }
    return transaction.put(_table(), item, transaction.absent("Kind"), ChangeUnderWayError)


def take_over(change: Change, until: str, token: str) -> Write:
    """Hold a lock in place of one who crashed."""
    values: dict[str, Value | None] = {"Until": until, "Token": token}
    return transaction.update(_table(), _key(_CHANGE, change.lock), values, _held(change), ChangeLost)


def end(change: Change) -> Write:
    """Give a lock back."""
    return transaction.delete(_table(), _key(_CHANGE, change.lock), _held(change), ChangeLost)


def put(trigger: Trigger) -> Write:
    """Make a new trigger visible."""
    item = {**_key(_TRIGGER, trigger.id), **_definition(trigger), "Created": trigger.created}
    return transaction.put(_table(), item, transaction.absent("Kind"))


def update(trigger: Trigger) -> Write:
    """Give a trigger another definition."""
    return _write(trigger.id, _definition(trigger))


def mark_deleting(trigger_id: str) -> Write:
    """From now on its deliveries make no runs."""
    return _write(trigger_id, {"Deleting": True}, lambda: UnknownTriggerError(trigger_id))


def delete(trigger_id: str) -> Write:
    """Forget a trigger."""
    return transaction.delete(_table(), _key(_TRIGGER, trigger_id))


def take_name(name: str, trigger_id: str) -> Write:
    """Give a trigger a name; raises TakenNameError when another has it."""
    item = {**_key(_NAME, name), "Trigger": trigger_id}
    free = Expression(
        "attribute_not_exists(#kind) OR #trigger = :id", {"#kind": "Kind", "#trigger": "Trigger"}, {":id": trigger_id}
    )
    return transaction.put(_table(), item, free, _taken(name))


def drop_name(name: str) -> Write:
    """Free a name that the writer's trigger has: while it holds its change, nobody else can have the name."""
    return transaction.delete(_table(), _key(_NAME, name))


def join_topic(topic_arn: str, trigger_id: str) -> Write:
    """Note that a trigger listens to a topic."""
    return transaction.put(_table(), _key(_TOPIC + topic_arn, trigger_id))


def leave_topic(topic_arn: str, trigger_id: str) -> Write:
    """Note that a trigger no longer listens to a topic."""
    return transaction.delete(_table(), _key(_TOPIC + topic_arn, trigger_id))


def note_run(trigger_id: str, run_id: str, now: str) -> Write:
    """A delivery made a run."""
    return _write(trigger_id, {"LastFired": now, "LastRun": run_id})


def note_failure(trigger_id: str, failure: Failure) -> Write:
    """A delivery was refused."""
    return _write(trigger_id, {"LastError": failure.message, "LastErrorAt": failure.time})


def _write(trigger_id: str, values: dict[str, Value | None], refusal: Callable[[], Exception] = TriggerGone) -> Write:
    return transaction.update(_table(), _key(_TRIGGER, trigger_id), values, transaction.present("Kind"), refusal)


def _held(change: Change) -> Expression:
    return Expression("#token = :token", {"#token": "Token"}, {":token": change.token})


def _taken(name: str) -> Callable[[], Exception]:
    def refusal() -> Exception:
        return TakenNameError(name)

    return refusal


def _definition(trigger: Trigger) -> dict[str, Value | None]:
    return {"Document": compact(trigger.document), "Changed": trigger.changed}


def _trigger(item: Item) -> Trigger:
    failed = item.get("LastError")
    return Trigger(
        id=item["Name"],
        document=stored_document(item["Document"]),
        created=item["Created"],
        changed=item["Changed"],
        deleting=item.get("Deleting", False),
        last_fired=item.get("LastFired"),
        last_run=item.get("LastRun"),
        last_error=Failure(failed, item["LastErrorAt"]) if failed is not None else None,
    )


def _change(item: dict[str, Any]) -> Change:
    return Change(
        trigger_id=item["Trigger"],
        kind=cast(Kind, item["Of"]),
        topic=item.get("Topic"),
        name=item.get("TriggerName"),
        until=item["Until"],
        token=item["Token"],
    )


def _key(kind: str, name: str) -> Key:
    return {"Kind": kind, "Name": name}


def _table() -> str:
    return settings().system_table
