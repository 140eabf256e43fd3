"""Waiting runs get free slots, and their state machines are started.

Everybody who frees a slot or queues a run writes first and then looks here; whatever they miss, the scheduler sees
through the table's stream, and whatever that misses, the sweep. The cap is exact because a slot's number is unique.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable

from botocore.exceptions import ClientError

from chalicelib.aws import clock, invocation, stepfunctions, transaction
from chalicelib.aws.clients import code
from chalicelib.executions import close, moves, orphans, parking, pools, queue, sending, store
from chalicelib.executions.contention import PASSING
from chalicelib.executions.errors import RunMoved, SlotTaken
from chalicelib.executions.parking import Candidate
from chalicelib.executions.queue import QueueEntry
from chalicelib.executions.run import GLOBAL_POOL, Slot, execution_name
from chalicelib.executions.statuses import Status

_LOG = logging.getLogger("mediawright.executions")
_ROUNDS = 20
_MANY_ROUNDS = 400
"""As many heads of the queue are ten thousand runs, all of which may have to be parked first."""
_HEADS = 25
_NEVER_STARTS = {"InvalidExecutionInput", "AccessDeniedException", "InvalidArn", "ValidationException"}
_GONE = {"StateMachineDoesNotExist", "StateMachineDeleting"}
_GONE_TRIES = 5


def admit_waiting(inputs: dict[str, str] | None = None, most: int | None = None) -> bool:
    """Admit runs until there is no free slot, nobody waits, or `most` are admitted.

    Answers false when competitors took every chance. The queue is read before the pool: mostly nobody waits, and
    then one request tells. `inputs` are first stage inputs that the caller knows, by run, to spare their reading.
    """
    admitted = fruitless = 0
    for _ in range(_ROUNDS if most else _MANY_ROUNDS):
        heads = queue.heads(_HEADS)
        free = pools.read(GLOBAL_POOL).free() if heads else []
        if not free:
            return True
        ready, blocked = parking.sorted_out(heads)
        # any order among these is fair, since there is a slot for each; by chance, competitors rarely meet
        next_ones = ready[: len(free)]
        chosen = random.sample(next_ones, min(len(next_ones), most - admitted if most else len(next_ones)))
        results = [_part(candidate, free, inputs or {}) for candidate in chosen]
        admitted += sum(results)
        if admitted == most:
            return True
        parked = parking.park_all(blocked)
        # whoever came, or left a slot, after these reads looks for himself
        if all(results) and len(chosen) + parked == len(heads) < _HEADS:
            return True
        fruitless += not (parked or any(results))
        if fruitless == _ROUNDS:
            # mostly competitors; but an item without a run, which only the sweep would take away, looks the same
            if not orphans.drop_all(heads):
                break
            fruitless = 0
    return False


def look(inputs: dict[str, str] | None = None, freed: Iterable[str] = ()) -> None:
    """Try one admission, as one who has other work to finish; `freed` are pools in which a slot came free.

    What AWS refuses now, the scheduler or the sweep does.
    """
    try:
        for pool in freed:
            parking.unpark(pool, 1)
        admit_waiting(inputs, most=1)
    except PASSING as error:
        _LOG.warning("admission is left to the scheduler: %s", type(error).__name__)


def _part(candidate: Candidate, free: list[int], inputs: dict[str, str]) -> bool:
    with invocation.part("admit", candidate.entry.fence.run_id):
        return _admit(candidate, free, inputs)


def _admit(candidate: Candidate, free: list[int], inputs: dict[str, str]) -> bool:
    """Give a waiting run one of the free numbers; false when it, or a number, was taken meanwhile."""
    entry, number = candidate.entry, clock.pick(free)
    free.remove(number)
    slots = [Slot(GLOBAL_POOL, number), *(Slot(pool, taken) for pool, taken in candidate.numbers.items())]
    try:
        transaction.commit(moves.admit(entry, slots, clock.now()))
    except (RunMoved, SlotTaken):
        return False
    if entry.resumed:
        _go_on(entry)
    else:
        start(entry, inputs.get(entry.fence.run_id))
    return True


def _go_on(entry: QueueEntry) -> None:
    """Let the state machine of a resumed run go on; what fails, the sweep does."""
    stored = store.read(entry.fence.run_id)
    if stored is None or stored.run.attempt != entry.fence.attempt:
        return
    try:
        sending.send(stored.run)
    except PASSING as error:
        _LOG.warning("the waits of %s are left to the sweep: %s", entry.fence.run_id, type(error).__name__)


# -- starting ------------------------------------------------------------------------------------------------------


def start(entry: QueueEntry, stage_input: str | None = None) -> bool:
    """Start the state machine of an admitted run, with the stored bytes of its input; a second start is harmless.

    Answers false when AWS says that there is no such machine.
    """
    run_id, attempt = entry.fence.run_id, entry.fence.attempt
    if stage_input is None:
        stored = store.read(run_id, [0])
        if stored is None or stored.run.attempt != attempt or stored.run.status is not Status.STARTED:
            return True
        stage_input = stored.stages[0].input
    try:
        _start(entry, stage_input)
    except ClientError as error:
        reason = code(error)
        if reason in _NEVER_STARTS:
            close.ended_outside(run_id, attempt, f"The state machine could not be started: {error}")
        else:
            # throttled, or not to be seen yet: the sweep starts it again under the same name
            _LOG.warning("start of %s is left to the sweep: %s", execution_name(run_id, attempt), reason)
        return reason not in _GONE
    return True


def _start(entry: QueueEntry, stage_input: str) -> None:
    """Start, patient for some seconds with a machine that was made just now (creation is eventually consistent)."""
    name = execution_name(entry.fence.run_id, entry.fence.attempt)
    for attempt in range(_GONE_TRIES):
        try:
            return stepfunctions.start(entry.machine_arn, name, stage_input)
        except ClientError as error:
            if code(error) not in _GONE or attempt == _GONE_TRIES - 1:
                raise
        clock.sleep(clock.jitter(0.25 * 2**attempt))
    return None
