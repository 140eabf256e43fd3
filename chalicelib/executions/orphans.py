"""Queue items whose runs don't wait: whoever meets one takes it away, or it would be tried again and again."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.aws import transaction
from chalicelib.executions import queue, store
from chalicelib.executions.errors import RunMoved
from chalicelib.executions.queue import QueueEntry
from chalicelib.executions.run import Run
from chalicelib.executions.standing import WAITING_FOR_SLOTS


def is_orphan(entry: QueueEntry, run: Run | None) -> bool:
    """Whether a run, as it was read after its queue item, doesn't wait for slots in the item's attempt."""
    return run is None or run.attempt != entry.fence.attempt or run.status not in WAITING_FOR_SLOTS


def drop(entry: QueueEntry, run: Run | None) -> bool:
    """Take an orphan away; false when it went by itself, or its run has moved since it was read."""
    same = store.demand_gone(entry.fence.run_id) if run is None else store.demand(run.fence, (run.status,))
    try:
        transaction.commit([queue.take(entry), same])
    except RunMoved:
        return False
    return True


def drop_all(entries: Sequence[QueueEntry]) -> int:
    """Take the orphans among queue items away, and tell how many there were."""
    found = store.read_runs([entry.fence.run_id for entry in entries], consistent=True)
    runs = {run.id: run for run in found}
    waiting = [(entry, runs.get(entry.fence.run_id)) for entry in entries]
    return sum(drop(entry, run) for entry, run in waiting if is_orphan(entry, run))
