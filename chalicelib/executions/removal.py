"""Deleting runs that have ended: everything that the engine stored of them.

A user's request deletes the run's stages first, all of them at once and only while the run is as it was read: without
them nobody retries it any more. Its own item goes last, so that whoever asks again after a crash in between goes on.
When DynamoDB deleted that item because the run's time was over, the rest is forgotten afterwards.
"""

from __future__ import annotations

from chalicelib.aws import objects, transaction
from chalicelib.aws.transaction import Write
from chalicelib.definitions import revisions
from chalicelib.executions import store
from chalicelib.executions.document import whole_document
from chalicelib.executions.errors import LiveExecutionError, RunMoved
from chalicelib.executions.run import Document
from chalicelib.executions.statuses import LIVE


def delete(run_id: str) -> Document:
    """Delete a run and answer what it was; UnknownExecutionError, or LiveExecutionError: cancel it first."""
    stored = store.existing(run_id, store.read_whole(run_id))
    run = stored.run
    if run.status in LIVE:
        raise LiveExecutionError(f"workflow execution {run.id} is {run.status.value}: cancel it first")
    document = whole_document(stored, revisions.get(run.subject, run.workflow, run.revision))
    try:
        _delete_parts(run_id, store.demand_ended(run))
        _delete_objects(run_id)
        transaction.commit([store.delete_run(run)])
    except RunMoved:
        raise LiveExecutionError(f"workflow execution {run.id} has been taken up again") from None
    return document


def forget_rest(run_id: str) -> None:
    """Delete what is left of a run whose own item is gone: its other items, then its objects.

    Again, or after a crash in between, it goes on. A run that is there (made anew under its id) is left alone.
    """
    try:
        _delete_parts(run_id, store.demand_gone(run_id))
    except RunMoved:
        return
    _delete_objects(run_id)


def _delete_parts(run_id: str, demanded: Write) -> None:
    """Delete a run's items but its own, on a condition; RunMoved when it doesn't hold (any more)."""
    parts = store.other_parts(run_id)
    stages = [part for part in parts if store.is_stage(part)]
    others = [part for part in parts if not store.is_stage(part)]
    most = transaction.MAX_WRITES - 1
    # at least once, even without parts: the objects, too, may go only while the condition holds
    for group in (stages, *(others[start : start + most] for start in range(0, len(others), most))):
        transaction.commit([demanded, *(store.delete_part(run_id, part) for part in group)])


def _delete_objects(run_id: str) -> None:
    for _ in objects.delete_under(store.object_prefix(run_id)):
        pass
