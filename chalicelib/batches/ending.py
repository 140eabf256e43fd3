"""How a batch ends: by itself when all its runs have, or broken off; then its open runs are canceled.

Breaking off is one change of the record, which keeps every line that isn't submitted yet from being submitted. The
runs are canceled afterwards, page by page, by the state machine and, whatever that leaves, by the sweep.
"""

from __future__ import annotations

from chalicelib.aws import clock
from chalicelib.aws.dynamodb import Value
from chalicelib.aws.transaction import Write
from chalicelib.batches import machine, markers, store
from chalicelib.batches.batch import BROKEN_OFF, OPEN, Batch, BatchStatus
from chalicelib.batches.errors import BatchMoved, BatchStatusError
from chalicelib.executions import close, retention
from chalicelib.executions.errors import EndedExecutionError, UnknownExecutionError
from chalicelib.executions.run import Run

PAGE = 100
STRAGGLERS_SECONDS = 960
"""So long after a batch was broken off while it was submitting, a function that began before may still make a run."""
_TRIES = 8
NOT_ENDED: dict[str, Value | None] = dict.fromkeys(("Ended", "EndedBy", "Message", "ExpiresAt"))
"""What of it goes when a batch is taken up again."""


def cancel(batch_id: str, reason: str | None, who: str) -> Batch:
    """End a batch as Canceled; doing so again changes nothing. Raises UnknownBatchError and BatchStatusError."""
    message = f"Canceled: {reason}" if reason else "Canceled"
    for _ in range(_TRIES):
        batch = checked_cancel(batch_id)
        if batch.status is BatchStatus.CANCELED or break_off(batch, BatchStatus.CANCELED, message, who):
            return store.get(batch_id)
    raise BatchStatusError(f"batch {batch_id} kept changing while it was canceled")


def checked_cancel(batch_id: str) -> Batch:
    """The batch that `cancel` would end, as it is; raises what `cancel` would."""
    batch = store.get(batch_id)
    if batch.status not in (*OPEN, BatchStatus.CANCELED):
        raise BatchStatusError(f"batch {batch_id} has ended with status {batch.status.value}")
    return batch


def settle(batch_id: str) -> None:
    """Draw the conclusion from a batch's counters: too many failed, all have ended, or one was taken up again."""
    batch = store.find(batch_id)
    if batch is None or batch.retrying is not None:
        return
    if batch.status in OPEN and batch.is_intolerable:
        message = f"{batch.failed_runs} runs failed, more than the tolerated {batch.tolerated} %"
        break_off(batch, BatchStatus.FAILED, message, "engine")
    elif batch.status is BatchStatus.RUNNING and batch.is_over:
        _conclude(batch)
    elif batch.status is BatchStatus.COMPLETE and not batch.is_over:
        _reopen(batch)


def break_off(batch: Batch, status: BatchStatus, message: str, who: str) -> bool:
    """End an open batch as Failed or Canceled; false when it has moved meanwhile."""
    now = clock.now()
    change = store.change(batch, status, Message=message[:2000], Closing=now, Retrying=None, **ended(who, now))
    if not _commit(change, store.put_note(batch.id)):
        return False
    if batch.expected is None:
        machine.stop_reading(batch.id, message)
    machine.start(batch.id, "close", batch.round)
    return True


def ended(who: str, now: str) -> dict[str, Value | None]:
    """What the end of a batch writes into its record."""
    return {"Ended": now, "EndedBy": who, "ExpiresAt": retention.expires_at(now)}


def close_page(batch_id: str, after: str | None) -> str | None:
    """Cancel the open ones of the next runs of a batch; answers after which run to continue, None at the end."""
    batch = store.find(batch_id)
    if batch is None or batch.status not in BROKEN_OFF or batch.closing is None:
        return None
    start = store.member_key(batch_id, after) if after else None
    members, following = store.members(batch_id, PAGE, start)
    open_ids = [member.run_id for member in members if not member.has_ended]
    canceled = [run for run_id in open_ids if (run := _cancel_run(batch, run_id)) is not None]
    markers.move(batch_id, canceled)
    if following is not None:
        return members[-1].run_id
    if not _may_have_stragglers(batch):
        _closed(batch)
    return None


def _cancel_run(batch: Batch, run_id: str) -> Run | None:
    """Cancel a run; None when it has ended otherwise, or is gone."""
    message = f"batch {batch.id} is {batch.status.value}"
    try:
        return close.cancel(run_id, message, batch.ended_by or "engine")
    except (EndedExecutionError, UnknownExecutionError):
        return None


def _may_have_stragglers(batch: Batch) -> bool:
    if batch.expected is not None or batch.closing is None:
        return False
    return clock.epoch(clock.now()) - clock.epoch(batch.closing) < STRAGGLERS_SECONDS


def _closed(batch: Batch) -> None:
    """Nothing of a broken off batch is open any more, and nothing more can come."""
    facts = {} if batch.expected is not None else {"Expected": store.count_members(batch.id)}
    _commit(store.change(batch, None, Closing=None, **facts), store.delete_note(batch.id))


def _conclude(batch: Batch) -> None:
    change = store.change(batch, BatchStatus.COMPLETE, **ended("engine", clock.now()))
    _commit(change, store.delete_note(batch.id))


def _reopen(batch: Batch) -> None:
    change = store.change(batch, BatchStatus.RUNNING, **NOT_ENDED)
    _commit(change, store.put_note(batch.id))


def _commit(*writes: Write) -> bool:
    """Whether the batch was still as it was read."""
    try:
        store.commit(writes)
    except BatchMoved:
        return False
    return True
