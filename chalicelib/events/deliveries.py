"""Deliveries of events to webhooks: durable, and nothing that polls.

The publisher stores a delivery and has it attempted at once, or leaves that to the sweep while the receiver answers
nothing: each attempt would keep a function waiting, and the more so the more events there are. An attempt first notes
that it was begun and when the next is due, so one that dies is repeated; success removes the delivery. The sweep has
attempted again what is due. After the last attempt the delivery becomes a dead one, which is listed for 30 days.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, zip_longest

from botocore.exceptions import ClientError

from chalicelib.aws import clock, functions, metrics, objects
from chalicelib.aws.clients import code
from chalicelib.aws.metrics import Metric
from chalicelib.aws.settings import settings
from chalicelib.events import sending, signature, store
from chalicelib.events.sending import Result
from chalicelib.events.store import OF_THE_RUN, Delivery, Due
from chalicelib.events.webhooks import Webhook
from chalicelib.executions import store as runs
from chalicelib.executions import webhooks as run_webhooks
from chalicelib.executions.changes import Change
from chalicelib.web.documents import compact

_LOG = logging.getLogger("mediawright.events")

MINUTE, HOUR = 60, 3600
PAUSES = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR)
"""Seconds between the attempts, at least; the sweep comes every five minutes."""

MOST_ATTEMPTS = len(PAUSES) + 1
JITTER = 0.1
"""By how much of itself a pause may be longer, so that what failed together doesn't come back together."""

MOST, MOST_EACH = 2000, 500
"""Deliveries that a sweep has attempted again, in all and of one webhook (the runs' own count as one). So a receiver
that never answers keeps some twenty functions waiting."""

LOST_SECONDS = 5 * MINUTE
"""After so long the first or the last attempt, whose outcome nobody noted, is taken for lost."""


def begin(change: Change, text: str, webhooks: list[Webhook], *, of_the_run: bool) -> None:
    """Send an event to every webhook that wants it, and to the run's own; one on its way already is left alone."""
    targets = [(webhook.name, webhook.id, webhook.is_silent) for webhook in webhooks if webhook.wants(change)]
    if of_the_run:
        targets.append((OF_THE_RUN, OF_THE_RUN, False))
    if not targets:
        return
    key = f"{runs.object_prefix(change.run.id)}events/{change.run.sequence}.json"
    carried = objects.carried(text, key)
    now = clock.now()
    for name, webhook_id, is_silent in targets:
        delivery = Delivery(
            event_id=change.event_id,
            run_id=change.run.id,
            webhook=name,
            webhook_id=webhook_id,
            created=now,
            next_at=int(clock.epoch(now)) + (0 if is_silent else LOST_SECONDS),
            text=carried.get("Text"),
            ref=carried.get("Ref"),
        )
        if store.put_delivery(delivery) and not is_silent:
            _have_attempted(delivery.name, 1)


def attempt(name: str, number: int) -> str:
    """Make an attempt, unless somebody has begun it; answers what came of it, for the log."""
    found = store.delivery(name)
    if found is None or found.attempts != number - 1:
        return "nothing to do"
    now = clock.now()
    begun = replace(found, attempts=number, next_at=int(clock.epoch(now)) + _pause(number))
    if not store.change_delivery(found, begun):
        return "nothing to do"
    target = _target(begun)
    text = _text(begun)
    if target is None or text is None:
        store.drop_delivery(begun)
        return "dropped: the webhook or the run is gone"
    headers = signature.headers(target.secret, begun.event_id, int(clock.epoch(now)), text)
    result = sending.post(target.url, text, headers)
    outcome = _concluded(begun, result)
    if target.webhook is not None:
        _note_answer(target.webhook, result)
    return outcome


def retry_due(most: int = MOST, each: int = MOST_EACH, seconds: float = 30) -> int:
    """Have attempted again what is due, the earliest first; answers how many deliveries there were.

    The webhooks take turns, until so many in all, so many of each, or so many seconds: one that is down, and has
    everything on its way to it due again and again, takes nothing from the others.
    """
    until = clock.seconds() + seconds
    served = 0
    for one in islice(_by_turns(store.due(int(clock.seconds()), each)), most):
        if clock.seconds() >= until:
            break
        _see_to(one)
        served += 1
    return served


def _by_turns(webhooks: list[list[Due]]) -> Iterator[Due]:
    return (one for turn in zip_longest(*webhooks) for one in turn if one is not None)


def _see_to(due: Due) -> None:
    if due.attempts < MOST_ATTEMPTS:
        _have_attempted(due.name, due.attempts + 1)
        return
    found = store.delivery(due.name)
    if found is not None and found.attempts == due.attempts:
        _bury(replace(found, last_reason=found.last_reason or "the last attempt was not heard of again"))


def _pause(number: int) -> int:
    """Seconds from an attempt's begin until the next is due."""
    seconds = PAUSES[number - 1] if number <= len(PAUSES) else LOST_SECONDS
    return int(seconds + clock.jitter(seconds * JITTER))


def _have_attempted(name: str, number: int) -> None:
    """Have an attempt made by a function of its own; should Lambda refuse, the sweep comes back to it."""
    payload = compact({"Name": name, "Attempt": number})
    try:
        functions.invoke_later(settings().webhook_delivery_arn, payload)
    except ClientError as error:
        _LOG.warning("delivery %s waits for the sweep: Lambda answers %s", name, code(error))


@dataclass(frozen=True)
class _Target:
    """Where a delivery goes; `webhook` unless a run brought it along."""

    url: str
    secret: str
    webhook: Webhook | None = None


def _target(delivery: Delivery) -> _Target | None:
    """None when the webhook is gone, or another one has taken its name."""
    if delivery.webhook == OF_THE_RUN:
        of_run = run_webhooks.read(delivery.run_id)
        return _Target(of_run.url, of_run.secret) if of_run else None
    webhook = store.webhook(delivery.webhook)
    if webhook is None or webhook.id != delivery.webhook_id:
        return None
    return _Target(webhook.url, webhook.secret, webhook)


def _note_answer(before: Webhook, result: Result) -> None:
    """Note whether a receiver answers at all; `before` is its webhook as it was when the attempt began."""
    if result.status is not None:
        if before.unanswered:
            store.forget_unanswered(before)
        return
    # others have waited, and counted, at the same time
    webhook = store.webhook(before.name)
    if webhook is not None and not webhook.is_silent:
        store.count_unanswered(before)


def _text(delivery: Delivery) -> str | None:
    """What is to be sent; None when it went with its run's objects."""
    try:
        return store.body(delivery)
    except ClientError as error:
        if code(error) != "NoSuchKey":
            raise
        return None


def _concluded(delivery: Delivery, result: Result) -> str:
    if result.is_success:
        store.drop_delivery(delivery)
        return f"delivered: {result.status}"
    failed = replace(delivery, last_status=result.status, last_reason=result.reason)
    if failed.attempts < MOST_ATTEMPTS:
        store.change_delivery(delivery, failed)
    else:
        _bury(failed)
    return f"failed: {result.reason}"


def _bury(delivery: Delivery) -> None:
    if store.bury(delivery, clock.now()):
        metrics.emit({Metric.DEAD_LETTERS: 1}, DeadLetter="delivery")
