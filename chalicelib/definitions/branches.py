"""One operation of a stage as a branch of states.

A healthy branch takes two transitions: the choice and the Task, or the choice and `skip`. State names begin with the
position, so that they are unique in the machine whatever the operations are called.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.definitions import expressions, retries
from chalicelib.definitions.expressions import wrapped
from chalicelib.definitions.function_arns import checked
from chalicelib.definitions.revision import RevisionOperation

NAME_CUT = 40
_State = dict[str, Any]


@dataclass(frozen=True)
class Resources:
    """What the Tasks of a machine call: how Lambda functions are invoked, and the engine's that keeps task tokens."""

    invoke: str
    tokens_arn: str

    @property
    def invoke_with_token(self) -> str:
        """Invokes a function and then waits until somebody answers with the task token."""
        return f"{self.invoke}.waitForTaskToken"


class Branch:
    """Makes the states of one operation; positions count from 0."""

    def __init__(
        self, stage: int, position: int, branches: int, operation: RevisionOperation, resources: Resources
    ) -> None:
        self._prefix = f"S{stage + 1} O{position + 1} {operation.name[:NAME_CUT]}"
        self._stage = stage
        self._position = position
        self._branches = branches
        self._operation = operation
        self._resources = resources

    def definition(self) -> _State:
        """The branch as a Parallel state takes it."""
        kinds = {"Sync": self._once, "Async": self._polled, "Callback": self._answered, "Wait": self._answered}
        states = kinds[self._operation.type]()
        return {
            "StartAt": self._name("choose"),
            "States": {
                self._name("choose"): self._choose(next(iter(states))),
                **states,
                self._name("skip"): self._skip(),
                self._name("failed"): {"Type": "Succeed"},
            },
        }

    def _answered(self) -> dict[str, _State]:
        """The engine's function keeps the token; the answer comes with the token, now or in a year."""
        payload = {
            "Execution": wrapped(expressions.EXECUTION),
            "Stage": self._stage,
            "Operation": self._position,
            "Token": wrapped(expressions.task_token()),
            "Retry": wrapped(expressions.RETRY_COUNT),
        }
        if self._operation.type == "Callback":
            payload["Event"] = wrapped(expressions.event(self._position))
        else:
            payload["Seconds"] = wrapped(expressions.wait_seconds(self._position))
        task = self._task(
            self._resources.tokens_arn,
            payload,
            expressions.timeout(self._position),
            expressions.told(self._branches),
            expressions.ENTERED,
        )
        task["Resource"] = self._resources.invoke_with_token
        if self._operation.heartbeat_seconds is not None:
            task["HeartbeatSeconds"] = wrapped(expressions.heartbeat(self._position))
        return {self._name("run"): {**task, "End": True}}

    def _once(self) -> dict[str, _State]:
        task = self._task(
            self._operation.start_arn,
            wrapped(expressions.event(self._position)),
            expressions.timeout(self._position),
            expressions.answer(self._branches),
            expressions.ENTERED,
        )
        return {self._name("run"): {**task, "End": True}}

    def _polled(self) -> dict[str, _State]:
        operation = self._operation
        start = self._task(
            operation.start_arn,
            wrapped(expressions.event(self._position)),
            expressions.timeout(self._position),
            expressions.begun(self._position),
            expressions.ENTERED,
        )
        monitor = self._task(
            operation.monitor_arn or "",
            wrapped("$states.input.Payload"),
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
            "Choices": [{"Condition": condition, "Next": begin}],
            "Default": self._name("skip"),
        }

    def _skip(self) -> _State:
        return {"Type": "Succeed", "Output": {"Do": wrapped(expressions.decision(self._position))}}

    def _task(self, arn: str, payload: Any, timeout: str, output: str, entered: str) -> _State:
        caught = {"Output": wrapped(expressions.failure(self._branches, entered)), "Next": self._name("failed")}
        return {
            "Type": "Task",
            "Resource": self._resources.invoke,
            "Arguments": {"FunctionName": checked(arn), "Payload": payload},
            "TimeoutSeconds": wrapped(timeout),
            "Output": wrapped(output),
            "Retry": retries.retriers(self._operation),
            "Catch": [
                # AWS doesn't match this one with States.ALL
                {"ErrorEquals": ["States.DataLimitExceeded"], **caught},
                {"ErrorEquals": ["States.ALL"], **caught},
            ],
        }

    def _name(self, role: str) -> str:
        return f"{self._prefix} {role}"
