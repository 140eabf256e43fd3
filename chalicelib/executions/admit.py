"""Waiting runs get free slots, and their state machines are started.

Everybody who frees a slot or queues a run writes first and then looks here; whatever they miss, the scheduler sees
through the table's stream, and whatever that misses, the sweep. The cap is exact because a slot's number is unique.
"""

from __future__ import annotations

import logging
import random

from botocore.exceptions import ClientError

from chalicelib.aws import clock, stepfunctions, transaction
from chalicelib.aws.clients import code
from chalicelib.executions import close, moves, store
from chalicelib.executions.errors import RunMoved, SlotTaken
from chalicelib.executions.run import GLOBAL_POOL, Slot, execution_name
from chalicelib.executions.store import QueueEntry

_LOG = logging.getLogger("mediawright.executions")
_ROUNDS = 20
_HEADS = 25
_NEVER_STARTS = {"InvalidExecutionInput", "AccessDeniedException", "InvalidArn", "ValidationException"}


def admit_waiting(inputs: dict[str, str] | None = None) -> bool:
    """Admit runs until there is no free slot or nobody waits; false when competitors took every chance.

    The queue is read before the pool: mostly nobody waits, and then one request tells. `inputs` are first stage
    inputs that the caller knows, by run, to spare their reading.
    """
    for _ in range(_ROUNDS):
        heads = store.queue_heads(_HEADS)
        free = store.read_pool(GLOBAL_POOL).free() if heads else []
        if not free:
            return True
        # any order among these is fair, since there is a slot for each; by chance, competitors rarely meet
        chosen = random.sample(heads[: len(free)], min(len(free), len(heads)))
        admitted = [_admit(entry, free, inputs or {}) for entry in chosen]
        if all(admitted) and len(heads) < _HEADS:
            # whoever came, or left a slot, after these reads looks for himself
            return True
    return False


def look() -> None:
    """Try to admit, as one who has other work to finish: what AWS refuses now, the scheduler or the sweep does."""
    try:
        admit_waiting()
    except (ClientError, transaction.StillContended) as error:
        _LOG.warning("admission is left to the scheduler: %s", type(error).__name__)


def _admit(entry: QueueEntry, free: list[int], inputs: dict[str, str]) -> bool:
    """Give a waiting run one of the free numbers; false when it, or the number, was taken meanwhile."""
    number = clock.pick(free)
    free.remove(number)
    try:
        transaction.commit(moves.admit(entry, [Slot(GLOBAL_POOL, number)], clock.now()))
    except (RunMoved, SlotTaken):
        return False
    start(entry, inputs.get(entry.fence.run_id))
    return True


def start(entry: QueueEntry, stage_input: str | None = None) -> None:
    """Start the state machine of an admitted run, with the stored bytes of its input; a second start is harmless."""
    run_id, attempt = entry.fence.run_id, entry.fence.attempt
    if stage_input is None:
        stored = store.read(run_id, [0])
        if stored is None or stored.run.attempt != attempt:
            return
        stage_input = stored.stages[0].input
    try:
        stepfunctions.start(entry.machine_arn, execution_name(run_id, attempt), stage_input)
    except ClientError as error:
        reason = code(error)
        if reason in _NEVER_STARTS:
            close.ended_outside(run_id, attempt, f"The state machine could not be started: {error}")
        else:
            # throttled, or not to be seen yet: the sweep starts it again under the same name
            _LOG.warning("start of %s is left to the sweep: %s", execution_name(run_id, attempt), reason)
