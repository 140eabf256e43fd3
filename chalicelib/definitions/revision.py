"""What a run refers to: one immutable revision of a workflow, or of a stage that runs alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

OperationType = Literal["Sync", "Async", "Callback", "Wait"]
Subject = Literal["workflow", "stage"]

TOKEN_TYPES: tuple[OperationType, ...] = ("Callback", "Wait")
"""Operations for which the state machine stands still until somebody answers its task token."""


@dataclass(frozen=True)
class RevisionOperation:
    """An operation as frozen in a revision; `configuration` is its default with the stage's override."""

    name: str
    type: OperationType
    start_arn: str
    monitor_arn: str | None
    configuration: dict[str, Any]
    configuration_schema: dict[str, Any] | None
    timeout_seconds: int
    poll_max_seconds: int
    retry: dict[str, Any] | None = None
    """`MaxAttempts`, `IntervalSeconds`, `BackoffRate`, `ErrorEquals`, all given; None for the engine's own alone."""
    max_concurrent: int | None = None
    """The cap that the operation had when the revision was made: whether runs take a slot of its pool."""
    heartbeat_seconds: int | None = None
    """Of a Callback: how long it may be silent."""


@dataclass(frozen=True)
class RevisionStage:
    """A stage as frozen in a revision; `document` is what the API answers, less `Configuration` and `Definition`."""

    name: str
    operations: tuple[RevisionOperation, ...]
    document: dict[str, Any]


@dataclass(frozen=True)
class Revision:
    """A revision with the machine that runs it; shared between callers, who must not change its documents."""

    id: str
    subject: Subject
    name: str
    machine_arn: str
    created: str
    stages: tuple[RevisionStage, ...]
    """In running order."""
    document: dict[str, Any]
    """The workflow's own members as the API answers them; for a stage, its document."""
    max_concurrent: int | None = None
    """The workflow's own cap when the revision was made: whether runs take a slot of its pool."""
    timeout_seconds: int | None = None
    """How long a run may take from its start to its end, unless it says so itself."""


def to_body(revision: Revision) -> dict[str, Any]:
    """A revision as a JSON document."""
    return asdict(revision)


def from_body(body: dict[str, Any]) -> Revision:
    """A revision out of its JSON document."""
    stages = tuple(
        RevisionStage(
            stage["name"],
            tuple(RevisionOperation(**operation) for operation in stage["operations"]),
            stage["document"],
        )
        for stage in body["stages"]
    )
    return Revision(**{**body, "stages": stages})
