"""What has been counted of each run of a batch: the latest change that was told, once."""

from __future__ import annotations

from chalicelib.aws import transaction
from chalicelib.batches import store
from chalicelib.batches.errors import BatchMoved, MemberMoved
from chalicelib.executions.run import Run

_TRIES = 8


def move(run: Run) -> None:
    """Move a run's marker, and its batch's counters, to the run's status; a repeated or late change moves nothing.

    Raises StillContended; doing it again is always safe.
    """
    if run.batch is None:
        return
    for _ in range(_TRIES):
        member = store.member(run.batch, run.id)
        if member is None or (member.status is not None and member.sequence >= run.sequence):
            return
        try:
            store.commit(store.count(run.batch, member, run))
        except MemberMoved:
            continue
        except BatchMoved:
            # the batch's record is gone: nobody asks for its counts
            return
        return
    raise transaction.StillContended(f"the marker of run {run.id} kept moving")
