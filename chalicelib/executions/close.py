"""Ends that stage completion doesn't bring about: the state machine ended by itself, or somebody cancels.

Before such a run is closed, what its operations finished is saved out of the execution's history.
"""

from __future__ import annotations

from chalicelib.aws import clock, stepfunctions, transaction
from chalicelib.definitions import revisions
from chalicelib.executions import moves, queue, salvage, store
from chalicelib.executions.errors import EndedExecutionError, RunMoved, UnknownExecutionError
from chalicelib.executions.run import Run
from chalicelib.executions.statuses import ENDED, ENTERED, Status
from chalicelib.web.documents import compact
from chalicelib.web.errors import shown

_TRIES = 5
_CANCELED = "Mediawright.Canceled"


def ended_outside(run_id: str, attempt: int, message: str) -> bool:
    """Close a run whose state machine is over as Error; false when there was nothing to close."""
    for _ in range(_TRIES):
        stored = store.read(run_id)
        if stored is None or stored.run.attempt != attempt or stored.run.status not in ENTERED:
            return False
        outputs, told = _salvaged(stored.run)
        try:
            transaction.commit(
                moves.ended_outside(stored.run, outputs, clock.now(), "; ".join([message, *told])[:4000])
            )
        except RunMoved:
            continue
        return True
    raise transaction.StillContended(f"run {run_id} kept moving while it was closed")


def cancel(run_id: str, reason: str | None, who: str) -> Run:
    """End a run as Canceled and stop its state machine; doing so again changes nothing.

    Raises UnknownExecutionError, and EndedExecutionError for a run that ended otherwise.
    """
    message = f"Canceled: {reason}" if reason else "Canceled"
    for _ in range(_TRIES):
        run = _existing(run_id)
        if run.status in ENDED:
            return _canceled(run)
        outputs = _salvaged(run)[0] if run.status in ENTERED else None
        try:
            transaction.commit(moves.cancel(run, outputs, clock.now(), message, who))
        except RunMoved:
            continue
        canceled = _canceled(_existing(run_id))
        if run.status in ENTERED:
            stop(run.machine_arn, run.execution_name)
        return canceled
    raise transaction.StillContended(f"run {run_id} kept moving while it was canceled")


def checked_cancel(run_id: str) -> Run:
    """The run that `cancel` would end, as it is; raises what `cancel` would."""
    run = _existing(run_id)
    return _canceled(run) if run.status in ENDED else run


def cancel_with_workflow(run_id: str) -> None:
    """Cancel a run whose workflow is deleted by force; one that ended meanwhile is left as it is."""
    try:
        cancel(run_id, "the workflow was deleted", "engine")
    except (EndedExecutionError, UnknownExecutionError):
        return


def _existing(run_id: str) -> Run:
    stored = store.read(run_id)
    if stored is None:
        raise UnknownExecutionError(f"workflow execution {shown(run_id)} not found")
    return stored.run


def _canceled(run: Run) -> Run:
    if run.status is not Status.CANCELED:
        raise EndedExecutionError(f"workflow execution {run.id} has ended with status {run.status.value}")
    return run


def stop(machine_arn: str, execution: str) -> bool:
    """Stop the state machine of a canceled run, and note that it has been stopped.

    False when there is no such execution: it may have been on its way, so the note stays for the sweep.
    """
    if not stepfunctions.stop(machine_arn, execution, _CANCELED, "The run was canceled"):
        return False
    transaction.commit([queue.delete_stopping(execution)])
    return True


def _salvaged(run: Run) -> tuple[str, list[str]]:
    """The open stage's outputs out of the history, and what is to be told of outputs too large for the stage."""
    stage = revisions.get(run.subject, run.workflow, run.revision).stages[run.current_stage]
    events = stepfunctions.history(run.machine_arn, run.execution_name)
    found = salvage.branches(events, run.current_stage)
    return compact(salvage.outputs(stage, found)), salvage.told(stage, found)
