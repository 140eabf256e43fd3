"""Which capped pools a run takes slots of, and for how long.

A workflow's cap limits the workflow's runs. An operation's cap limits the runs whose workflow contains it and that
have not passed its last stage: that is conservative, since such a run holds a slot also before its stage begins.
"""

from __future__ import annotations

from chalicelib.definitions.revision import Revision
from chalicelib.executions.run import GLOBAL_POOL, OPERATION_POOL, WORKFLOW_POOL, Run, Slot


def pools_of(revision: Revision) -> tuple[str, ...]:
    """The capped pools of a run that is to begin."""
    return ahead(revision, 0)


def ahead(revision: Revision, stage: int) -> tuple[str, ...]:
    """The capped pools that a run still needs in a stage (from 0) and beyond it, the workflow's first."""
    own = (WORKFLOW_POOL + revision.name,) if revision.max_concurrent and revision.subject == "workflow" else ()
    operations = (
        OPERATION_POOL + operation.name
        for later in revision.stages[stage:]
        for operation in later.operations
        if operation.max_concurrent
    )
    return (*own, *dict.fromkeys(operations))


def passed(run: Run, revision: Revision, stage: int) -> list[Slot]:
    """The slots that a run doesn't need any more once it enters a stage."""
    needed = {GLOBAL_POOL, *ahead(revision, stage)}
    return [slot for slot in run.slots if slot.pool not in needed]
