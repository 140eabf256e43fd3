"""The moves of a run: each is one transaction, conditional on its status and its attempt.

| move          | from                     | to       |
|---------------|--------------------------|----------|
| submit        | nothing                  | Queued   |
| admit         | Queued, Resumed          | Started  |
| stage done    | Started, in this stage   | Started  |
| finish        | Started, in this stage; also Waiting, Resumed when a task of the stage failed | Complete, Error |
| wait          | Started, Resumed, Waiting, in this stage | Waiting |
| resume        | Waiting, in this stage   | Resumed; Waiting while another wait of the stage is open |
| ended outside, out of time | Started, Waiting, Resumed | Error |
| cancel        | Queued, Started, Waiting, Resumed | Canceled |
| retry         | Error, Canceled          | Queued, as the next attempt |

A move names only items of its own run, its asset, its queue item and its slots: never one that runs share, so a
thousand runs may end at once. What a move is refused for is RunMoved (read the run again) or SlotTaken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib.assets import store as assets
from chalicelib.aws.dynamodb import Value
from chalicelib.aws.transaction import Write
from chalicelib.executions import pools, queue, store, tokens
from chalicelib.executions.queue import QueueEntry
from chalicelib.executions.run import Run, Slot, StagePart
from chalicelib.executions.statuses import ENTERED, LIVE, StageStatus, Status
from chalicelib.executions.tokens import TokenItem

_RETRIED = (Status.ERROR, Status.CANCELED)


@dataclass(frozen=True)
class End:
    """When a run ends, and what is settled with it: `open_tokens` are the sort keys of its stage's tokens."""

    when: str
    expires_at: int | None = None
    open_tokens: Sequence[str] = ()


def submit(run: Run, first: StagePart, others: list[Write]) -> list[Write]:
    """A new run with its first stage, its place in the queue, and what is to be written with it."""
    return [
        store.put_run(run),
        store.put_stage(run, 0, first.input, first.override, first.timeouts),
        queue.put(queue.entry_of(run)),
        *others,
    ]


def admit(entry: QueueEntry, slots: list[Slot], now: str) -> list[Write]:
    """A waiting run gets its slots."""
    values: dict[str, Value | None] = {
        "Status": Status.STARTED.value,
        "Slots": [slot.text for slot in slots],
        "Changed": now,
    }
    if not entry.resumed:
        values["Started"] = now
    return [
        store.update_run(entry.fence, (Status.QUEUED, Status.RESUMED), values),
        queue.take(entry),
        *(pools.put_slot(slot, entry.fence, now) for slot in slots),
    ]


def stage_done(
    run: Run,
    outputs: str,
    entered: str,
    next_stage: str,
    next_input: str,
    passed: Sequence[Slot] = (),
    open_tokens: Sequence[str] = (),
) -> list[Write]:
    """A stage completed: its outputs are saved, the next stage begins, slots of what is passed are given back."""
    position = run.current_stage
    kept = [slot.text for slot in run.slots if slot not in passed]
    return [
        store.update_run(
            run.fence,
            (Status.STARTED,),
            {"CurrentStage": position + 1, "StageName": next_stage, "Changed": entered, "Slots": kept or None},
            in_stage=position,
        ),
        store.update_stage(run, position, outputs, {"Status": StageStatus.COMPLETE.value, "Ended": entered}),
        store.put_stage(run, position + 1, next_input),
        *(pools.delete_slot(slot, run.id, run.attempt) for slot in passed),
        *(tokens.forget(run.fence, part) for part in open_tokens),
    ]


def finish(run: Run, outputs: str, end: End, message: str | None) -> list[Write]:
    """The last stage completed, or one failed; also from Waiting and Resumed when a wait of the stage failed."""
    status = Status.ERROR if message else Status.COMPLETE
    stage = StageStatus.ERROR if message else StageStatus.COMPLETE
    expected = ENTERED if message else (Status.STARTED,)
    return [
        *_ending(run, expected, status, end, message, "engine", in_stage=run.current_stage),
        store.update_stage(
            run, run.current_stage, outputs, {"Status": stage.value, "Ended": end.when, "Message": message}
        ),
    ]


def wait(run: Run, token: TokenItem, now: str) -> list[Write]:
    """An operation of the stage waits for people: the run gives back its slots, or its place in the queue."""
    put = tokens.put(run, token)
    if run.status is Status.WAITING:
        return [store.demand(run.fence, (Status.WAITING,), in_stage=token.stage), put]
    values: dict[str, Value | None] = {"Status": Status.WAITING.value, "Slots": None, "Changed": now}
    return [
        store.update_run(run.fence, (run.status,), values, in_stage=token.stage),
        *_given_back(run),
        queue.put_waiting(run, now),
        put,
    ]


def resume(
    run: Run, entry: QueueEntry, answers: list[Write], others: Sequence[TokenItem], unasked: Sequence[str], now: str
) -> list[Write]:
    """Somebody resumes waits of the stage; with the last open one the run waits for slots again.

    `entry` is the place it gets in the queue, `others` are the waits that stay open. `unasked` are the sort keys of
    the stage's other waits: a run must not go on without one whose token has just come, for nobody could resume it.
    """
    if others:
        checks = [tokens.still_open(run, other) for other in others]
        return [store.demand(run.fence, (Status.WAITING,), in_stage=run.current_stage), *answers, *checks]
    values: dict[str, Value | None] = {"Status": Status.RESUMED.value, "Queued": entry.since, "Changed": now}
    return [
        store.update_run(run.fence, (Status.WAITING,), values, in_stage=run.current_stage),
        *answers,
        *(tokens.not_asked(run, part) for part in unasked),
        queue.delete_waiting(run.id),
        queue.put(entry),
    ]


def ended_outside(run: Run, outputs: str | None, end: End, message: str) -> list[Write]:
    """The state machine ended, or can't be started, without the engine's closing the run."""
    return [
        *_ending(run, ENTERED, Status.ERROR, end, message, "engine", in_stage=_open_stage(run)),
        *_salvaged(run, outputs, end.when, message),
    ]


def out_of_time(run: Run, outputs: str, end: End, message: str) -> list[Write]:
    """The run's own time is over; its state machine is stopped afterwards."""
    return [*ended_outside(run, outputs, end, message), queue.put_stopping(run, end.when)]


def cancel(run: Run, outputs: str | None, end: End, message: str, who: str) -> list[Write]:
    """Somebody ends the run; its state machine is stopped afterwards."""
    return [
        *_ending(run, LIVE, Status.CANCELED, end, message, who, in_stage=_open_stage(run)),
        *_salvaged(run, outputs, end.when, message),
        *([queue.put_stopping(run, end.when)] if run.status in ENTERED else []),
    ]


def canceled(run: Run, end: End, message: str, who: str) -> Run:
    """The run as `cancel` leaves it; whoever reads it afterwards may find it retried, or deleted."""
    return replace(
        run,
        status=Status.CANCELED,
        sequence=run.sequence + 1,
        slots=(),
        message=message,
        ended=end.when,
        changed=end.when,
        ended_by=who,
        expires_at=end.expires_at,
    )


def retry(run: Run, following: Run, record: Write, stages: list[Write]) -> list[Write]:
    """An ended run is queued again as its next attempt.

    `record` keeps what the attempt was, `stages` are the inputs with which the stages up to the open one are walked.
    """
    values: dict[str, Value | None] = {
        "Status": Status.QUEUED.value,
        "Attempt": following.attempt,
        "MachineArn": following.machine_arn,
        "Queued": following.queued,
        "Changed": following.changed,
        "Pools": list(following.pools) or None,
        "TimeoutSeconds": following.timeout_seconds,
        **dict.fromkeys(("Started", "Ended", "Message", "EndedBy", "ExpiresAt")),
    }
    return [
        store.update_run(run.fence, _RETRIED, values, in_stage=run.current_stage),
        record,
        *stages,
        queue.put(queue.entry_of(following)),
        assets.lock_for_run(run.asset_id, run.id),
    ]


def _open_stage(run: Run) -> int | None:
    """The stage that the move closes: it must still be the one that was read, or saved outputs would be lost."""
    return run.current_stage if run.status in ENTERED else None


def _salvaged(run: Run, outputs: str | None, now: str, message: str) -> list[Write]:
    if run.status not in ENTERED:
        return []
    facts: dict[str, Value | None] = {"Status": StageStatus.ERROR.value, "Ended": now, "Message": message}
    return [store.update_stage(run, run.current_stage, outputs or "[]", facts)]


def _ending(
    run: Run,
    allowed: tuple[Status, ...],
    status: Status,
    end: End,
    message: str | None,
    who: str,
    *,
    in_stage: int | None = None,
) -> list[Write]:
    """What every end has in common: everything that the run held is given back.

    The condition is the very status that was read, since the slots and the queue item that go were read with it.
    """
    values: dict[str, Value | None] = {
        "Status": status.value,
        "Slots": None,
        "Message": message,
        "Ended": end.when,
        "Changed": end.when,
        "EndedBy": who,
        "ExpiresAt": end.expires_at,
    }
    expected = (run.status,) if run.status in allowed else allowed
    return [
        store.update_run(run.fence, expected, values, in_stage=in_stage),
        *_given_back(run),
        *(tokens.forget(run.fence, part) for part in end.open_tokens),
        assets.unlock_for_run(run.asset_id, run.id),
    ]


def _given_back(run: Run) -> list[Write]:
    """The writes that free what a run of its status holds: slots, a place in the queue, a note that it waits."""
    if run.status in (Status.QUEUED, Status.RESUMED):
        return queue.forget(run)
    if run.status is Status.WAITING:
        return [queue.delete_waiting(run.id)]
    return [pools.delete_slot(slot, run.id, run.attempt) for slot in run.slots]


def following_attempt(run: Run, now: str, machine_arn: str, pools_needed: tuple[str, ...]) -> Run:
    """The run as its next attempt begins."""
    return replace(
        run,
        status=Status.QUEUED,
        attempt=run.attempt + 1,
        machine_arn=machine_arn,
        queued=now,
        changed=now,
        pools=pools_needed,
        slots=(),
        started=None,
        ended=None,
        message=None,
        ended_by=None,
        expires_at=None,
    )
