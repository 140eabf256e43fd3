"""The guarantee behind everything best effort: every five minutes, what a crash left behind is repaired.

In health it repairs nothing. Each repair is counted and reported as a metric.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chalicelib.assets import deletion
from chalicelib.aws import clock, metrics, transaction
from chalicelib.aws.metrics import Metric
from chalicelib.definitions import function_uses, revisions
from chalicelib.executions import admit, close, listing, pools, queue, sweep_queue, sweep_record, sweep_runs
from chalicelib.executions.run import GLOBAL_POOL
from chalicelib.executions.sweep_pass import QUIET_SECONDS, SETTLED_SECONDS, STOPPING_SECONDS, Pass

_DELETION_SECONDS = 20

Step = Callable[[], Mapping[str, int]]
"""What another room has to repair; answers how many of each kind were."""


class SweepIncomplete(Exception):
    """Some items or steps failed; everything else was done. Lambda's retry and the next sweep try them again."""


def sweep(others: Sequence[Step] = ()) -> dict[str, int]:
    """Repair what is wrong, and answer how many of each kind were; raises SweepIncomplete after all was tried.

    `others` are the steps of other rooms. What is quick and lets runs go on comes before what may take long.
    """
    this = Pass()
    for step in (_stopping, sweep_queue.unpark, _admission, sweep_runs.begun, sweep_queue.places, sweep_queue.runs):
        this.attempt(step)
    for other in others:
        this.attempt(_other, other)
    for step in (_retired, _function_tags, _deletions, sweep_queue.unpark, _admission):
        this.attempt(step)
    repairs = {kind: count for kind, count in this.repairs.items() if count}
    metrics.emit({Metric.REPAIRS: sum(repairs.values())}, Kinds=repairs)
    this.attempt(_load)
    sweep_record.put(clock.iso(this.now), repairs, this.failures)
    if this.failures:
        raise SweepIncomplete(f"{this.failures} things could not be swept; {repairs} repaired")
    return repairs


def _other(this: Pass, step: Step) -> None:
    this.repairs.update(step())


def _stopping(this: Pass) -> None:
    """Canceled runs whose state machine goes on."""
    for entry in queue.stopping():
        if not this.has_time(STOPPING_SECONDS):
            break
        if this.age(entry.since) > SETTLED_SECONDS:
            this.attempt(_stop, entry)


def _stop(this: Pass, entry: queue.Stopping) -> None:
    if close.stop(entry.machine_arn, entry.execution):
        this.repairs["canceled_but_running"] += 1
    elif this.age(entry.since) > QUIET_SECONDS:
        # it was never started, and nobody is left who would start it
        transaction.commit([queue.delete_stopping(entry.execution)])


def _retired(this: Pass) -> None:
    """State machines that no definition and no live run refers to."""
    retired = revisions.retired()
    used = {run.machine_arn for run in listing.live()} if retired else set()
    for machine in retired:
        if machine.machine_arn not in used:
            this.attempt(_discard, machine.machine_arn)


def _discard(_this: Pass, machine_arn: str) -> None:
    revisions.discard(machine_arn)


def _function_tags(this: Pass) -> None:
    """Functions that were tagged for an operation that never came, or left by their last one and not untagged."""
    this.repairs["function_tags"] += function_uses.settle_leftovers()


def _deletions(this: Pass) -> None:
    """Assets whose deletion began and didn't end."""
    this.repairs["unfinished_deletions"] += deletion.continue_deletions(_DELETION_SECONDS)


def _load(this: Pass) -> None:
    """Tell how many slots are taken, and for how long the oldest in the queue has waited."""
    # the oldest of all priorities costs ten requests: at rest one tells
    oldest = queue.oldest() if queue.heads(1) else None
    age = 0 if oldest is None else max(0, round(this.age(oldest)))
    metrics.emit({Metric.SLOTS_USED: len(pools.read(GLOBAL_POOL).holders), Metric.QUEUE_AGE: age})


def _admission(_this: Pass) -> None:
    admit.admit_waiting()
