"""Workflows and stages as Step Functions machines: pure data out of a pure function.

Each stage is a Parallel of one branch per operation, then the engine's stage completion, whose answer is the next
stage's input. What a branch does was decided in Python and stands in the stage's plan (`stage_input`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.definitions import expressions
from chalicelib.definitions.branches import NAME_CUT, Branch, Resources
from chalicelib.definitions.expressions import wrapped
from chalicelib.definitions.function_arns import checked, parse
from chalicelib.definitions.revision import RevisionOperation, RevisionStage

_DAY = 24 * 3600
MACHINE_SECONDS = 7 * _DAY
"""The machine's own limit, a constant by the language's rules; the plan's timeouts are tighter."""
LONG_MACHINE_SECONDS = 366 * _DAY
"""Of a machine in which somebody may be waited for; beyond a year AWS ends an execution itself."""

_COMPLETION_RETRY: list[dict[str, Any]] = [
    {"ErrorEquals": ["RunClosed", "StageFailed"], "MaxAttempts": 0},
    {
        "ErrorEquals": [
            "Lambda.TooManyRequestsException",
            "Lambda.ServiceException",
            "Lambda.AWSLambdaException",
            "Lambda.SdkClientException",
            "Lambda.ClientExecutionTimeoutException",
            "Lambda.Unknown",
            "States.Timeout",
            "States.TaskFailed",
        ],
        "IntervalSeconds": 1,
        "MaxAttempts": 8,
        "BackoffRate": 2,
        "MaxDelaySeconds": 60,
        "JitterStrategy": "FULL",
    },
]
_COMPLETION_SECONDS = 120


def compile_machine(
    stages: Sequence[RevisionStage], completion_arn: str, tokens_arn: str, timeout_seconds: int | None = None
) -> dict[str, Any]:
    """The state machine of stages in running order, for runs that may take so many seconds.

    Raises ValueError for an ARN that is none.
    """
    resources = _resources(completion_arn, tokens_arn)
    states: dict[str, Any] = {}
    for position, stage in enumerate(stages):
        following = _parallel_name(position + 1, stages[position + 1]) if position + 1 < len(stages) else None
        states |= _stage_states(position, stage, following, resources, completion_arn)
    return {
        "QueryLanguage": "JSONata",
        "StartAt": _parallel_name(0, stages[0]),
        "TimeoutSeconds": machine_seconds(stages, timeout_seconds),
        "States": states,
    }


def compile_operation(operation: RevisionOperation, completion_arn: str, tokens_arn: str) -> dict[str, Any]:
    """An operation's branch as it stands in a stage of its own."""
    return Branch(0, 0, 1, operation, _resources(completion_arn, tokens_arn)).definition()


def machine_seconds(stages: Sequence[RevisionStage], timeout_seconds: int | None) -> int:
    waits = any(operation.type in ("Callback", "Wait") for stage in stages for operation in stage.operations)
    return LONG_MACHINE_SECONDS if waits or (timeout_seconds or 0) > MACHINE_SECONDS else MACHINE_SECONDS


def _stage_states(
    position: int, stage: RevisionStage, following: str | None, resources: Resources, completion_arn: str
) -> dict[str, Any]:
    count = len(stage.operations)
    complete = f"S{position + 1} {stage.name[:NAME_CUT]} complete"
    parallel = {
        "Type": "Parallel",
        "Branches": [
            Branch(position, place, count, operation, resources).definition()
            for place, operation in enumerate(stage.operations)
        ],
        "Next": complete,
    }
    completion = _completion(position, resources.invoke, completion_arn)
    end: dict[str, Any] = {"Next": following} if following else {"End": True}
    return {_parallel_name(position, stage): parallel, complete: completion | end}


def _completion(position: int, resource: str, completion_arn: str) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": resource,
        "Arguments": {
            "FunctionName": checked(completion_arn),
            "Payload": {
                "Execution": wrapped(expressions.EXECUTION),
                "Stage": position,
                "Entered": wrapped(expressions.ENTERED),
                "Outputs": wrapped(expressions.outputs()),
            },
        },
        "TimeoutSeconds": _COMPLETION_SECONDS,
        "Output": wrapped("$states.result.Payload"),
        "Retry": _COMPLETION_RETRY,
    }


def _parallel_name(position: int, stage: RevisionStage) -> str:
    return f"S{position + 1} {stage.name[:NAME_CUT]} parallel"


def _resources(completion_arn: str, tokens_arn: str) -> Resources:
    function = parse(checked(completion_arn))
    partition = function.partition if function else "aws"
    return Resources(f"arn:{partition}:states:::lambda:invoke", tokens_arn)
