"""Ends that stage completion doesn't bring about: the state machine ended by itself, or somebody cancels.

Before such a run is closed, what its operations finished is saved out of the execution's history.
"""

from __future__ import annotations

import logging

from chalicelib.aws import clock, stepfunctions, transaction
from chalicelib.definitions import revisions
from chalicelib.executions import answers, moves, parking, queue, retention, rollup, salvage, store, tokens
from chalicelib.executions.contention import PASSING, again_when_moved
from chalicelib.executions.errors import EndedExecutionError, NotQueuedError, RunMoved, UnknownExecutionError
from chalicelib.executions.run import Run, bounded
from chalicelib.executions.statuses import ENDED, ENTERED, Status
from chalicelib.executions.store import Stored
from chalicelib.web.documents import compact, stored_document

_CANCELED = "Mediawright.Canceled"
_LOG = logging.getLogger("mediawright.executions")


@again_when_moved("closed")
def ended_outside(run_id: str, attempt: int, message: str) -> Run | None:
    """Close a run whose state machine is over as Error, and answer what it was; None when there was nothing to close.

    Whoever calls this looks afterwards who may begin in its place.
    """
    stored = store.read_open(run_id)
    if stored is None or stored.run.attempt != attempt or stored.run.status not in ENTERED:
        return None
    outputs, told = _salvaged(stored)
    whole = bounded("; ".join([message, *told]))
    transaction.commit(moves.ended_outside(stored.run, outputs, _end(stored.run), whole))
    return stored.run


def out_of_time(run: Run) -> Run | None:
    """End a run whose TimeoutSeconds are over as Error and stop its state machine; answers what it was.

    None when it has moved meanwhile: whoever asks looks again later.
    """
    stored = store.read_open(run.id)
    if stored is None or stored.run.fence != run.fence:
        return None
    run = stored.run
    outputs, _told = _salvaged(stored)
    message = f"{_unfinished(run, outputs)} did not end within the {run.timeout_seconds} seconds of the run"
    try:
        transaction.commit(moves.out_of_time(run, outputs, _end(run), bounded(message)))
    except RunMoved:
        return None
    stop(run.machine_arn, run.execution_name)
    return run


def _unfinished(run: Run, outputs: str) -> str:
    """The stage that a run is in, with those of its operations that haven't handed anything on."""
    stage = revisions.get(run.subject, run.workflow, run.revision).stages[run.current_stage]
    ended = {output["Name"] for output in stored_document(outputs)}
    names = ", ".join(operation.name for operation in stage.operations if operation.name not in ended)
    return f"Stage {stage.name}: operation {names}" if names else f"Stage {stage.name}"


@again_when_moved("canceled")
def cancel(run_id: str, reason: str | None, who: str, *, only_queued: bool = False) -> Run:
    """End a run as Canceled and stop its state machine; doing so again changes nothing.

    Whoever calls this looks afterwards who may begin in its place. Raises UnknownExecutionError, and
    EndedExecutionError for a run that ended otherwise; with `only_queued` NotQueuedError for one that isn't Queued.
    """
    message = f"Canceled: {reason}" if reason else "Canceled"
    stored = _existing(run_id)
    run = stored.run
    if only_queued and run.status is not Status.QUEUED:
        raise NotQueuedError(f"workflow execution {run.id} is {run.status.value}")
    if run.status in ENDED:
        return _canceled(run)
    outputs = _salvaged(stored)[0] if run.status in ENTERED else None
    end = _end(run)
    transaction.commit(moves.cancel(run, outputs, end, message, who))
    _let_go(run)
    return moves.canceled(run, end, message, who)


def _let_go(run: Run) -> None:
    """Stop what a canceled run has left. It is canceled whatever becomes of this, and whoever asked is told so: if
    they were told to ask again, they might cancel the attempt of somebody who has retried it meanwhile."""
    try:
        if run.status in ENTERED:
            stop(run.machine_arn, run.execution_name)
        if run.status in (Status.QUEUED, Status.RESUMED):
            parking.pass_on(run)
    except PASSING as error:
        _LOG.warning("what canceled run %s has left is left to the sweep: %s", run.id, type(error).__name__)


def checked_cancel(run_id: str) -> Run:
    """The run that `cancel` would end, as it is; raises what `cancel` would."""
    run = _existing(run_id).run
    return _canceled(run) if run.status in ENDED else run


def cancel_with_workflow(run_id: str) -> None:
    """Cancel a run whose workflow is deleted by force; one that ended meanwhile is left as it is."""
    try:
        cancel(run_id, "the workflow was deleted", "engine")
    except (EndedExecutionError, UnknownExecutionError):
        return


def _end(run: Run) -> moves.End:
    """Now, with the tokens that the run's open stage may have."""
    now = clock.now()
    revision = revisions.get(run.subject, run.workflow, run.revision) if run.status in ENTERED else None
    parts = tokens.token_parts(revision, run.current_stage) if revision else []
    return moves.End(now, retention.expires_at(now, run.keep_days), parts)


def _existing(run_id: str) -> Stored:
    return store.existing(run_id, store.read_open(run_id))


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


def _salvaged(stored: Stored) -> tuple[str, list[str]]:
    """The open stage's outputs out of the history, with who answered them, and those that an earlier attempt
    completed; and what is to be told of outputs too large for the stage."""
    run = stored.run
    stage = revisions.get(run.subject, run.workflow, run.revision).stages[run.current_stage]
    events = stepfunctions.history(run.machine_arn, run.execution_name)
    found = salvage.branches(events, run.current_stage)
    kept = stored.stages[run.current_stage].outputs
    earlier = rollup.completed(stored_document(kept)) if kept else {}
    outputs = answers.signed(run, stage, salvage.outputs(stage, found, earlier))
    return compact(outputs), salvage.told(stage, found)
