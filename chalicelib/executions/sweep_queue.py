"""The sweep of the queue and the parkings: what waits there must be a run that waits, and the other way round."""

from __future__ import annotations

import json

from chalicelib.definitions import revisions
from chalicelib.executions import caps, listing, orphans, parking, pools, queue, store, sweep_marks
from chalicelib.executions.queue import QueueEntry
from chalicelib.executions.run import Run
from chalicelib.executions.statuses import Status
from chalicelib.executions.sweep_pass import SETTLED_SECONDS, Pass, commits, fresh
from chalicelib.executions.sweep_runs import end_late, is_late

_PAGE = 100
_LISTED = 1000


def places(this: Pass) -> None:
    """Look at what waits in the queue and in the parkings."""
    for place in (queue.QUEUE, *map(queue.parking, pools.capped())):
        this.attempt(_place, place)


def _place(this: Pass, place: str) -> None:
    mark = start = sweep_marks.get(place)
    while this.has_time():
        entries, start = queue.page(start, _PAGE, place)
        this.seen_waiting.update(entry.part for entry in entries)
        old = [entry for entry in entries if this.age(entry.since) > SETTLED_SECONDS]
        runs = fresh(entry.fence.run_id for entry in old)
        for entry in old:
            this.attempt(_entry, entry, runs.get(entry.fence.run_id))
        if start is None:
            break
    sweep_marks.put(place, start, mark)


def _entry(this: Pass, entry: QueueEntry, run: Run | None) -> None:
    if orphans.is_orphan(entry, run):
        this.repairs["queue_items_without_run"] += orphans.drop(entry, run)
    elif run is not None and run.status is Status.RESUMED and is_late(this, run):
        end_late(this, run)


def runs(this: Pass) -> None:
    """Look for runs that should wait for slots and do so nowhere."""
    for status in (Status.QUEUED, Status.RESUMED):
        this.attempt(_runs, status)


def _runs(this: Pass, status: Status) -> None:
    mark = sweep_marks.get(status)
    position = json.loads(mark) if mark else None
    while this.has_time():
        listed = listing.by_status(status, _LISTED, position)
        for run in listed.runs:
            if run.queue_part not in this.seen_waiting and this.age(run.changed) > SETTLED_SECONDS:
                this.attempt(_requeue, run)
        position = listed.position
        if position is None:
            break
    sweep_marks.put(status, json.dumps(position) if position else None, mark)


def _requeue(this: Pass, run: Run) -> None:
    standing = queue.places_of(run)
    for pool in run.pools:
        if queue.parking(pool) in standing and pools.read(pool).maximum is None:
            # its cap was taken away, and with it the pool's entry in the register that all others go through
            this.repairs["parked_without_cap"] += parking.unpark(pool, parking.ALL)
    if standing:
        return
    entry = queue.entry_of(run)
    if run.status is Status.RESUMED:
        revision = revisions.get(run.subject, run.workflow, run.revision)
        entry = queue.resumed_entry(run, run.queued, caps.ahead(revision, run.current_stage))
    missing = [store.demand(run.fence, (run.status,)), *queue.put_missing(run, entry)]
    this.repairs["runs_without_queue_item"] += commits(missing)


def unpark(this: Pass) -> None:
    """Bring back whoever is parked beside a free slot."""
    for pool in pools.capped():
        this.attempt(_unpark, pool)


def _unpark(_this: Pass, pool: str) -> None:
    parking.unpark(pool, parking.ALL)
