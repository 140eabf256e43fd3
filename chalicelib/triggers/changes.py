"""Making, changing and deleting triggers, so that a crash at any point leaves nothing that runs unrecorded.

The trigger's item is the truth. Before AWS's side is touched a change item says that the two may differ; the last
transaction makes the item as it is to be and removes the change. Whatever comes to a stop in between is repaired by
making AWS's side as the item says, or by removing it when there is none: at once after a refusal, else by whoever
changes the same trigger next, or by the sweep.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws import clock, transaction
from chalicelib.aws.transaction import Write
from chalicelib.triggers import checks, resources, sources, store
from chalicelib.triggers.errors import ChangeUnderWayError, TakenNameError, UnknownTriggerError
from chalicelib.triggers.store import Change
from chalicelib.triggers.trigger import Document, Trigger, kind_of, topic_of
from chalicelib.web import idempotency
from chalicelib.web.errors import BadRequestError, GoneError, MediawrightError, shown
from chalicelib.web.idempotency import Claim, KeyClaimed

_LOG = logging.getLogger("mediawright.triggers")
_PASSING = (MediawrightError, ClientError, BotoCoreError, transaction.StillContended, store.ChangeLost)

HOLD_SECONDS = 60
"""How long a request holds its change: longer than the API's function lives."""

SWEEP_HOLD_SECONDS = 300
"""The same for the sweep's function."""


class RepairsFailed(Exception):
    """Some changes could not be repaired; the next sweep tries again."""


def create(document: Document, *, claimed: Claim | None = None, dry_run: bool = False) -> Trigger:
    """Make a trigger, or answer the one that an equal request made before.

    Raises BadRequestError, TakenNameError and QuotaError; then nothing is left of it.
    """
    known = _made_before(claimed)
    if known is not None:
        return known
    _check(document)
    now = clock.now()
    trigger = Trigger(clock.new_id(), document, now, now)
    try:
        if not dry_run:
            _make(trigger, claimed)
    except (KeyClaimed, TakenNameError):
        # an equal request was quicker, and perhaps it is its trigger that has the name
        known = _made_before(claimed)
        if known is None:
            raise
        return known
    return trigger


def update(trigger_id: str, document: Document, *, dry_run: bool = False) -> Trigger:
    """Give a trigger another definition, of the same kind. Raises as `create` does, and UnknownTriggerError."""
    old = read(trigger_id)
    _check(document, old.document)
    checks.check_kept(old, document)
    changed = replace(old, document=document, changed=clock.now())
    if dry_run:
        return changed
    change = _change(trigger_id, document, changed.name)
    _begin(change, [store.take_name(change.name, trigger_id)] if change.name else [])
    standing = store.read(trigger_id)
    if standing is None or standing.deleting:
        repair(change)
        raise UnknownTriggerError(trigger_id)
    _apply(changed, change)
    transaction.commit([store.update(changed), *_name_left(standing, change.name), store.end(change)])
    return changed


def delete(trigger_id: str) -> Trigger:
    """Delete a trigger; again, it goes on where it stopped. Raises UnknownTriggerError."""
    trigger = read(trigger_id)
    change = _change(trigger_id, trigger.document, None)
    try:
        _begin(change, [store.mark_deleting(trigger_id)])
    except UnknownTriggerError:
        # gone between the read and here; by the repair of an earlier attempt's crash, it is what was asked for
        if not trigger.deleting:
            raise
    else:
        repair(change)
    return replace(trigger, deleting=True)


def read(trigger_id: str) -> Trigger:
    """A trigger; raises UnknownTriggerError."""
    trigger = store.read(trigger_id)
    if trigger is None:
        raise UnknownTriggerError(trigger_id)
    return trigger


def repair(change: Change) -> None:
    """Make AWS's side as the trigger's item says, forget what was to be forgotten, and end the change."""
    trigger = store.read(change.trigger_id)
    is_wanted = trigger is not None and not trigger.deleting
    if change.topic is not None:
        _repair_topic(change.topic, set() if is_wanted else {change.trigger_id})
    elif trigger is not None and is_wanted:
        resources.apply(trigger)
    else:
        resources.remove(change.kind, change.trigger_id)
    writes = _kept(trigger, change) if trigger is not None and is_wanted else _forgotten(trigger, change)
    transaction.commit([*writes, store.end(change)])


def sweep() -> int:
    """Repair the changes that nobody finishes; answers how many. Raises RepairsFailed after all were tried."""
    repaired = failed = 0
    for change in list(store.changes()):
        if change.until >= clock.now():
            continue
        try:
            repair(_taken_over(change, SWEEP_HOLD_SECONDS))
            repaired += 1
        except _PASSING:
            _LOG.exception("the change of trigger %s could not be repaired", shown(change.trigger_id))
            failed += 1
    if failed:
        raise RepairsFailed(f"{failed} changes of triggers are still to be repaired")
    return repaired


def _made_before(claimed: Claim | None) -> Trigger | None:
    trigger_id = idempotency.made(claimed) if claimed else None
    if trigger_id is None:
        return None
    trigger = store.read(trigger_id)
    if trigger is None:
        raise GoneError(f"trigger {trigger_id}, which a request with this key made, has been deleted")
    return trigger


def _make(trigger: Trigger, claimed: Claim | None) -> None:
    change = _change(trigger.id, trigger.document, trigger.name)
    _begin(change, _claims(trigger, change))
    _apply(trigger, change)
    claim = [idempotency.write(claimed, trigger.id)] if claimed else []
    try:
        transaction.commit([store.put(trigger), store.end(change), *claim])
    except KeyClaimed:
        repair(change)
        raise


def _check(document: Document, before: Document | None = None) -> None:
    checks.check(document)
    sources.check(document, before)


def _change(trigger_id: str, document: Document, name: str | None) -> Change:
    return Change(trigger_id, kind_of(document), topic_of(document), name, _until(HOLD_SECONDS), clock.new_id())


def _claims(trigger: Trigger, change: Change) -> list[Write]:
    claims = [store.take_name(change.name, trigger.id)] if change.name else []
    return [*claims, store.join_topic(change.topic, trigger.id)] if change.topic else claims


def _begin(change: Change, writes: list[Write]) -> None:
    """Hold the change; one that crashed before is repaired first."""
    try:
        transaction.commit([store.begin(change), *writes])
    except ChangeUnderWayError:
        earlier = store.read_change(change.lock)
        if earlier is None or earlier.until >= clock.now():
            raise
        repair(_taken_over(earlier, HOLD_SECONDS))
        transaction.commit([store.begin(change), *writes])


def _taken_over(change: Change, seconds: int) -> Change:
    held = replace(change, until=_until(seconds), token=clock.new_id())
    transaction.commit([store.take_over(change, held.until, held.token)])
    return held


def _until(seconds: int) -> str:
    return clock.iso(clock.epoch(clock.now()) + seconds)


def _apply(trigger: Trigger, change: Change) -> None:
    try:
        resources.apply(trigger)
    except MediawrightError:
        # refused for good; for whatever else happens the repair is left to the sweep
        repair(change)
        raise


def _repair_topic(topic: str, gone: set[str]) -> None:
    if not set(store.of_topic(topic)) - gone:
        resources.leave(topic)
        return
    try:
        resources.listen(topic)
    except BadRequestError as error:
        # the topic's triggers stay; that they hear nothing is the topic's doing
        _LOG.warning("a topic with triggers can't be subscribed to: %s", shown(str(error)))


def _kept(trigger: Trigger, change: Change) -> list[Write]:
    # a change that didn't come through had taken a name which the trigger didn't get
    return [store.drop_name(change.name)] if change.name and change.name != trigger.name else []


def _forgotten(trigger: Trigger | None, change: Change) -> list[Write]:
    names = {name for name in (change.name, trigger.name if trigger else None) if name}
    writes = [store.drop_name(name) for name in sorted(names)]
    if change.topic:
        writes.append(store.leave_topic(change.topic, change.trigger_id))
    return [store.delete(change.trigger_id), *writes]


def _name_left(before: Trigger, name: str | None) -> list[Write]:
    return [store.drop_name(before.name)] if before.name and before.name != name else []
