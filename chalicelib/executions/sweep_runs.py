"""The sweep of runs that have begun: their slots, their notes, their tokens, their time, their state machines."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.aws import clock, stepfunctions
from chalicelib.definitions import revisions
from chalicelib.executions import admit, close, pools, queue, sending, sweep_marks, tokens, waiting
from chalicelib.executions.pools import Holder
from chalicelib.executions.queue import WaitingRun
from chalicelib.executions.run import GLOBAL_POOL, Run
from chalicelib.executions.statuses import Status
from chalicelib.executions.sweep_pass import (
    ASKING_SECONDS,
    BEGUN_SECONDS,
    MOST_QUESTIONS,
    QUIET_SECONDS,
    SETTLED_SECONDS,
    Pass,
    commits,
    fresh,
    unchanged,
)

_GRACE_SECONDS = 60
"""The timeouts of its tasks end a run in time, or its stage's completion does; this is the net below them."""


def begun(this: Pass) -> None:
    """Look at every run that holds a slot or waits for people."""
    runs = sorted([*_started(this), *_waiting(this)], key=lambda run: run.id)
    open_tokens = _tokens(runs)
    for run in runs:
        # waits that expire together are thousands of calls: what is done is done, and the next pass has fewer
        if not this.has_time(BEGUN_SECONDS):
            break
        if run.id in open_tokens:
            this.attempt(_answers, run, open_tokens[run.id])
        if is_late(this, run):
            this.attempt(end_late, run)
    _ask(this, [run for run in runs if _is_quiet(this, run)])


def _started(this: Pass) -> list[Run]:
    """The runs that hold slots of the global pool; a slot that its run doesn't list is freed."""
    holders = [holder for pool in (GLOBAL_POOL, *pools.capped()) for holder in pools.read(pool).holders]
    runs = fresh(holder.run_id for holder in holders)
    rightful: list[Run] = []
    for holder in (holder for holder in holders if this.age(holder.since) > SETTLED_SECONDS):
        run = runs.get(holder.run_id)
        if run is None or run.attempt != holder.attempt or holder.slot not in run.slots:
            this.attempt(_free, holder, run)
        elif holder.slot.pool == GLOBAL_POOL:
            rightful.append(run)
    return rightful


def _free(this: Pass, holder: Holder, run: Run | None) -> None:
    this.repairs["slots_without_holder"] += commits([pools.drop_slot(holder), unchanged(holder.run_id, run)])


def _waiting(this: Pass) -> list[Run]:
    """The runs that wait for people; a note whose run doesn't is removed."""
    notes = [note for note in queue.waiting() if this.age(note.since) > SETTLED_SECONDS]
    runs = fresh(note.run_id for note in notes)
    rightful: list[Run] = []
    for note in notes:
        run = runs.get(note.run_id)
        if run is None or run.attempt != note.attempt or run.status is not Status.WAITING:
            this.attempt(_drop, note, run)
        else:
            rightful.append(run)
    return rightful


def _drop(this: Pass, note: WaitingRun, run: Run | None) -> None:
    this.repairs["waits_without_run"] += commits([queue.drop_waiting(note), unchanged(note.run_id, run)])


# -- tokens and time -----------------------------------------------------------------------------------------------


def _tokens(runs: Iterable[Run]) -> dict[str, list[tokens.TokenItem]]:
    """The tokens that the runs' stages have, by run."""
    keys = []
    for run in runs:
        revision = revisions.get(run.subject, run.workflow, run.revision)
        keys += [(run.id, part) for part in tokens.token_parts(revision, run.current_stage)]
    return tokens.read_many(keys)


def _answers(this: Pass, run: Run, found: list[tokens.TokenItem]) -> None:
    """Let waits expire, and tell the state machine what a crash kept from it; what was answered just now is on its
    way."""
    if any(token.is_due for token in found):
        this.repairs["answers_unsent"] += sending.send(run, clock.iso(this.now - SETTLED_SECONDS))
    if any(token.answered is None and token.expires and this.age(token.expires) >= 0 for token in found):
        waiting.expire(run)


def is_late(this: Pass, run: Run) -> bool:
    """Whether a run has gone on beyond its time."""
    return run.deadline is not None and this.now > run.deadline + _GRACE_SECONDS


def end_late(_this: Pass, run: Run) -> None:
    """End a run that has gone on beyond its time."""
    ended = close.out_of_time(run)
    if ended is not None:
        admit.look(freed=ended.pools)


# -- state machines ------------------------------------------------------------------------------------------------


def _is_quiet(this: Pass, run: Run) -> bool:
    """Whether nothing was heard of a run for long; of one that was only just admitted, it takes less."""
    return this.age(run.changed) > (SETTLED_SECONDS if run.changed == run.started else QUIET_SECONDS)


def _ask(this: Pass, runs: list[Run]) -> None:
    """Ask after the state machines of quiet runs, going round."""
    mark = sweep_marks.get("begun")
    ordered = sorted(runs, key=lambda run: (mark is not None and run.id <= mark, run.id))
    asked: list[str] = []
    for run in ordered[:MOST_QUESTIONS]:
        if not this.has_time(ASKING_SECONDS):
            break
        this.attempt(_check_execution, run)
        asked.append(run.id)
    # all were asked after: the next pass may begin anywhere
    sweep_marks.put("begun", None if len(asked) == len(runs) else asked[-1] if asked else mark, mark)


def _check_execution(this: Pass, run: Run) -> None:
    told = stepfunctions.describe(run.machine_arn, run.execution_name)
    if told is not None:
        if told["status"] != "RUNNING":
            this.repairs["ended_but_open"] += _close(run, ended_message(run.execution_name, told))
        return
    # a single "does not exist" never closes a run: its start was lost, or isn't to be seen yet
    found = False
    if run.status is Status.STARTED:
        found = admit.start(queue.entry_of(run))
        this.repairs["not_started"] += 1
    if not found and this.age(run.changed) > QUIET_SECONDS:
        _close(run, "The state machine of the run's workflow doesn't exist any more")


def _close(run: Run, message: str) -> int:
    return close.ended_outside(run.id, run.attempt, message) is not None


def ended_message(name: str, told: dict[str, str]) -> str:
    """What to say of a state machine execution that ended by itself."""
    reasons = [told[member] for member in ("error", "cause") if told.get(member)]
    return ": ".join([f"State machine execution {name} ended as {told['status']}", *reasons])
