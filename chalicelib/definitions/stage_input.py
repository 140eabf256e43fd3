"""The one shape that the compiler reads by position and the planner of a run writes: a stage's input."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

Decision = Literal["run", "skip", "done"]

MAX_STATE_BYTES = 262_144
"""What a state's input, result or output may hold (Step Functions quota, UTF-8 bytes)."""

SHARED_OUTPUT_BYTES = 230_000
"""What all branches of a stage may hand on together; the rest of the quota is for the engine's own members."""

MAX_GLOBALS_BYTES = 180_000
"""What `Globals` (media and accumulated metadata) may hold, so that every operator can be handed them."""

NOT_KEPT = "TokenNotKept"
"""The error that the engine's task token function fails with when something passing kept it from its work: the state
machine calls it again, with a new token. Every other error is the operation's, and ends it."""


class OperationEvent(TypedDict):
    """What an operator's start function receives, less `Input`, which all branches share."""

    Name: str
    AssetId: str
    WorkflowExecutionId: str
    Configuration: dict[str, Any]
    Status: Literal["Started"]
    MetaData: dict[str, Any]
    Media: dict[str, Any]
    IdempotencyKey: str
    """`<run>/<stage>/<operation>/<attempt>`: the same when the state machine calls the function again."""


class BranchPlan(TypedDict):
    """What one branch is to do. `Event` and the numbers are there when `Do` is `run`."""

    Do: Decision
    Event: NotRequired[OperationEvent]
    TimeoutSeconds: NotRequired[int]
    """Of one Task; for an asynchronous operation also of the whole loop."""
    PollMaxSeconds: NotRequired[int]
    ExpirySeconds: NotRequired[int]
    """Of a Wait: after so many seconds it has expired. Its Task waits longer, since a wait that was resumed in time
    must not fail while its run waits for a slot."""
    HeartbeatSeconds: NotRequired[int]
    """Of a Callback that has one; smaller than TimeoutSeconds."""


class Globals(TypedDict):
    """The run's media and metadata as a stage finds them."""

    Media: dict[str, Any]
    MetaData: dict[str, Any]


class StageInput(TypedDict):
    """The input of a stage's Parallel state. `Plan` has a key `o<position>` for every branch, from 1."""

    Input: Globals
    Plan: dict[str, BranchPlan]


class BranchOutput(TypedDict, total=False):
    """What a branch hands on to stage completion; `Kept` or `Result` or `Failed`, or neither when it did not run."""

    Do: Decision
    Kept: dict[str, Any]
    """`Status`, `Media` and `MetaData` of an operator that answered an object."""
    Result: Any
    """What the operator answered when it was no object."""
    TooLarge: int
    """The size in bytes of an answer beyond the branch's share; the answer itself is left out."""
    Failed: dict[str, str]
    """`Error` and `Cause` of a Task that failed for good."""
    Entered: str
    Left: str


class CompletionEvent(TypedDict):
    """What the engine's stage completion function is invoked with. `Stage` counts from 0."""

    Execution: str
    Stage: int
    Entered: str
    Outputs: list[BranchOutput]


class TokenEvent(TypedDict):
    """What the engine's task token function is invoked with, by a Callback's or a Wait's branch.

    `Stage` and `Operation` are positions from 0, `Event` is the operator's event of a Callback, `Seconds` tells when
    a Wait expires.
    """

    Execution: str
    Stage: int
    Operation: int
    Token: str
    Retry: int
    """How often the state machine has asked before: each time it has another token, and the old one is dead."""
    Event: NotRequired[dict[str, Any]]
    Seconds: NotRequired[int]


def branch_key(position: int) -> str:
    """The plan's key for the branch at a position (from 0)."""
    return f"o{position + 1}"


def branch_share(branches: int) -> int:
    """How many bytes of output one of so many branches may hand on."""
    return SHARED_OUTPUT_BYTES // max(1, branches)
