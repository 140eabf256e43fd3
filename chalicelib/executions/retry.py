"""Retrying a run that ended as Error or Canceled: as its next attempt, keeping what was done.

A state machine begins at its first stage, so the attempt walks the stages that were completed: every branch of theirs
says `done`, and stage completion answers what is stored. In the stage where the run ended, operations that completed
are `done` too; the others run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chalicelib.aws import clock, transaction
from chalicelib.aws.dynamodb import Value
from chalicelib.definitions import revisions
from chalicelib.definitions.revision import Revision
from chalicelib.definitions.stage_input import Globals, StageInput, branch_key
from chalicelib.executions import admit, attempts, caps, moves, plan, rollup, store
from chalicelib.executions.contention import again_when_moved
from chalicelib.executions.errors import NotRetriableError, UnknownExecutionError
from chalicelib.executions.plan import Override
from chalicelib.executions.rollup import Output
from chalicelib.executions.run import Run, StagePart
from chalicelib.executions.statuses import StageStatus, Status
from chalicelib.executions.store import Stored
from chalicelib.web.documents import compact, stored_document
from chalicelib.web.errors import BadRequestError

RETRIABLE = (Status.ERROR, Status.CANCELED)


@again_when_moved("retried")
def retry(
    run_id: str, configuration: dict[str, Any] | None = None, who: str = "engine", *, dry_run: bool = False
) -> Run:
    """Queue an ended run again; `configuration` replaces members of the run's own, `who` is kept with the attempt.

    Raises UnknownExecutionError, NotRetriableError for a run that is live or complete, BadRequestError for a
    Configuration that doesn't fit, ConflictError while another run works on the asset.
    """
    stored = store.existing(run_id, store.read_whole(run_id))
    if len(stored.stages) <= stored.run.current_stage:
        # half gone: a deletion that broke off is repeated by whoever wants it gone
        raise UnknownExecutionError(run_id)
    prepared = _prepare(stored, configuration or {})
    if dry_run:
        return stored.run
    _make(stored, prepared, who)
    admit.look()
    return store.existing(run_id, store.read(run_id)).run


@dataclass(frozen=True)
class _Prepared:
    revision: Revision
    following: Run
    parts: list[StagePart]


def _prepare(stored: Stored, configuration: dict[str, Any]) -> _Prepared:
    run = stored.run
    if run.status not in RETRIABLE:
        raise NotRetriableError(
            f"workflow execution {run.id} is {run.status.value}: only Error and Canceled are retried"
        )
    revision = revisions.get(run.subject, run.workflow, run.revision)
    merged = _merged(revision, stored_document(stored.stages[0].override or "{}"), configuration)
    plan.check_override(revision, merged)
    following = moves.following_attempt(run, clock.now(), run.machine_arn, caps.ahead(revision, run.current_stage))
    return _Prepared(revision, following, _parts(stored, following, revision, merged, bool(configuration)))


def _merged(revision: Revision, before: dict[str, Any], given: dict[str, Any]) -> Override:
    """The run's own configuration with the members given replaced."""
    old, new = plan.normalised(revision, before), plan.normalised(revision, given)
    return {
        stage: {
            operation: {**old.get(stage, {}).get(operation, {}), **new.get(stage, {}).get(operation, {})}
            for operation in {**old.get(stage, {}), **new.get(stage, {})}
        }
        for stage in {**old, **new}
    }


def _parts(
    stored: Stored, following: Run, revision: Revision, override: Override, is_changed: bool
) -> list[StagePart]:
    """The stages up to the open one as the next attempt finds them."""
    last = stored.run.current_stage
    parts = [_walked(stored.stages[position], revision) for position in range(last)]
    parts.append(_reopened(stored, following, revision, override))
    if is_changed:
        parts[0] = replace(parts[0], override=compact(override))
    return parts


def _walked(part: StagePart, revision: Revision) -> StagePart:
    given: Globals = stored_document(part.input)["Input"]
    document = plan.walked(revision.stages[part.position], given)
    return StagePart(part.position, compact(document), status=StageStatus.COMPLETE.value)


def _reopened(stored: Stored, following: Run, revision: Revision, override: Override) -> StagePart:
    """The stage in which the run ended: what it completed stays, the rest is planned anew."""
    part = stored.stages[stored.run.current_stage]
    kept = rollup.completed(stored_document(part.outputs)) if part.outputs else {}
    given: Globals = stored_document(part.input)["Input"]
    timeouts = stored_document(stored.stages[0].timeouts or "{}")
    course = plan.Course(following.id, following.asset_id, following.attempt, following.timeout_seconds, timeouts)
    try:
        document = plan.stage_input(course, revision.stages[part.position], override, given, done=kept)
    except plan.TooLargeToCarry as error:
        raise BadRequestError(f"Configuration: {error}") from None
    return StagePart(
        part.position, compact(document), outputs=compact(list(kept.values())), status=StageStatus.STARTED.value
    )


def _make(stored: Stored, prepared: _Prepared, who: str) -> None:
    run = stored.run
    following = replace(prepared.following, machine_arn=revisions.machine_for(prepared.revision))
    record = attempts.put(run, _made(stored, prepared.revision), who)
    writes = [store.replan_stage(following, part, _facts(part)) for part in prepared.parts]
    transaction.commit(moves.retry(run, following, record, writes))


def _made(stored: Stored, revision: Revision) -> list[Output]:
    """The outputs of the open stage that this attempt made; what it found done, an earlier one has."""
    part = stored.stages[stored.run.current_stage]
    given: StageInput = stored_document(part.input)
    found = {
        operation.name
        for position, operation in enumerate(revision.stages[part.position].operations)
        if given["Plan"][branch_key(position)]["Do"] == "done"
    }
    outputs: list[Output] = stored_document(part.outputs or "[]")
    return [output for output in outputs if output["Name"] not in found]


def _facts(part: StagePart) -> dict[str, Value | None]:
    """A stage that was completed stays as it is; the open one begins again."""
    if part.status == StageStatus.COMPLETE:
        return {}
    return {"Status": part.status, "Ended": None, "Message": None}
