"""Runs that wait: for people (Wait), or for whoever does an operation's work (Callback).

The state machine hands out a task token and stands still. The token is stored by the engine's task token function;
what it is answered with is stored before it is sent; what a crash leaves unsent, the sweep sends. A state machine
that asks again for the same operation (its call of the function had failed) has a new token, and the old one is dead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.aws import clock, functions, invocation, transaction
from chalicelib.definitions import revisions
from chalicelib.definitions.revision import RevisionOperation
from chalicelib.definitions.stage_input import TokenEvent
from chalicelib.executions import admit, caps, moves, queue, sending, store, tokens
from chalicelib.executions.contention import again_when_moved
from chalicelib.executions.errors import (
    NotWaitingError,
    RunClosed,
    RunMoved,
    WrongStageError,
)
from chalicelib.executions.run import Run, parse_execution_name
from chalicelib.executions.statuses import ENTERED, Status
from chalicelib.executions.tokens import TokenItem
from chalicelib.web.documents import compact
from chalicelib.web.errors import BadRequestError, ConflictError, shown

_RESUMED = compact({"Status": "Complete", "Media": {}, "MetaData": {}})


def token_task(event: TokenEvent) -> dict[str, Any]:
    """Take a task token into keeping; a Callback's function is called with it then.

    Called again with another token for the same operation, only the token changes. Raises RunClosed for an attempt
    that is over, and what the operator's function raised.
    """
    name = parse_execution_name(event["Execution"])
    if name is None:
        raise RunClosed(f"{event['Execution']} is no execution of a run")
    invocation.concerns(name[0])
    return _take(*name, event)


@again_when_moved("asked for a token")
def _take(run_id: str, attempt: int, event: TokenEvent) -> dict[str, Any]:
    run, operation = _asking(run_id, attempt, event)
    kept = _keep(run, operation, event)
    if kept is None:
        return {"Kept": None}
    if kept.is_due:
        sending.send(run)
    elif operation.type == "Callback":
        functions.call(operation.start_arn, {**event.get("Event", {}), "TaskToken": event["Token"]})
    return {"Kept": kept.part}


def _asking(run_id: str, attempt: int, event: TokenEvent) -> tuple[Run, RevisionOperation]:
    stored = store.read(run_id)
    if stored is None:
        raise RunClosed(f"run {run_id} doesn't exist")
    run = stored.run
    if run.attempt != attempt or run.status not in ENTERED or run.current_stage != event["Stage"]:
        raise RunClosed(f"attempt {attempt} of run {run_id} isn't in stage {event['Stage']} any more")
    revision = revisions.get(run.subject, run.workflow, run.revision)
    return run, revision.stages[event["Stage"]].operations[event["Operation"]]


def _keep(run: Run, operation: RevisionOperation, event: TokenEvent) -> TokenItem | None:
    """Store the token: anew, or in the place of the one that the state machine doesn't wait for any more.

    None for a call that comes so late that the state machine has asked again since: its token is the dead one.
    """
    given = _token_item(run, operation, event)
    known = tokens.read(run, event["Operation"])
    if known is not None and given.retry < known.retry:
        return None
    if known is not None and given.retry == known.retry:
        return known
    if known is not None:
        renewed = tokens.renewed(known, given, event["Token"])
        demanded = store.demand(run.fence, ENTERED, in_stage=run.current_stage)
        transaction.commit([demanded, tokens.renew(run, known, renewed)])
        return renewed
    if operation.type == "Callback":
        demanded = store.demand(run.fence, ENTERED, in_stage=run.current_stage)
        transaction.commit([demanded, tokens.put(run, given)])
        return given
    transaction.commit(moves.wait(run, given, given.since))
    admit.look(freed=run.pools)
    return given


def _token_item(run: Run, operation: RevisionOperation, event: TokenEvent) -> TokenItem:
    is_wait, now = operation.type == "Wait", clock.now()
    seconds = event.get("Seconds")
    return TokenItem(
        stage=event["Stage"],
        operation=event["Operation"],
        attempt=run.attempt,
        kind="wait" if is_wait else "callback",
        since=now,
        retry=event["Retry"],
        expires=clock.iso(clock.epoch(now) + seconds) if seconds else None,
        token=event["Token"] if is_wait else None,
        digest=None if is_wait else tokens.digest(event["Token"]),
    )


# -- resuming ----------------------------------------------------------------------------------------------------


@again_when_moved("resumed")
def resume(run_id: str, stage: str, who: str, *, reason: str | None = None, operation: str | None = None) -> Status:
    """Resume the open waits of a stage, or the one of an operation; with the last one the run waits for its slots.

    Answers Resumed, or Waiting while another wait is open. Raises UnknownExecutionError, NotWaitingError (409) also
    when every wait has expired, WrongStageError and BadRequestError (400), and ConflictError for a wait that was
    resumed already.
    """
    found = resumable(run_id, stage, operation)
    run, now = found.run, clock.now()
    reply = tokens.Reply(now, who, _RESUMED, reason=reason)
    answers = [tokens.answer(run, token, reply) for token in found.chosen]
    revision = revisions.get(run.subject, run.workflow, run.revision)
    entry = queue.resumed_entry(run, now, caps.ahead(revision, run.current_stage))
    transaction.commit(moves.resume(run, entry, answers, found.others, found.unasked, now))
    if found.others:
        return Status.WAITING
    admit.look()
    return Status.RESUMED


@dataclass(frozen=True)
class Resumable:
    """A run that waits: the waits that a request resumes, those that it leaves open, and the sort keys of tokens that
    its stage may have and hasn't asked for yet."""

    run: Run
    chosen: list[TokenItem]
    others: list[TokenItem]
    unasked: list[str]


def resumable(run_id: str, stage: str, operation: str | None) -> Resumable:
    """What a request would resume; raises what `resume` would."""
    run = store.existing(run_id, store.read_shown(run_id)).run
    if run.status is not Status.WAITING:
        raise NotWaitingError(f"workflow execution {run.id} is {run.status.value}, not Waiting")
    if run.stage_name != stage:
        raise WrongStageError(
            f"WaitingStageName: workflow execution {run.id} waits in stage {shown(run.stage_name)},"
            f" not in {shown(stage)}"
        )
    waits = [token for token in tokens.of_stage(run) if token.kind == "wait"]
    still_open = [token for token in waits if token.answered is None]
    unasked = _unasked(run, waits)
    if operation is None:
        if not still_open:
            raise NotWaitingError(
                f"workflow execution {run.id} has no open wait in stage {shown(stage)}:"
                " all were resumed, or their time is over"
            )
        return Resumable(run, still_open, [], unasked)
    chosen = [token for token in waits if _name(run, token) == operation]
    if not chosen:
        raise BadRequestError(f"Operation: no operation {shown(operation)} waits in stage {shown(stage)}")
    if chosen[0].failed:
        raise NotWaitingError(f"Operation: the time in which {shown(operation)} could be resumed is over")
    if chosen[0].answered is not None:
        raise ConflictError(f"Operation: {shown(operation)} was resumed already")
    return Resumable(run, chosen, [token for token in still_open if token not in chosen], unasked)


def _unasked(run: Run, waits: list[TokenItem]) -> list[str]:
    stage = revisions.get(run.subject, run.workflow, run.revision).stages[run.current_stage]
    asked = {token.operation for token in waits}
    return [
        tokens.token_part(run.current_stage, position)
        for position, operation in enumerate(stage.operations)
        if operation.type == "Wait" and position not in asked
    ]


def expire(run: Run) -> int:
    """Fail the waits of a run's stage whose time is over and that nobody has resumed; tells how many there were.

    It is the engine that does so and not a timeout of the state machine: one that was resumed in time may wait for
    its slot as long as it takes.
    """
    now = clock.now()
    waits = [token for token in tokens.of_stage(run) if token.expires and token.answered is None]
    expired = [token for token in waits if token.expires and token.expires <= now]
    for token in expired:
        seconds = clock.epoch(token.expires or now) - clock.epoch(token.since)
        cause = f"nobody has resumed the run within the {round(seconds)} seconds that it waits"
        reply = tokens.Reply(now, "engine", compact({"Error": "States.Timeout", "Cause": cause}), failed=True)
        try:
            transaction.commit([tokens.answer(run, token, reply)])
        except RunMoved:
            continue  # resumed, or over, a moment ago
    if expired:
        sending.send(run)
    return len(expired)


def _name(run: Run, token: TokenItem) -> str:
    revision = revisions.get(run.subject, run.workflow, run.revision)
    return revision.stages[token.stage].operations[token.operation].name
