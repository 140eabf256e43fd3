"""When an operation is run again: what its owner may say, and the retriers that a definition gets.

Their order matters, since the first one that matches an error decides: what is never retried comes first, then the
owner's, then the engine's. A wildcard of the owner's (`States.ALL`, `States.TaskFailed`) comes after the engine's for
throttling, so that it speaks of the operation's own failures; and `States.ALL` must be the last of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.definitions.revision import RevisionOperation
from chalicelib.definitions.stage_input import NOT_KEPT
from chalicelib.web.errors import BadRequestError, shown

Retrier = dict[str, Any]

DEFAULTS: dict[str, Any] = {
    "MaxAttempts": 3,
    "IntervalSeconds": 1,
    "BackoffRate": 2,
    "ErrorEquals": ["States.TaskFailed"],
}
MAX_DELAY_SECONDS = 7200
"""Between two of the owner's retries, whatever the backoff; longer than the longest interval."""

WILDCARDS = frozenset({"States.ALL", "States.TaskFailed"})
_KNOWN_STATES = WILDCARDS | {"States.Timeout", "States.HeartbeatTimeout", "States.Permissions"}
"""What begins with `States.` is the language's own; these can be retried."""

# our own refusals and the caller's mistakes: running the operator again wouldn't mend them
_NEVER = ("InvalidInput", "States.QueryEvaluationError", "States.DataLimitExceeded")
_TOKEN_NEVER = (*_NEVER, "RunClosed")

_THROTTLING: Retrier = {
    "ErrorEquals": [
        "Lambda.TooManyRequestsException",
        "Lambda.ServiceException",
        "Lambda.SdkClientException",
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.EC2ThrottledException",
        "Lambda.ResourceConflictException",
    ],
    "IntervalSeconds": 1,
    "MaxAttempts": 8,
    "BackoffRate": 2,
    "MaxDelaySeconds": 60,
    "JitterStrategy": "FULL",
}
# a refusal by IAM; a new tag takes seconds to be seen: 4 + 8 + 3 * 16 s, which jitter would shorten
_PERMISSIONS: Retrier = {
    "ErrorEquals": ["Lambda.AWSLambdaException", "Lambda.AccessDeniedException", "States.Permissions"],
    "IntervalSeconds": 4,
    "MaxAttempts": 5,
    "BackoffRate": 2,
    "MaxDelaySeconds": 16,
}
# operators written for the old engine count on this one
_OLD_OPERATORS: Retrier = {
    "ErrorEquals": ["MasExecutionError", "Lambda.Unknown"],
    "IntervalSeconds": 2,
    "MaxAttempts": 2,
    "BackoffRate": 2,
    "JitterStrategy": "FULL",
}
# the engine's own function keeps the token: it may stumble for a quarter of an hour before the operation fails
_KEEPING_TOKENS: Retrier = {
    "ErrorEquals": [
        *_THROTTLING["ErrorEquals"],
        "Lambda.AWSLambdaException",
        "Lambda.Unknown",
        "Runtime.ExitError",
        "Sandbox.Timedout",
        NOT_KEPT,
    ],
    "IntervalSeconds": 1,
    "MaxAttempts": 20,
    "BackoffRate": 2,
    "MaxDelaySeconds": 60,
    "JitterStrategy": "FULL",
}


def check(retry: Mapping[str, Any]) -> None:
    """Raise BadRequestError, naming the field, for error names that can't be retried or can't stand together."""
    errors = retry.get("ErrorEquals", [])
    for position, error in enumerate(errors):
        field = f"Retry.ErrorEquals[{position}]"
        if error in _TOKEN_NEVER:
            raise BadRequestError(f"{field}: {shown(error)} is never retried: the same would happen again")
        if error.startswith("States.") and error not in _KNOWN_STATES:
            raise BadRequestError(
                f"{field}: {shown(error)} can't be retried; of the names that begin with 'States.' these can:"
                f" {', '.join(sorted(_KNOWN_STATES))}"
            )
        if error in errors[:position]:
            raise BadRequestError(f"{field}: {shown(error)} is named more than once")
    if "States.ALL" in errors and len(errors) > 1:
        raise BadRequestError("Retry.ErrorEquals: States.ALL stands for every error and must be the only name")


def completed(retry: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """An owner's policy with the defaults of what was not given; the counts are whole numbers."""
    if retry is None:
        return None
    full = {name: retry.get(name, default) for name, default in DEFAULTS.items()}
    return full | {name: int(full[name]) for name in ("MaxAttempts", "IntervalSeconds")}


def retriers(operation: RevisionOperation) -> list[Retrier]:
    """The retriers of the Tasks of an operation, in their order."""
    if operation.type in ("Callback", "Wait"):
        return _ordered(_TOKEN_NEVER, operation.retry, [_KEEPING_TOKENS], [])
    return _ordered(_NEVER, operation.retry, [_PERMISSIONS, _THROTTLING], [_OLD_OPERATORS])


def _ordered(
    never: Sequence[str], retry: Mapping[str, Any] | None, passing: Sequence[Retrier], others: Sequence[Retrier]
) -> list[Retrier]:
    """The owner's policy takes the errors that it names from the engine's, a wildcard all but the passing ones."""
    first: Retrier = {"ErrorEquals": list(never), "MaxAttempts": 0}
    if retry is None:
        return [first, *others, *passing]
    named = frozenset(retry["ErrorEquals"])
    own = _own(retry)
    if named & WILDCARDS:
        return [first, *_without(passing, named), own]
    return [first, own, *_without([*others, *passing], named)]


def _own(retry: Mapping[str, Any]) -> Retrier:
    if retry["MaxAttempts"] == 0:
        return {"ErrorEquals": retry["ErrorEquals"], "MaxAttempts": 0}
    return {**retry, "MaxDelaySeconds": MAX_DELAY_SECONDS}


def _without(ours: Sequence[Retrier], named: frozenset[str]) -> list[Retrier]:
    left = [
        {**retrier, "ErrorEquals": [error for error in retrier["ErrorEquals"] if error not in named]}
        for retrier in ours
    ]
    return [retrier for retrier in left if retrier["ErrorEquals"]]
