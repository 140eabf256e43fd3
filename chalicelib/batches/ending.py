"""How a batch ends: by itself when all its runs have, or broken off; then its open runs are canceled.

Breaking off is one change of the record, which keeps every line that isn't submitted yet from being submitted. The
runs are canceled afterwards, page by page, by the state machine and, whatever that leaves, by the sweep.
"""

from __future__ import annotations

from chalicelib.aws import clock
from chalicelib.aws.dynamodb import Value
from chalicelib.aws.transaction import Write
from chalicelib.batches import machine, markers, store, walking
from chalicelib.batches.batch import BROKEN_OFF, OPEN, Batch, BatchStatus
from chalicelib.batches.errors import BatchMoved, BatchStatusError
from chalicelib.executions import admit, close, retention
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
    facts = {"Message": message[:2000], "Closing": now, "Retrying": None, **walking.BEGINNING, **ended(who, now)}
    if not _commit(*store.end(batch, status, **facts), store.put_note(batch.id)):
        return False
    if batch.expected is None:
        machine.stop_reading(batch.id, batch.round, message)
    machine.start(batch.id, "close", batch.round)
    return True


def ended(who: str, now: str) -> dict[str, Value | None]:
    """What the end of a batch writes into its record."""
    return {"Ended": now, "EndedBy": who, "ExpiresAt": retention.expires_at(now)}


def close_page(batch_id: str) -> bool:
    """Cancel the open ones of the next runs of a batch; answers whether there are more."""
    batch = store.find(batch_id)
    if batch is None or batch.status not in BROKEN_OFF or batch.closing is None:
        return False
    since = walking.began(batch)
    members, more = walking.ahead(batch, PAGE)
    open_ids = [member.run_id for member in members if not member.has_ended]
    canceled = [run for run_id in open_ids if (run := _cancel_run(batch, run_id)) is not None]
    markers.move(batch_id, canceled)
    for run in canceled:
        if run.started is not None:
            admit.look(freed=run.pools)
    if not more:
        return not (_wait_for_stragglers(batch) if _may_have_stragglers(batch, since) else _closed(batch))
    _commit(store.advance(batch, **walking.passed(members, since)))
    return True


def _cancel_run(batch: Batch, run_id: str) -> Run | None:
    """Cancel a run; None when it has ended otherwise, or is gone."""
    message = f"batch {batch.id} is {batch.status.value}"
    try:
        return close.cancel(run_id, message, batch.ended_by or "engine")
    except (EndedExecutionError, UnknownExecutionError):
        return None


def _may_have_stragglers(batch: Batch, since: str) -> bool:
    """Whether a run may have been made behind a walk that began at an ISO time."""
    if batch.expected is not None or batch.closing is None:
        return False
    return clock.epoch(since) - clock.epoch(batch.closing) < STRAGGLERS_SECONDS


def _wait_for_stragglers(batch: Batch) -> bool:
    """The sweep will walk again, from the first run on. False when another walk has come elsewhere meanwhile."""
    return _commit(store.advance(batch, **walking.BEGINNING))


def _closed(batch: Batch) -> bool:
    """Nothing of a broken off batch is open any more, and nothing more can come. False as above."""
    change = store.advance(batch, Closing=None, **walking.BEGINNING)
    return _commit(change, store.delete_note(batch.id))


def _conclude(batch: Batch) -> None:
    _commit(*store.end(batch, BatchStatus.COMPLETE, **ended("engine", clock.now())), store.delete_note(batch.id))


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
