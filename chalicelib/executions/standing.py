"""What a run that waits for slots waits for."""

from __future__ import annotations

from chalicelib.executions import pools, queue
from chalicelib.executions.run import GLOBAL_POOL, Document, Run
from chalicelib.executions.statuses import Status

WAITING_FOR_SLOTS = (Status.QUEUED, Status.RESUMED)


def waits_for(run: Run) -> Document | None:
    """The pool in which a run waits for a slot, with how many of how many are taken; None when it stands nowhere.

    A run stands in the queue of the global pool until it is found to be blocked by a pool of its own.
    """
    if run.status not in WAITING_FOR_SLOTS:
        return None
    places = queue.places_of(run)
    parked = [pool for pool in run.pools if queue.parking(pool) in places]
    if not places:
        return None
    name = parked[0] if parked else GLOBAL_POOL
    pool = pools.read(name)
    return {"Pool": name, "Used": len(pool.holders), "Max": pool.maximum}
