"""Answers to Callback operations: complete, failed, or still at work (a heartbeat)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws import clock, stepfunctions, transaction
from chalicelib.aws.clients import code
from chalicelib.definitions import revisions
from chalicelib.definitions.stage_input import branch_share
from chalicelib.executions import media, sending, store, tokens
from chalicelib.executions.contention import again_when_moved
from chalicelib.executions.errors import (
    ForeignTokenError,
    NoCallbackError,
    UsedTokenError,
)
from chalicelib.executions.run import Run
from chalicelib.executions.statuses import ENTERED
from chalicelib.executions.tokens import TokenItem
from chalicelib.web.documents import compact
from chalicelib.web.errors import BadRequestError, shown

HEARTBEAT = "Executing"


@dataclass(frozen=True)
class Answer:
    """What an operation's worker says; `token` is the one that its start function was handed."""

    operation: str
    token: str
    status: str
    media: dict[str, Any]
    metadata: dict[str, Any]
    error: str | None = None
    cause: str | None = None

    @classmethod
    def of(cls, body: dict[str, Any]) -> Answer:
        """Out of a request's body."""
        return cls(
            operation=body["Operation"],
            token=body["Token"],
            status=body["Status"],
            media=body.get("Media", {}),
            metadata=body.get("MetaData", {}),
            error=body.get("Error"),
            cause=body.get("Cause"),
        )

    def check(self) -> None:
        """Raise BadRequestError for an error that doesn't go with the status."""
        has_failed = self.error is not None or self.cause is not None
        if has_failed and self.status != "Error":
            raise BadRequestError("Error: Error and Cause go with the Status Error only")

    def outcome(self) -> str:
        """What Step Functions is told, as JSON text."""
        if self.status == "Error":
            return compact({"Error": self.error or "OperationError", "Cause": self.cause or "the operation failed"})
        return compact({"Status": self.status, "Media": self.media, "MetaData": self.metadata})


@again_when_moved("called back")
def answer(run_id: str, given: Answer, who: str, *, dry_run: bool = False) -> Run:
    """Complete or fail an operation, or prolong its heartbeat; the same answer again changes nothing.

    Raises UnknownExecutionError (404), NoCallbackError (409) when nothing waits for it any more, ForeignTokenError
    (403), UsedTokenError (409), and BadRequestError for media that there are not, or for too large an output.
    """
    given.check()
    run, token = _addressed(run_id, given)
    if dry_run:
        return run
    if token.answered is None:
        media.demand_objects(given.media, "Media")
        _check_open(run, given)
    if given.status == HEARTBEAT:
        return run
    _store(run, token, given, who)
    sending.send(run)
    return run


def _addressed(run_id: str, given: Answer) -> tuple[Run, TokenItem]:
    run = store.existing(run_id, store.read_shown(run_id)).run
    if run.status not in ENTERED:
        raise NoCallbackError(f"workflow execution {run.id} is {run.status.value}: nothing waits for a callback")
    position = _position(run, given)
    token = None if position is None else tokens.read(run, position)
    if token is None or token.kind != "callback" or token.attempt != run.attempt:
        raise NoCallbackError(
            f"Operation: no operation {shown(given.operation)} waits for a callback in stage {shown(run.stage_name)}"
        )
    if token.digest != tokens.digest(given.token):
        raise ForeignTokenError(f"Token: it isn't the one that operation {shown(given.operation)} waits for")
    if token.answered is not None and not _is_same(token, given):
        raise UsedTokenError(f"Token: operation {shown(given.operation)} was answered already")
    return run, token


def _position(run: Run, given: Answer) -> int | None:
    """Where the operation stands in the run's stage. Raises BadRequestError when its share is exceeded."""
    stage = revisions.get(run.subject, run.workflow, run.revision).stages[run.current_stage]
    share, size = branch_share(len(stage.operations)), len(given.outcome().encode())
    if size > share:
        raise BadRequestError(
            f"MetaData: the output has {size} bytes and the operation's share of its stage is {share}:"
            " store large results through the data plane"
        )
    names = [operation.name for operation in stage.operations]
    return names.index(given.operation) if given.operation in names else None


def _is_same(token: TokenItem, given: Answer) -> bool:
    """Whether an answer is the one that is stored but perhaps was never sent: its sender asks again."""
    return token.is_due and tokens.outcome_of(token) == given.outcome()


def _store(run: Run, token: TokenItem, given: Answer, who: str) -> None:
    if token.answered is not None:
        return
    demanded = store.demand(run.fence, ENTERED, in_stage=run.current_stage)
    reply = tokens.Reply(clock.now(), who, given.outcome(), failed=given.status == "Error", token=given.token)
    transaction.commit([demanded, tokens.answer(run, token, reply)])


def _check_open(run: Run, given: Answer) -> None:
    """A task that has timed out takes no answer any more, and Step Functions alone knows: a heartbeat asks it."""
    try:
        stepfunctions.send_heartbeat(given.token)
    except ClientError as error:
        if code(error) not in stepfunctions.CLOSED_TOKEN:
            if given.status == HEARTBEAT:
                raise
            # an answer is stored first whatever ails Step Functions, and sent as soon as it is well
            return
        raise NoCallbackError(
            f"workflow execution {run.id} doesn't wait for operation {shown(given.operation)} any more"
        ) from error
