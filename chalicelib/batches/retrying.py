"""Retrying a batch: its runs that failed or were canceled are queued again, page by page.

A batch that broke off before a run was made of every item goes on after that where it broke off. Its input is read
again, as another execution of the state machine: the items that have a run make no second one.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from chalicelib.aws import clock
from chalicelib.aws.dynamodb import Value
from chalicelib.batches import bodies, bucket, ending, machine, markers, store, walking
from chalicelib.batches.batch import BROKEN_OFF, Batch, BatchStatus
from chalicelib.batches.errors import BatchMoved, BatchStatusError
from chalicelib.executions import plan, retry
from chalicelib.executions import store as runs
from chalicelib.executions.run import Run
from chalicelib.executions.statuses import Status
from chalicelib.web.errors import MediawrightError

_LOG = logging.getLogger("mediawright.batches")
_PAGE = 25
_RETRIED = (Status.ERROR, Status.CANCELED)
_RETRIABLE = (BatchStatus.RUNNING, BatchStatus.COMPLETE, BatchStatus.FAILED, BatchStatus.CANCELED)
_SERVERS_FAULT = 500


def retry_batch(batch_id: str, configuration: dict[str, Any] | None) -> Batch:
    """Begin to retry a batch's failed and canceled runs, and to make those that it broke off before it made.

    Raises UnknownBatchError, BatchStatusError, and BadRequestError for a Configuration that the runs can't have.
    """
    batch = checked_retry(batch_id, configuration)
    following = batch.round + 1
    bucket.put_defaults(batch_id, f"retry-{following}", {"Configuration": configuration})
    facts: dict[str, Value | None] = {"Round": following, "Retrying": clock.now(), **walking.BEGINNING}
    change = store.change(batch, batch.taken_up_as, Closing=None, **facts, **ending.NOT_ENDED)
    try:
        store.commit([change, store.put_note(batch_id)])
    except BatchMoved:
        raise BatchStatusError(f"batch {batch_id} has just changed; look at it again") from None
    machine.start(batch_id, "retry", following)
    return store.get(batch_id)


def checked_retry(batch_id: str, configuration: dict[str, Any] | None) -> Batch:
    """The batch that `retry_batch` would retry, as it is; raises what that would."""
    batch = store.get(batch_id)
    if batch.retrying is not None:
        raise BatchStatusError(f"batch {batch_id} is being retried")
    if batch.status not in _RETRIABLE:
        raise BatchStatusError(f"batch {batch_id} is {batch.status.value}: nothing of it can be retried")
    if batch.status in BROKEN_OFF and batch.live_runs:
        raise BatchStatusError(f"{batch.live_runs} runs of batch {batch_id} are still being canceled; try again")
    if batch.taken_up_as is BatchStatus.RUNNING and not any(batch.runs.get(status) for status in _RETRIED):
        raise BatchStatusError(f"no run of batch {batch_id} has failed or was canceled")
    if configuration is not None:
        revision = bodies.revision(batch)
        plan.check_override(revision, plan.normalised(revision, configuration))
    return batch


def retry_page(batch_id: str, round_number: int) -> bool:
    """Retry the failed ones of the next runs of a batch; answers whether there are more."""
    batch = store.find(batch_id)
    if batch is None or batch.retrying is None or batch.round != round_number:
        return False
    since = walking.began(batch)
    members, more = walking.ahead(batch, _PAGE)
    found = runs.read_runs([member.run_id for member in members], consistent=True)
    # counted at once, also what an earlier delivery of this page retried: until then they look as if they had ended
    markers.move(batch_id, [_retried(batch, run) for run in found])
    if not more:
        return not _finish(batch)
    with suppress(BatchMoved):
        store.commit([store.advance(batch, **walking.passed(members, since))])
    return True


def _retried(batch: Batch, run: Run) -> Run:
    """A run after its retry, if it is to be retried and can be."""
    # what ended after this round began has had its turn in this round
    if run.status not in _RETRIED or (run.ended or "") > (batch.retrying or ""):
        return run
    request = bucket.defaults(batch.id, f"retry-{batch.round}")
    try:
        return retry.retry(run.id, request["Configuration"])
    except MediawrightError as error:
        if error.status >= _SERVERS_FAULT:
            raise
        _LOG.warning("run %s of batch %s stays as it is: %s", run.id, batch.id, error)
        return run


def _finish(batch: Batch) -> bool:
    """The walk is over; false when another one has come elsewhere meanwhile.

    How many runs were made stays as it is known: fewer may be left to count, since the markers expire with the runs.
    """
    try:
        store.commit([store.advance(batch, Retrying=None, **walking.BEGINNING)])
    except BatchMoved:
        return False
    ending.settle(batch.id)
    if batch.taken_up_as is not BatchStatus.RUNNING:
        machine.start(batch.id, "plan", batch.round)
    return True
