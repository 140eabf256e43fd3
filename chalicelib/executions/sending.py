"""Telling Step Functions what task tokens were answered with.

Sending twice is harmless: the second time the token is known to be closed. Whoever answers, admits or sweeps sends.
"""

from __future__ import annotations

import json

from botocore.exceptions import ClientError

from chalicelib.aws import clock, stepfunctions, transaction
from chalicelib.aws.clients import code
from chalicelib.executions import tokens
from chalicelib.executions.errors import RunMoved
from chalicelib.executions.run import Run
from chalicelib.executions.statuses import Status
from chalicelib.executions.tokens import TokenItem


def send(run: Run, given_by: str | None = None) -> int:
    """Send every answer of the run's stage that hasn't been sent, and tell how many there were.

    A Wait's answer is sent only while the run is Started: it needs a slot to go on. One that has expired needs none.
    With `given_by`, an ISO time, only answers that were given by then are sent.
    """
    due = [token for token in tokens.of_stage(run) if token.is_due and token.attempt == run.attempt]
    if given_by is not None:
        due = [token for token in due if (token.answered or "") <= given_by]
    allowed = [token for token in due if token.kind == "callback" or token.failed or run.status is Status.STARTED]
    for token in allowed:
        send_one(run, token)
    return len(allowed)


def send_one(run: Run, token: TokenItem) -> None:
    """Send one answer and note that it was sent.

    A token that Step Functions says is closed was answered before, or its task has timed out: the state machine goes
    on either way, and if it has ended instead, the status rule and the sweep close the run.
    """
    try:
        _tell(token.token or "", json.loads(tokens.outcome_of(token)))
    except ClientError as error:
        if code(error) not in stepfunctions.CLOSED_TOKEN:
            raise
    try:
        transaction.commit([tokens.mark_sent(run, token, clock.now())])
    except RunMoved:
        return  # the stage is over, or the state machine has asked again with another token


def _tell(token: str, outcome: dict[str, object]) -> None:
    if "Error" in outcome:
        stepfunctions.send_failure(token, str(outcome["Error"]), str(outcome.get("Cause", "")))
    else:
        stepfunctions.send_success(token, json.dumps(outcome))
