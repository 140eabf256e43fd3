"""The guarantee behind everything best effort: every five minutes, what a crash left behind is repaired.

In health it repairs nothing. Each repair is counted and reported as a metric.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

from chalicelib.assets import deletion
from chalicelib.aws import clock, dynamodb, metrics, stepfunctions, transaction
from chalicelib.aws.settings import settings
from chalicelib.definitions import revisions
from chalicelib.executions import admit, close, listing, store
from chalicelib.executions.errors import RunMoved
from chalicelib.executions.run import GLOBAL_POOL, Run
from chalicelib.executions.statuses import LIVE, Status
from chalicelib.executions.store import Holder, QueueEntry

_LOG = logging.getLogger("mediawright.sweep")
_SETTLED_SECONDS = 60
_QUIET_SECONDS = 900
_MOST = 200
_DELETION_SECONDS = 20
_PAGE = 100

Repairs = Counter[str]


def sweep() -> dict[str, int]:
    """Repair what is wrong, and answer how many of each kind were."""
    repairs: Repairs = Counter()
    now = clock.epoch(clock.now())
    _check_holders(now, repairs)
    _check_queue(now, repairs)
    _stop_canceled(repairs)
    _delete_retired()
    repairs["unfinished_deletions"] += deletion.continue_deletions(_DELETION_SECONDS)
    admit.admit_waiting()
    metrics.emit(**{f"Repaired_{kind}": count for kind, count in repairs.items()})
    return {kind: count for kind, count in repairs.items() if count}


# -- slots and the runs that hold them -------------------------------------------------------------------------


def _check_holders(now: float, repairs: Repairs) -> None:
    holders = _due(list(store.read_pool(GLOBAL_POOL).holders))
    runs = {run.id: run for run in _fresh(holder.run_id for holder in holders)}
    for holder in holders:
        run = runs.get(holder.run_id)
        if run is None or run.attempt != holder.attempt or run.status is not Status.STARTED:
            repairs["slots_without_holder"] += _free(holder)
        elif _age(now, run.changed) > (_QUIET_SECONDS if run.current_stage else _SETTLED_SECONDS):
            _check_execution(run, repairs)


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


def _check_execution(run: Run, repairs: Repairs) -> None:
    told = stepfunctions.describe(run.machine_arn, run.execution_name)
    if told is None:
        # its start was lost; a single "does not exist" never closes a run
        admit.start(QueueEntry(run.fence, run.machine_arn, run.queue_part))
        repairs["not_started"] += 1
    elif told["status"] != "RUNNING":
        repairs["ended_but_open"] += close.ended_outside(run.id, run.attempt, ended_message(run.execution_name, told))


def ended_message(name: str, told: dict[str, str]) -> str:
    """What to say of a state machine execution that ended by itself."""
    reasons = [told[member] for member in ("error", "cause") if told.get(member)]
    return ": ".join([f"State machine execution {name} ended as {told['status']}", *reasons])


def _free(holder: Holder) -> int:
    """Free a slot, unless its run has got it again meanwhile."""
    stored = store.read(holder.run_id)
    if stored and holder.slot in stored.run.slots and stored.run.attempt == holder.attempt:
        return 0
    try:
        transaction.commit([store.delete_slot(holder.slot, holder.run_id, holder.attempt)])
    except RunMoved:
        return 0
    return 1


# -- the queue -------------------------------------------------------------------------------------------------


def _check_queue(now: float, repairs: Repairs) -> None:
    start: str | None = None
    while True:
        entries, start = store.queue_page(start, _PAGE)
        runs = {run.id: run for run in _fresh(entry.fence.run_id for entry in entries)}
        for entry in entries:
            run = runs.get(entry.fence.run_id)
            if run is None or run.attempt != entry.fence.attempt or not _is_queued(run):
                transaction.commit([store.delete_queue_item(entry.part)])
                repairs["queue_items_without_run"] += 1
        if start is None:
            break
    for run in listing.every(Status.QUEUED):
        if _age(now, run.changed) > _SETTLED_SECONDS:
            repairs["runs_without_queue_item"] += _requeue(run)


def _is_queued(run: Run) -> bool:
    return run.status in (Status.QUEUED, Status.RESUMED)


def _requeue(run: Run) -> int:
    if store.has_queue_item(run):
        return 0
    try:
        transaction.commit([store.demand(run.fence, (Status.QUEUED,)), store.put_queue_item(run)])
    except RunMoved:
        return 0
    return 1


# -- canceled runs whose state machine goes on -----------------------------------------------------------------


def _stop_canceled(repairs: Repairs) -> None:
    for machine_arn, execution in store.stopping():
        close.stop(machine_arn, execution)
        repairs["canceled_but_running"] += 1


# -- machines that no definition refers to any more ------------------------------------------------------------


def _delete_retired() -> None:
    retired = revisions.retired()
    if not retired:
        return
    used = {run.machine_arn for status in LIVE for run in listing.every(status)}
    for machine in retired:
        if machine.machine_arn not in used:
            revisions.discard(machine.machine_arn)


# -- what they share -------------------------------------------------------------------------------------------


def _fresh(run_ids: Iterable[str]) -> list[Run]:
    return store.read_runs(list(dict.fromkeys(run_ids)), consistent=True)


def _age(now: float, moment: str) -> float:
    return now - clock.epoch(moment)
