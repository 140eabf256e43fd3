"""The System table's items of this room: webhooks, deliveries on their way, deliveries that were given up.

A delivery that is on its way has a second, small item, which says by its key when it is due. The two are written
together, so finding what is due reads no delivery's body, and nothing that isn't due.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chalicelib.aws import clock, dynamodb, objects, transaction
from chalicelib.aws.dynamodb import Expression, Item, Key, Value
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Write, WriteRefused
from chalicelib.events.webhooks import Webhook

_WEBHOOK, _DELIVERY, _DUE, _DEAD = "webhook", "delivery", "delivery-due", "dead-delivery"
_UNTOLD = "untold"
_AFTER_MARK = "$"
"""The character after `#`, which separates the parts of a sort key, and before all those of names."""

OF_THE_RUN = "@run"
"""Stands for the webhook that a run brought with it; no webhook's name begins so."""

UNTOLD_SECONDS = 86_400
"""How long it is remembered that an event could not be told: as long as the stream could bring it again."""

DEAD_SECONDS = 30 * 86_400
"""How long a dead delivery is listed."""


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one webhook. `attempts` counts those begun; `next_at` is when it is due again (epoch
    seconds). `text` is the body, or `ref` its key in the bucket."""

    event_id: str
    run_id: str
    webhook: str
    webhook_id: str
    created: str
    next_at: int
    attempts: int = 0
    text: str | None = None
    ref: str | None = None
    last_status: int | None = None
    last_reason: str | None = None

    @property
    def name(self) -> str:
        """Its sort key: one event goes to one webhook once."""
        return f"{self.event_id}#{self.webhook}"

    @property
    def due_key(self) -> Key:
        """The key of the item that says when it is due: by webhook, the earliest first."""
        return {"Kind": _DUE, "Name": f"{self.webhook}#{self.next_at:012}#{self.event_id}"}


@dataclass(frozen=True)
class Due:
    """That a delivery is due. `attempts` counts those begun."""

    name: str
    attempts: int


@dataclass(frozen=True)
class DeadDelivery:
    """A delivery that was given up, with what its last attempt met."""

    event_id: str
    run_id: str
    webhook: str
    attempts: int
    created: str
    died: str
    last_status: int | None
    last_reason: str | None

    def answer(self) -> dict[str, Any]:
        """As the API answers it."""
        document = {
            "EventId": self.event_id,
            "WorkflowExecutionId": self.run_id,
            "Attempts": self.attempts,
            "Created": self.created,
            "Died": self.died,
            "LastStatus": self.last_status,
            "LastReason": self.last_reason,
        }
        return document if self.webhook == OF_THE_RUN else {"Webhook": self.webhook, **document}


def _table() -> str:
    return settings().system_table


# -- webhooks --------------------------------------------------------------------------------------------------


def put_webhook(webhook: Webhook) -> bool:
    """Store a new webhook; false when its name is taken."""
    item: dict[str, Value | None] = {
        "Kind": _WEBHOOK,
        "Name": webhook.name,
        "Id": webhook.id,
        "Url": webhook.url,
        "Secret": webhook.secret,
        "Created": webhook.created,
        "Workflow": webhook.workflow,
        "Statuses": list(webhook.statuses) or None,
    }
    return _committed(transaction.put(_table(), item, transaction.absent("Kind")))


def webhook(name: str) -> Webhook | None:
    """A webhook by its name."""
    item = dynamodb.get(_table(), {"Kind": _WEBHOOK, "Name": name})
    return _webhook(item) if item else None


def webhooks() -> list[Webhook]:
    """All webhooks by name."""
    found = dynamodb.query(_table(), dynamodb.equals("Kind", _WEBHOOK), consistent=True)
    return [_webhook(item) for item in found]


def delete_webhook(webhook: Webhook) -> bool:
    """Remove a webhook; false when it is gone already."""
    return _committed(transaction.delete(_table(), {"Kind": _WEBHOOK, "Name": webhook.name}, _is("Id", webhook.id)))


def count_unanswered(webhook: Webhook) -> None:
    """Count one more attempt in a row that a webhook didn't answer; one that is gone by now stays gone."""
    _noted(webhook, {}, {"Unanswered": 1})


def forget_unanswered(webhook: Webhook) -> None:
    """A webhook answers (again)."""
    _noted(webhook, {"Unanswered": None}, {})


def _noted(webhook: Webhook, values: dict[str, Value | None], add: dict[str, int]) -> None:
    key, same = {"Kind": _WEBHOOK, "Name": webhook.name}, _is("Id", webhook.id)
    # many attempts may come to this at once, and as transactions they would refuse each other
    with suppress(WriteRefused):
        transaction.alone(transaction.update(_table(), key, values, same, add=add))


def _webhook(item: Item) -> Webhook:
    return Webhook(
        name=item["Name"],
        id=item["Id"],
        url=item["Url"],
        secret=item["Secret"],
        created=item["Created"],
        workflow=item.get("Workflow"),
        statuses=tuple(item.get("Statuses", ())),
        unanswered=item.get("Unanswered", 0),
    )


# -- deliveries ------------------------------------------------------------------------------------------------


def put_delivery(delivery: Delivery) -> bool:
    """Store a new delivery; false when this event is on its way to this webhook already."""
    item = transaction.put(_table(), _delivery_item(delivery), transaction.absent("Kind"))
    return _committed(item, _put_due(delivery))


def delivery(name: str) -> Delivery | None:
    """A delivery that is on its way."""
    item = dynamodb.get(_table(), {"Kind": _DELIVERY, "Name": name})
    return _delivery(item) if item else None


def due(now: int, most: int) -> list[list[Due]]:
    """What is due at an epoch time, the earliest first: a list for each webhook that has some, of so many at most."""
    found = []
    webhook = _next_waiting("")
    while webhook is not None:
        condition = Expression(
            "#k = :k AND #n BETWEEN :a AND :z",
            {"#k": "Kind", "#n": "Name"},
            {":k": _DUE, ":a": f"{webhook}#", ":z": f"{webhook}#{now + 1:012}"},
        )
        page = dynamodb.query_page(_table(), condition, limit=most)
        found.append([Due(item["Delivery"], item["Attempts"]) for item in page.items])
        webhook = _next_waiting(webhook + _AFTER_MARK)
    return [of_webhook for of_webhook in found if of_webhook]


def _next_waiting(after: str) -> str | None:
    """The first webhook by name, after a text, to which anything is on its way."""
    condition = Expression("#k = :k AND #n > :n", {"#k": "Kind", "#n": "Name"}, {":k": _DUE, ":n": after or " "})
    items = dynamodb.query_page(_table(), condition, limit=1).items
    return items[0]["Name"].partition("#")[0] if items else None


def change_delivery(before: Delivery, after: Delivery) -> bool:
    """Change a delivery on condition that no attempt has been begun since; false when one has, or it is gone."""
    values: dict[str, Value | None] = {
        "NextAt": after.next_at,
        "Attempts": after.attempts,
        "LastStatus": after.last_status,
        "LastReason": after.last_reason,
    }
    writes = [transaction.update(_table(), _delivery_key(before), values, _is("Attempts", before.attempts))]
    if after.due_key != before.due_key:
        writes.append(transaction.delete(_table(), before.due_key))
    if (after.next_at, after.attempts) != (before.next_at, before.attempts):
        writes.append(_put_due(after))
    return _committed(*writes)


def drop_delivery(unneeded: Delivery) -> None:
    """Remove a delivery that needs no more attempts, also when another one has been begun meanwhile."""
    found: Delivery | None = unneeded
    while found is not None and not _committed(*_removed(found)):
        found = delivery(unneeded.name)


def _removed(delivery: Delivery) -> list[Write]:
    unchanged = _is("Attempts", delivery.attempts)
    item = transaction.delete(_table(), _delivery_key(delivery), unchanged)
    return [item, transaction.delete(_table(), delivery.due_key)]


def _put_due(delivery: Delivery) -> Write:
    item: dict[str, Value | None] = {"Delivery": delivery.name, "Attempts": delivery.attempts}
    return transaction.put(_table(), {**delivery.due_key, **item})


def _delivery_key(delivery: Delivery) -> Key:
    return {"Kind": _DELIVERY, "Name": delivery.name}


def bury(delivery: Delivery, now: str) -> bool:
    """Make a delivery a dead one; false when an attempt has been begun since, or it is gone."""
    dead: dict[str, Value | None] = {
        "Kind": _DEAD,
        "Name": f"{now}#{delivery.name}",
        "EventId": delivery.event_id,
        "Run": delivery.run_id,
        "Webhook": delivery.webhook,
        "Attempts": delivery.attempts,
        "Created": delivery.created,
        "Died": now,
        "LastStatus": delivery.last_status,
        "LastReason": delivery.last_reason,
        "ExpiresAt": int(clock.epoch(now)) + DEAD_SECONDS,
    }
    return _committed(*_removed(delivery), transaction.put(_table(), dead))


def dead(limit: int, position: dict[str, str] | None) -> tuple[list[DeadDelivery], dict[str, str] | None]:
    """A page of the deliveries that were given up, the latest first, and where the next one begins."""
    # what has expired may stand for days more
    since = clock.iso(clock.epoch(clock.now()) - DEAD_SECONDS)
    condition = Expression("#k = :k AND #n >= :n", {"#k": "Kind", "#n": "Name"}, {":k": _DEAD, ":n": since})
    page = dynamodb.query_page(
        _table(),
        condition,
        consistent=True,
        forward=False,
        limit=limit,
        start=position and {"Kind": _DEAD, **position},
    )
    found = [
        DeadDelivery(
            event_id=item["EventId"],
            run_id=item["Run"],
            webhook=item["Webhook"],
            attempts=item["Attempts"],
            created=item["Created"],
            died=item["Died"],
            last_status=item.get("LastStatus"),
            last_reason=item.get("LastReason"),
        )
        for item in page.items
    ]
    return found, {"Name": page.next_key["Name"]} if page.next_key else None


# -- events that can't be told -------------------------------------------------------------------------------------


def failing_since(event: str, now: int) -> int:
    """Since when (epoch seconds) telling an event has been failing: since now, if nothing is known of it."""
    key = {"Kind": _UNTOLD, "Name": event}
    known = dynamodb.get(_table(), key)
    if known is not None and known["ExpiresAt"] > now:
        return int(known["Since"])
    transaction.commit([transaction.put(_table(), {**key, "Since": now, "ExpiresAt": now + UNTOLD_SECONDS})])
    return now


def _delivery_item(delivery: Delivery) -> dict[str, Value | None]:
    return {
        **_delivery_key(delivery),
        "EventId": delivery.event_id,
        "Run": delivery.run_id,
        "Webhook": delivery.webhook,
        "WebhookId": delivery.webhook_id,
        "Created": delivery.created,
        "NextAt": delivery.next_at,
        "Attempts": delivery.attempts,
        "Text": delivery.text,
        "Ref": delivery.ref,
    }


def _delivery(item: Item) -> Delivery:
    return Delivery(
        event_id=item["EventId"],
        run_id=item["Run"],
        webhook=item["Webhook"],
        webhook_id=item["WebhookId"],
        created=item["Created"],
        next_at=item["NextAt"],
        attempts=item["Attempts"],
        text=item.get("Text"),
        ref=item.get("Ref"),
        last_status=item.get("LastStatus"),
        last_reason=item.get("LastReason"),
    )


def body(delivery: Delivery) -> str:
    """What is to be sent; raises the SDK's ClientError when the run's objects are gone."""
    if delivery.ref:
        return objects.get_text(delivery.ref)
    return delivery.text or ""


def _is(attribute: str, value: Value) -> Expression:
    return Expression("#a = :a", {"#a": attribute}, {":a": value})


def _committed(*writes: Write) -> bool:
    try:
        transaction.commit(writes)
    except WriteRefused:
        return False
    return True
