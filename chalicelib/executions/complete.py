"""Stage completion: the one engine Lambda on a run's path, invoked by the state machine after every stage.

Called again for a stage that it has closed, it answers the same bytes; a late call of another attempt is refused.
"""

from __future__ import annotations

import logging
from typing import Any

from chalicelib.aws import clock, invocation, transaction
from chalicelib.definitions import revisions
from chalicelib.definitions.revision import Revision
from chalicelib.definitions.stage_input import CompletionEvent, StageInput
from chalicelib.executions import admit, answers, caps, moves, plan, retention, rollup, store
from chalicelib.executions.errors import RunClosed, RunMoved, StageFailed
from chalicelib.executions.rollup import StageResult
from chalicelib.executions.run import Run, bounded, parse_execution_name
from chalicelib.executions.statuses import ENDED, StageStatus, Status
from chalicelib.executions.store import Stored
from chalicelib.executions.tokens import token_parts
from chalicelib.web.documents import compact, stored_document

_LOG = logging.getLogger("mediawright.executions")
_TRIES = 3


def complete_stage(event: CompletionEvent) -> dict[str, Any]:
    """Close a stage and answer the next one's input, `{}` after the last.

    Raises StageFailed once the run is closed as Error, and RunClosed for a run or attempt that is over.
    """
    name = parse_execution_name(event["Execution"])
    if name is None:
        raise RunClosed(f"{event['Execution']} is no execution of a run")
    invocation.concerns(name[0])
    for _ in range(_TRIES):
        stored = _read(*name, event["Stage"])
        if stored is None:
            clock.sleep(0.01)
            continue
        if stored.run.current_stage > event["Stage"] or stored.run.status in ENDED:
            return _answered_before(stored, event["Stage"])
        try:
            return _close(stored, event)
        except RunMoved:
            continue
    raise transaction.StillContended(f"{event['Execution']} kept moving while its stage was closed")


def _read(run_id: str, attempt: int, stage: int) -> Stored | None:
    """The run with what its stage needs; None when the read saw half of a transaction."""
    stored = store.read(run_id, [0, stage, stage + 1])
    if stored is None:
        raise RunClosed(f"run {run_id} doesn't exist")
    if stored.run.attempt != attempt:
        raise RunClosed(f"attempt {attempt} of run {run_id} is over")
    entered = min(stage + 1, stored.run.current_stage)
    return stored if entered in stored.stages else None


def _answered_before(stored: Stored, stage: int) -> dict[str, Any]:
    if stored.run.current_stage > stage:
        document: dict[str, Any] = stored_document(stored.stages[stage + 1].input)
        return document
    admit.look(freed=stored.run.pools)
    if stored.run.status is Status.COMPLETE:
        return {}
    if stored.run.status is Status.ERROR:
        raise StageFailed(stored.run.message or "The stage failed")
    raise RunClosed(f"run {stored.run.id} is {stored.run.status.value}")


def _close(stored: Stored, event: CompletionEvent) -> dict[str, Any]:
    run, position = stored.run, event["Stage"]
    revision = revisions.get(run.subject, run.workflow, run.revision)
    part = stored.stages[position]
    given: StageInput = stored_document(part.input)
    earlier = rollup.completed(stored_document(part.outputs)) if part.outputs else {}
    stage = revision.stages[position]
    result = rollup.roll_up(stage, given, event["Outputs"], earlier)
    open_tokens = token_parts(revision, position)
    outputs = compact(answers.signed(run, stage, result.outputs))
    following, whole_message = _following(run, revision, stored, result, event["Entered"])
    if following is not None:
        name, passed = revision.stages[position + 1].name, caps.passed(run, revision, position + 1)
        transaction.commit(
            moves.stage_done(run, outputs, event["Entered"], name, compact(following), passed, open_tokens)
        )
        _tell(result.outputs, earlier)
        if passed:
            admit.look(freed=[slot.pool for slot in passed])
        return dict(following)
    message = bounded(whole_message) if whole_message else None
    end = moves.End(event["Entered"], retention.expires_at(event["Entered"], run.keep_days), open_tokens)
    transaction.commit(moves.finish(run, outputs, end, message))
    _tell(result.outputs, earlier)
    admit.look(freed=run.pools)
    if message:
        raise StageFailed(message)
    return {}


def _tell(outputs: list[rollup.Output], earlier: rollup.Earlier) -> None:
    """A log line for each operation that ended in this attempt, for queries by duration and by errors."""
    for made in outputs:
        if made["Name"] in earlier or "Left" not in made:
            continue
        seconds = round(clock.epoch(made["Left"]) - clock.epoch(made["Entered"]), 3)
        facts = {"operation": made["Name"], "status": made["Status"], "seconds": seconds, "error": made.get("Error")}
        _LOG.info("operation ended", extra=facts)


def _following(
    run: Run, revision: Revision, stored: Stored, result: StageResult, entered: str
) -> tuple[StageInput | None, str | None]:
    """The next stage's input, or why there is none: a message when the run fails, None after the last stage."""
    if result.status is StageStatus.ERROR:
        return None, result.message
    if run.deadline is not None and clock.epoch(entered) > run.deadline:
        stage = revision.stages[run.current_stage]
        names = ", ".join(operation.name for operation in stage.operations)
        return None, f"Stage {stage.name}: operation {names} ended after the {run.timeout_seconds} seconds of the run"
    position = run.current_stage + 1
    if position == len(revision.stages):
        return None, None
    first = stored.stages[0]
    override = plan.normalised(revision, stored_document(first.override or "{}"))
    stage = revision.stages[position]
    try:
        return plan.stage_input(course(run, first.timeouts, entered), stage, override, result.globals), None
    except (plan.TooLargeToCarry, plan.OutOfTime) as error:
        return None, f"Stage {stage.name} can't begin: {error}"


def course(run: Run, timeouts: str | None, moment: str) -> plan.Course:
    """What the plan of a stage that is entered at a moment needs to know of the run."""
    left = None if run.deadline is None else run.deadline - clock.epoch(moment)
    return plan.Course(run.id, run.asset_id, run.attempt, left, stored_document(timeouts or "{}"))
