"""The moves of a run: each is one transaction, conditional on its status and its attempt.

| move          | from                     | to       |
|---------------|--------------------------|----------|
| submit        | nothing                  | Queued   |
| admit         | Queued, Resumed          | Started  |
| stage done    | Started, in this stage   | Started  |
| finish        | Started, in this stage   | Complete, Error |
| ended outside | Started, Waiting, Resumed| Error    |
| cancel        | Queued, Started, Waiting, Resumed | Canceled |

A move names only items of its own run, its asset, its queue item and its slots: never one that runs share, so a
thousand runs may end at once. What a move is refused for is RunMoved (read the run again) or SlotTaken.
"""

from __future__ import annotations

from chalicelib.assets import store as assets
from chalicelib.aws.dynamodb import Value
from chalicelib.aws.transaction import Write
from chalicelib.executions import pools, queue, store
from chalicelib.executions.queue import QueueEntry
from chalicelib.executions.run import Run, Slot
from chalicelib.executions.statuses import ENTERED, LIVE, StageStatus, Status


def submit(run: Run, stage_input: str, override: str, asset: list[Write]) -> list[Write]:
    """A new run with its first stage's input, its place in the queue and its hold on the asset."""
    return [
        store.put_run(run),
        store.put_stage(run, 0, stage_input, override),
        queue.put_item(run),
        *asset,
    ]


def admit(entry: QueueEntry, slots: list[Slot], now: str) -> list[Write]:
    """A waiting run gets its slots."""
    values: dict[str, Value | None] = {
        "Status": Status.STARTED.value,
        "Slots": [slot.text for slot in slots],
        "Started": now,
        "Changed": now,
    }
    return [
        store.update_run(entry.fence, (Status.QUEUED, Status.RESUMED), values),
        queue.delete_item(entry.part),
        *(pools.put_slot(slot, entry.fence, now) for slot in slots),
    ]


def stage_done(run: Run, outputs: str, entered: str, next_stage: str, next_input: str) -> list[Write]:
    """A stage completed: its outputs are saved and the next stage begins."""
    position = run.current_stage
    return [
        store.update_run(
            run.fence,
            (Status.STARTED,),
            {"CurrentStage": position + 1, "StageName": next_stage, "Changed": entered},
            in_stage=position,
        ),
        store.update_stage(run, position, outputs, {"Status": StageStatus.COMPLETE.value, "Ended": entered}),
        store.put_stage(run, position + 1, next_input),
    ]


def finish(run: Run, outputs: str, entered: str, message: str | None) -> list[Write]:
    """The last stage completed, or one failed; also from Waiting and Resumed when a wait of the stage failed."""
    status = Status.ERROR if message else Status.COMPLETE
    stage = StageStatus.ERROR if message else StageStatus.COMPLETE
    expected = ENTERED if message else (Status.STARTED,)
    return [
        *_ending(run, expected, status, entered, message, "engine", in_stage=run.current_stage),
        store.update_stage(
            run, run.current_stage, outputs, {"Status": stage.value, "Ended": entered, "Message": message}
        ),
    ]


def ended_outside(run: Run, outputs: str | None, now: str, message: str) -> list[Write]:
    """The state machine ended, or can't be started, without the engine's closing the run."""
    return [
        *_ending(run, ENTERED, Status.ERROR, now, message, "engine", in_stage=_open_stage(run)),
        *_salvaged(run, outputs, now, message),
    ]


def cancel(run: Run, outputs: str | None, now: str, message: str, who: str) -> list[Write]:
    """Somebody ends the run; its state machine is stopped afterwards."""
    return [
        *_ending(run, LIVE, Status.CANCELED, now, message, who, in_stage=_open_stage(run)),
        *_salvaged(run, outputs, now, message),
        *([queue.put_stopping(run, now)] if run.status in ENTERED else []),
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
    when: str,
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
        "Ended": when,
        "Changed": when,
        "EndedBy": who,
    }
    expected = (run.status,) if run.status in allowed else allowed
    queued = run.status in (Status.QUEUED, Status.RESUMED)
    return [
        store.update_run(run.fence, expected, values, in_stage=in_stage),
        *(pools.delete_slot(slot, run.id, run.attempt) for slot in run.slots),
        *([queue.delete_item(run.queue_part)] if queued else []),
        assets.unlock_for_run(run.asset_id, run.id),
    ]
