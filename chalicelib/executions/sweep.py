"""The guarantee behind everything best effort: every five minutes, what a crash left behind is repaired.

In health it repairs nothing. Each repair is counted and reported as a metric. What is younger than a minute is left
alone: it may be on its way, and a query may see half of a transaction.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from chalicelib.assets import deletion
from chalicelib.aws import clock, dynamodb, metrics, stepfunctions, transaction
from chalicelib.aws.settings import settings
from chalicelib.definitions import revisions
from chalicelib.executions import admit, close, listing, pools, queue, store
from chalicelib.executions.errors import RunMoved
from chalicelib.executions.pools import Holder
from chalicelib.executions.queue import QueueEntry
from chalicelib.executions.run import GLOBAL_POOL, Run
from chalicelib.executions.statuses import Status

_LOG = logging.getLogger("mediawright.sweep")
_SETTLED_SECONDS = 60
_QUIET_SECONDS = 900
_MOST = 200
_DELETION_SECONDS = 20
_PAGE = 100


class SweepIncomplete(Exception):
    """Some items or steps failed; everything else was done. Lambda's retry and the next sweep try them again."""


class _Pass:
    """One pass: its repairs, and the failures that didn't keep it from going on."""

    def __init__(self) -> None:
        self.now = clock.epoch(clock.now())
        self.repairs: Counter[str] = Counter()
        self.failures = 0

    def age(self, moment: str) -> float:
        """Seconds since an ISO time."""
        return self.now - clock.epoch(moment)

    def attempt(self, work: Callable[..., None], *arguments: Any) -> None:
        """Do one thing; its failure is logged and must not keep the others from being done."""
        try:
            work(self, *arguments)
        except Exception:  # whatever is wrong with one item, the others are still to be swept
            _LOG.exception("the sweep failed in %s", work.__name__)
            self.failures += 1


def sweep() -> dict[str, int]:
    """Repair what is wrong, and answer how many of each kind were; raises SweepIncomplete after all was tried."""
    this = _Pass()
    for step in (_holders, _stopping, _retired, _deletions, _queue, _admission):
        this.attempt(step)
    metrics.emit(**{f"Repaired_{kind}": count for kind, count in this.repairs.items()})
    if this.failures:
        raise SweepIncomplete(f"{this.failures} things could not be swept; {dict(this.repairs)} repaired")
    return {kind: count for kind, count in this.repairs.items() if count}


# -- slots and the runs that hold them ---------------------------------------------------------------------------


def _holders(this: _Pass) -> None:
    holders = _due(list(pools.read(GLOBAL_POOL).holders))
    runs = {run.id: run for run in _fresh(holder.run_id for holder in holders)}
    for holder in holders:
        if this.age(holder.since) > _SETTLED_SECONDS:
            this.attempt(_holder, holder, runs.get(holder.run_id))


def _due(holders: list[Holder]) -> list[Holder]:
    """At most two hundred of them, going round: AWS lets us ask of fifteen executions a second."""
    if len(holders) <= _MOST:
        return holders
    key = {"Kind": "sweep", "Name": "holders"}
    begin = (dynamodb.get(settings().system_table, key) or {}).get("Value", 0)
    ordered = sorted(holders, key=lambda holder: (holder.slot.number <= begin, holder.slot.number))[:_MOST]
    mark = ordered[-1].slot.number
    transaction.commit([transaction.put(settings().system_table, {**key, "Value": mark})])
    return ordered


def _holder(this: _Pass, holder: Holder, run: Run | None) -> None:
    if run is None or run.attempt != holder.attempt or run.status is not Status.STARTED:
        this.repairs["slots_without_holder"] += _free(holder)
    elif this.age(run.changed) > (_QUIET_SECONDS if run.current_stage else _SETTLED_SECONDS):
        _check_execution(this, run)


def _check_execution(this: _Pass, run: Run) -> None:
    told = stepfunctions.describe(run.machine_arn, run.execution_name)
    if told is None:
        # its start was lost; a single "does not exist" never closes a run
        found = admit.start(QueueEntry(run.fence, run.machine_arn, run.queue_part))
        this.repairs["not_started"] += 1
        if not found and this.age(run.changed) > _QUIET_SECONDS:
            close.ended_outside(run.id, run.attempt, "The state machine of the run's workflow doesn't exist any more")
    elif told["status"] != "RUNNING":
        message = ended_message(run.execution_name, told)
        this.repairs["ended_but_open"] += close.ended_outside(run.id, run.attempt, message)


def ended_message(name: str, told: dict[str, str]) -> str:
    """What to say of a state machine execution that ended by itself."""
    reasons = [told[member] for member in ("error", "cause") if told.get(member)]
    return ": ".join([f"State machine execution {name} ended as {told['status']}", *reasons])


def _free(holder: Holder) -> int:
    """Free a slot, unless it has been given back meanwhile."""
    try:
        transaction.commit([pools.drop_slot(holder)])
    except RunMoved:
        return 0
    return 1


# -- the queue ---------------------------------------------------------------------------------------------------


def _queue(this: _Pass) -> None:
    waiting: set[str] = set()
    start: str | None = None
    while True:
        entries, start = queue.page(start, _PAGE)
        waiting |= {entry.part for entry in entries}
        old = [entry for entry in entries if this.age(entry.since) > _SETTLED_SECONDS]
        runs = {run.id: run for run in _fresh(entry.fence.run_id for entry in old)}
        for entry in old:
            this.attempt(_queue_item, entry, runs.get(entry.fence.run_id))
        if start is None:
            break
    for run in listing.every(Status.QUEUED):
        if run.queue_part not in waiting and this.age(run.changed) > _SETTLED_SECONDS:
            this.attempt(_requeue, run)


def _queue_item(this: _Pass, entry: QueueEntry, run: Run | None) -> None:
    if run and run.attempt == entry.fence.attempt and run.status in (Status.QUEUED, Status.RESUMED):
        return
    try:
        transaction.commit([queue.drop_item(entry)])
    except RunMoved:
        return
    this.repairs["queue_items_without_run"] += 1


def _requeue(this: _Pass, run: Run) -> None:
    if queue.has_item(run):
        return
    try:
        transaction.commit([store.demand(run.fence, (Status.QUEUED,)), queue.put_item(run)])
    except RunMoved:
        return
    this.repairs["runs_without_queue_item"] += 1


# -- canceled runs whose state machine goes on, machines and assets that are left over ---------------------------


def _stopping(this: _Pass) -> None:
    for entry in queue.stopping():
        if this.age(entry.since) > _SETTLED_SECONDS:
            this.attempt(_stop, entry)


def _stop(this: _Pass, entry: queue.Stopping) -> None:
    if close.stop(entry.machine_arn, entry.execution):
        this.repairs["canceled_but_running"] += 1
    elif this.age(entry.since) > _QUIET_SECONDS:
        # it was never started, and nobody is left who would start it
        transaction.commit([queue.delete_stopping(entry.execution)])


def _retired(this: _Pass) -> None:
    retired = revisions.retired()
    used = {run.machine_arn for run in listing.live()} if retired else set()
    for machine in retired:
        if machine.machine_arn not in used:
            this.attempt(_discard, machine.machine_arn)


def _discard(_this: _Pass, machine_arn: str) -> None:
    revisions.discard(machine_arn)


def _deletions(this: _Pass) -> None:
    this.repairs["unfinished_deletions"] += deletion.continue_deletions(_DELETION_SECONDS)


def _admission(_this: _Pass) -> None:
    admit.admit_waiting()


def _fresh(run_ids: Iterable[str]) -> list[Run]:
    return store.read_runs(list(dict.fromkeys(run_ids)), consistent=True)
