"""What the sweep does for batches: whatever a crash left of one is begun again, continued or concluded.

It looks only at batches that aren't over, so many at a time, going round.
"""

from __future__ import annotations

import logging
from functools import partial

from chalicelib.aws import clock, dynamodb, transaction
from chalicelib.aws.dynamodb import Item
from chalicelib.batches import ending, machine, markers, retrying, store, walking
from chalicelib.batches.batch import BROKEN_OFF, OPEN, Batch, BatchStatus
from chalicelib.batches.errors import BatchMoved
from chalicelib.executions import store as runs

_LOG = logging.getLogger("mediawright.sweep")
_SETTLED_SECONDS = 60
_RECOUNTED = 200
_CURSOR = {"Kind": "sweep", "Name": "batches"}


class BatchesIncomplete(Exception):
    """Some batches could not be continued; the others were."""


def continue_batches(limit: int = 50, seconds: float = 40) -> int:
    """Look after up to so many of the batches that aren't over, for so many seconds in all; answers how many were
    begun or continued.

    Raises BatchesIncomplete after all that there was time for were tried.
    """
    until = clock.seconds() + seconds
    continued = failures = 0
    due = _due(limit)
    for position, batch_id in enumerate(due):
        if position and clock.seconds() >= until:
            _go_on_after(due[position - 1])
            break
        try:
            continued += _continue(batch_id, until)
        except Exception:  # whatever is wrong with one batch, the others are still to be looked after
            _LOG.exception("batch %s could not be continued", batch_id)
            failures += 1
    if failures:
        raise BatchesIncomplete(f"{failures} batches could not be continued")
    return continued


def _due(limit: int) -> list[str]:
    """The next batches that aren't over. The cursor goes round, and past them before they are looked after: one that
    kills the process must not keep the others from their turn."""
    cursor: Item = dynamodb.get(store.system(), _CURSOR) or {}
    found = store.noted(cursor.get("Value"), limit)
    following = found[-1] if len(found) == limit else None
    if following != cursor.get("Value"):
        _go_on_after(following)
    return found


def _go_on_after(batch_id: str | None) -> None:
    transaction.commit([transaction.put(store.system(), {**_CURSOR, "Value": batch_id})])


def _continue(batch_id: str, until: float) -> bool:
    batch = store.find(batch_id)
    if batch is None:
        store.commit([store.delete_note(batch_id)])
        return False
    if clock.epoch(clock.now()) - clock.epoch(batch.changed) < _SETTLED_SECONDS:
        return False
    if batch.is_read:
        return _continue_reading(batch)
    if batch.status in BROKEN_OFF:
        return _continue_closing(batch, until)
    if batch.status not in OPEN:
        store.commit([store.delete_note(batch_id)])
        return False
    if batch.retrying is not None:
        return _continue_retrying(batch, until)
    _recount(batch)
    ending.settle(batch_id)
    return False


def _continue_reading(batch: Batch) -> bool:
    told = machine.told(batch.id, "plan", batch.round)
    if told is None:
        machine.start(batch.id, "plan", batch.round)
        return True
    if told["status"] == "RUNNING":
        return False
    reasons = [told[member] for member in ("error", "cause") if told.get(member)]
    message = ": ".join([f"the batch's state machine ended as {told['status']}", *reasons])
    return ending.break_off(batch, BatchStatus.FAILED, message, "engine")


def _continue_closing(batch: Batch, until: float) -> bool:
    if batch.closing is None:
        store.commit([store.delete_note(batch.id)])
        return False
    told = machine.told(batch.id, "close", batch.round)
    if told is None:
        machine.start(batch.id, "close", batch.round)
        return True
    if told["status"] == "RUNNING":
        return False
    walking.walk(partial(ending.close_page, batch.id), until)
    # after it has done all, runs may come that were being made when the batch was broken off
    return bool(told["status"] != "SUCCEEDED")


def _continue_retrying(batch: Batch, until: float) -> bool:
    told = machine.told(batch.id, "retry", batch.round)
    if told is None:
        machine.start(batch.id, "retry", batch.round)
        return True
    if told["status"] == "RUNNING":
        return False
    walking.walk(partial(retrying.retry_page, batch.id, batch.round), until)
    return True


def _recount(batch: Batch) -> None:
    """Compare the next of the runs that are counted as open with what they are: a change may never have been told."""
    start = store.member_key(batch.id, batch.recount_from) if batch.recount_from else None
    members, following = store.members(batch.id, _RECOUNTED, start)
    open_runs = [member.run_id for member in members if not member.has_ended]
    markers.move(batch.id, runs.read_runs(open_runs, consistent=True))
    try:
        store.commit([store.change(batch, None, RecountFrom=members[-1].run_id if following else None)])
    except BatchMoved:
        return
