"""One operation of a stage as a branch of states.

A healthy branch takes two transitions: the choice and the Task, or the choice and `skip`. State names begin with the
position, so that they are unique in the machine whatever the operations are called.
"""

from __future__ import annotations

from typing import Any

from chalicelib.definitions import expressions
from chalicelib.definitions.expressions import wrapped
from chalicelib.definitions.function_arns import checked
from chalicelib.definitions.revision import RevisionOperation

NAME_CUT = 40
_State = dict[str, Any]

_RETRY: list[dict[str, Any]] = [
    # our own refusals and the caller's mistakes come first: running the operator again wouldn't mend them
    {"ErrorEquals": ["InvalidInput", "States.QueryEvaluationError", "States.DataLimitExceeded"], "MaxAttempts": 0},
    # operators written for the old engine count on this one
    {
        "ErrorEquals": ["MasExecutionError", "Lambda.Unknown"],
        "IntervalSeconds": 2,
        "MaxAttempts": 2,
        "BackoffRate": 2,
    },
    # a refusal by IAM; a new tag takes seconds to be seen: 4 + 8 + 3 * 16 s
    {
        "ErrorEquals": ["Lambda.AWSLambdaException", "Lambda.AccessDeniedException", "States.Permissions"],
        "IntervalSeconds": 4,
        "MaxAttempts": 5,
        "BackoffRate": 2,
        "MaxDelaySeconds": 16,
    },
    {
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
    },
]


class Branch:
    """Makes the states of one operation; positions count from 0."""

    def __init__(self, stage: int, position: int, branches: int, operation: RevisionOperation, resource: str) -> None:
        self._prefix = f"S{stage + 1} O{position + 1} {operation.name[:NAME_CUT]}"
        self._position = position
        self._branches = branches
        self._operation = operation
        self._resource = resource

    def definition(self) -> _State:
        """The branch as a Parallel state takes it."""
        states = self._polled() if self._operation.type == "Async" else self._once()
        begin = "start" if self._operation.type == "Async" else "run"
        return {
            "StartAt": self._name("choose"),
            "States": {
                self._name("choose"): self._choose(begin),
                **states,
                self._name("skip"): self._skip(),
                self._name("failed"): {"Type": "Succeed"},
            },
        }

    def _once(self) -> dict[str, _State]:
        task = self._task(
            self._operation.start_arn,
            expressions.event(self._position),
            expressions.timeout(self._position),
            expressions.answer(self._branches),
            expressions.ENTERED,
        )
        return {self._name("run"): {**task, "End": True}}

    def _polled(self) -> dict[str, _State]:
        operation = self._operation
        start = self._task(
            operation.start_arn,
            expressions.event(self._position),
            expressions.timeout(self._position),
            expressions.begun(self._position),
            expressions.ENTERED,
        )
        monitor = self._task(
            operation.monitor_arn or "",
            "$states.input.Payload",
            "$states.input.Timeout",
            expressions.polled(),
            "$states.input.Entered",
        )
        return {
            self._name("start"): {**start, "Next": self._name("wait")},
            self._name("wait"): {
                "Type": "Wait",
                "Seconds": wrapped("$states.input.Wait"),
                "Next": self._name("monitor"),
            },
            self._name("monitor"): {**monitor, "Next": self._name("check")},
            self._name("check"): {
                "Type": "Choice",
                "Choices": [{"Condition": wrapped(expressions.still_executing()), "Next": self._name("wait")}],
                "Default": self._name("done"),
            },
            self._name("done"): {"Type": "Succeed", "Output": wrapped(expressions.last_answer(self._branches))},
        }

    def _choose(self, begin: str) -> _State:
        condition = wrapped(f"{expressions.decision(self._position)} = 'run'")
        return {
            "Type": "Choice",
            "Choices": [{"Condition": condition, "Next": self._name(begin)}],
            "Default": self._name("skip"),
        }

    def _skip(self) -> _State:
        return {"Type": "Succeed", "Output": {"Do": wrapped(expressions.decision(self._position))}}

    def _task(self, arn: str, payload: str, timeout: str, output: str, entered: str) -> _State:
        caught = {"Output": wrapped(expressions.failure(self._branches, entered)), "Next": self._name("failed")}
        return {
            "Type": "Task",
            "Resource": self._resource,
            "Arguments": {"FunctionName": checked(arn), "Payload": wrapped(payload)},
            "TimeoutSeconds": wrapped(timeout),
            "Output": wrapped(output),
            "Retry": _RETRY,
            "Catch": [
                # AWS doesn't match this one with States.ALL
                {"ErrorEquals": ["States.DataLimitExceeded"], **caught},
                {"ErrorEquals": ["States.ALL"], **caught},
            ],
        }

    def _name(self, role: str) -> str:
        return f"{self._prefix} {role}"
