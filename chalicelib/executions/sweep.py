"""The guarantee behind everything best effort: every five minutes, what a crash left behind is repaired.

In health it repairs nothing. Each repair is counted and reported as a metric. What is younger than a minute is left
alone: it may be on its way, and a query may see half of a transaction.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from chalicelib.assets import deletion
from chalicelib.aws import clock, dynamodb, metrics, stepfunctions, transaction
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Write
from chalicelib.definitions import revisions
from chalicelib.executions import (
    admit,
    caps,
    close,
    listing,
    parking,
    pools,
    queue,
    sending,
    store,
    sweep_record,
    tokens,
)
from chalicelib.executions.errors import RunMoved
from chalicelib.executions.pools import Holder
from chalicelib.executions.queue import QueueEntry, WaitingRun
from chalicelib.executions.run import GLOBAL_POOL, Run
from chalicelib.executions.statuses import Status

_LOG = logging.getLogger("mediawright.sweep")
_SETTLED_SECONDS = 60
_QUIET_SECONDS = 900
_MOST = 200
_DELETION_SECONDS = 20
_PAGE = 100

Step = Callable[[], Mapping[str, int]]
"""What another room has to repair; answers how many of each kind were."""


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


def sweep(others: Sequence[Step] = ()) -> dict[str, int]:
    """Repair what is wrong, and answer how many of each kind were; raises SweepIncomplete after all was tried.

    `others` are the steps of other rooms.
    """
    this = _Pass()
    for step in (_holders, _waiting, _stopping, _retired, _deletions, _queue, _unpark, _admission):
        this.attempt(step)
    for other in others:
        this.attempt(_other, other)
    metrics.emit(**{f"Repaired_{kind}": count for kind, count in this.repairs.items()})
    repairs = {kind: count for kind, count in this.repairs.items() if count}
    sweep_record.put(clock.iso(this.now), repairs, this.failures)
    if this.failures:
        raise SweepIncomplete(f"{this.failures} things could not be swept; {repairs} repaired")
    return repairs


def _other(this: _Pass, step: Step) -> None:
    this.repairs.update(step())


# -- slots and the runs that hold them ---------------------------------------------------------------------------


def _holders(this: _Pass) -> None:
    holders = _due([holder for pool in (GLOBAL_POOL, *pools.capped()) for holder in pools.read(pool).holders])
    runs = {run.id: run for run in _fresh(holder.run_id for holder in holders)}
    for holder in holders:
        if this.age(holder.since) > _SETTLED_SECONDS:
            this.attempt(_holder, holder, runs.get(holder.run_id))


def _due(holders: list[Holder]) -> list[Holder]:
    """At most two hundred of them, going round: AWS lets us ask of fifteen executions a second."""
    if len(holders) <= _MOST:
        return holders
    key = {"Kind": "sweep", "Name": "holders"}
    begin = (dynamodb.get(settings().system_table, key) or {}).get("Text", "")
    ordered = sorted(holders, key=lambda holder: (holder.slot.text <= begin, holder.slot.text))[:_MOST]
    mark = ordered[-1].slot.text
    transaction.commit([transaction.put(settings().system_table, {**key, "Text": mark})])
    return ordered


def _holder(this: _Pass, holder: Holder, run: Run | None) -> None:
    if run is None or run.attempt != holder.attempt or holder.slot not in run.slots:
        this.repairs["slots_without_holder"] += _free(holder)
    elif holder.slot.pool == GLOBAL_POOL:
        _check_started(this, run)


def _check_started(this: _Pass, run: Run) -> None:
    _send(this, run)
    is_untouched = run.changed == run.started
    if this.age(run.changed) > (_SETTLED_SECONDS if is_untouched else _QUIET_SECONDS):
        _check_execution(this, run)


def _send(this: _Pass, run: Run) -> None:
    """Tell the state machine what a crash kept from it."""
    revision = revisions.get(run.subject, run.workflow, run.revision)
    if tokens.token_parts(revision, run.current_stage):
        this.repairs["answers_unsent"] += sending.send(run)


def _check_execution(this: _Pass, run: Run) -> None:
    told = stepfunctions.describe(run.machine_arn, run.execution_name)
    if told is not None:
        if told["status"] != "RUNNING":
            message = ended_message(run.execution_name, told)
            this.repairs["ended_but_open"] += close.ended_outside(run.id, run.attempt, message) is not None
        return
    # a single "does not exist" never closes a run: its start was lost, or isn't to be seen yet
    found = False
    if run.status is Status.STARTED:
        found = admit.start(queue.entry_of(run))
        this.repairs["not_started"] += 1
    if not found and this.age(run.changed) > _QUIET_SECONDS:
        close.ended_outside(run.id, run.attempt, "The state machine of the run's workflow doesn't exist any more")


def ended_message(name: str, told: dict[str, str]) -> str:
    """What to say of a state machine execution that ended by itself."""
    reasons = [told[member] for member in ("error", "cause") if told.get(member)]
    return ": ".join([f"State machine execution {name} ended as {told['status']}", *reasons])


def _free(holder: Holder) -> int:
    """Free a slot, unless it has been given back meanwhile."""
    return _commits([pools.drop_slot(holder)])


def _commits(writes: list[Write]) -> int:
    """1 when the writes were carried out, 0 when somebody has moved the run meanwhile."""
    try:
        transaction.commit(writes)
    except RunMoved:
        return 0
    return 1


# -- runs that wait for people -------------------------------------------------------------------------------------


def _waiting(this: _Pass) -> None:
    notes = [note for note in queue.waiting() if this.age(note.since) > _SETTLED_SECONDS]
    runs = {run.id: run for run in _fresh(note.run_id for note in notes)}
    for note in notes:
        this.attempt(_waiting_run, note, runs.get(note.run_id))


def _waiting_run(this: _Pass, note: WaitingRun, run: Run | None) -> None:
    if run is None or run.attempt != note.attempt or run.status is not Status.WAITING:
        this.repairs["waits_without_run"] += _commits([queue.drop_waiting(note)])
        return
    _send(this, run)
    if this.age(run.changed) > _QUIET_SECONDS:
        _check_execution(this, run)


# -- the queue and the parkings ------------------------------------------------------------------------------------


def _queue(this: _Pass) -> None:
    found: set[str] = set()
    for place in (queue.QUEUE, *map(queue.parking, pools.capped())):
        found |= _queue_place(this, place)
    for status in (Status.QUEUED, Status.RESUMED):
        for run in listing.every(status):
            if run.queue_part not in found and this.age(run.changed) > _SETTLED_SECONDS:
                this.attempt(_requeue, run)


def _queue_place(this: _Pass, place: str) -> set[str]:
    waiting: set[str] = set()
    start: str | None = None
    while True:
        entries, start = queue.page(start, _PAGE, place)
        waiting |= {entry.part for entry in entries}
        old = [entry for entry in entries if this.age(entry.since) > _SETTLED_SECONDS]
        runs = {run.id: run for run in _fresh(entry.fence.run_id for entry in old)}
        for entry in old:
            this.attempt(_queue_item, entry, runs.get(entry.fence.run_id))
        if start is None:
            return waiting


def _queue_item(this: _Pass, entry: QueueEntry, run: Run | None) -> None:
    if run and run.attempt == entry.fence.attempt and run.status in (Status.QUEUED, Status.RESUMED):
        return
    this.repairs["queue_items_without_run"] += _commits([queue.take(entry)])


def _requeue(this: _Pass, run: Run) -> None:
    if queue.is_waiting_for_slots(run):
        return
    entry = queue.entry_of(run)
    if run.status is Status.RESUMED:
        revision = revisions.get(run.subject, run.workflow, run.revision)
        entry = queue.resumed_entry(run, run.queued, caps.ahead(revision, run.current_stage))
    this.repairs["runs_without_queue_item"] += _commits([store.demand(run.fence, (run.status,)), queue.put(entry)])


def _unpark(_this: _Pass) -> None:
    for pool in pools.capped():
        parking.unpark(pool, parking.ALL)


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
