"""What AWS can hold, checked when something is defined and not discovered when it runs."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from chalicelib.definitions.expressions import FIRST_POLL_SECONDS, POLL_GROWTH
from chalicelib.definitions.revision import TOKEN_TYPES, RevisionOperation, RevisionStage
from chalicelib.web import documents
from chalicelib.web.errors import BadRequestError, shown

MAX_STAGE_OPERATIONS = 40
MAX_WORKFLOW_STAGES = 20
MAX_WORKFLOW_OPERATIONS = 80
MAX_HELD = 90
"""Slots and task tokens that a run may hold at a time: a slot of every capped operation's pool and of the workflow's,
a token of every Wait and Callback of a stage. Whatever ends a run gives all of them back in one transaction, of 100
actions at most; beside them it writes the run, its stage, its asset, its slot of the global pool, and a note."""
MAX_WORKFLOW_EDGES = 90
"""Different operations and stages that a workflow may use: a DynamoDB transaction has 100 actions."""

MAX_DOCUMENT_BYTES = 262_144
MAX_CONFIGURATION_BYTES = 64_000
"""Of a stage's operations together, so that they fit a state's input beside the globals."""

MAX_DEFINITION_BYTES = 900_000
MAX_EVENTS = 20_000
"""Of 25,000 in an execution's history; the engine's own retries take theirs from the rest."""

EVENTS_PER_POLL = 9
"""Wait 2, Task 5, Choice 2."""
EVENTS_PER_RETRY = 4
"""Scheduled, started, submitted to wait for its token, failed."""


def check_document(document: Any) -> None:
    """Raise BadRequestError when a definition is larger than its item may be."""
    size = len(documents.compact(document).encode())
    if size > MAX_DOCUMENT_BYTES:
        raise BadRequestError(f"The definition has {size} bytes; it may have {MAX_DOCUMENT_BYTES}")


def check_stage(stage: RevisionStage) -> None:
    """Raise BadRequestError when a stage is too wide or its configurations together too large."""
    count = len(stage.operations)
    if count > MAX_STAGE_OPERATIONS:
        raise BadRequestError(
            f"Operations: stage {shown(stage.name)} has {count} operations; a stage may have {MAX_STAGE_OPERATIONS}"
        )
    size = sum(len(documents.compact(operation.configuration).encode()) for operation in stage.operations)
    if size > MAX_CONFIGURATION_BYTES:
        raise BadRequestError(
            f"Configuration: the operations of stage {shown(stage.name)} have {size} bytes of configuration together;"
            f" a stage may have {MAX_CONFIGURATION_BYTES}"
        )


def check_machine(stages: Sequence[RevisionStage], definition: str) -> None:
    """Raise BadRequestError when a machine is beyond what one execution or one definition can hold."""
    for stage in stages:
        check_stage(stage)
    if len(stages) > MAX_WORKFLOW_STAGES:
        raise BadRequestError(f"Stages: {len(stages)} stages; a workflow may have {MAX_WORKFLOW_STAGES}")
    operations = [operation for stage in stages for operation in stage.operations]
    if len(operations) > MAX_WORKFLOW_OPERATIONS:
        raise BadRequestError(f"Stages: {len(operations)} operations; a workflow may have {MAX_WORKFLOW_OPERATIONS}")
    edges = len({operation.name for operation in operations}) + len(stages)
    if edges > MAX_WORKFLOW_EDGES:
        raise BadRequestError(
            f"Stages: {edges} different stages and operations; a workflow may use {MAX_WORKFLOW_EDGES}"
        )
    _check_held(stages)
    _check_events(operations)
    if len(definition.encode()) > MAX_DEFINITION_BYTES:
        raise BadRequestError(
            f"Stages: the state machine has {len(definition.encode())} bytes; it may have {MAX_DEFINITION_BYTES}"
        )


def _check_held(stages: Sequence[RevisionStage]) -> None:
    capped = {operation.name for stage in stages for operation in stage.operations if operation.max_concurrent}
    # the workflow may get a cap of its own without being compiled anew
    slots = 1 + len(capped)
    tokens = max(sum(operation.type in TOKEN_TYPES for operation in stage.operations) for stage in stages)
    if slots + tokens > MAX_HELD:
        raise BadRequestError(
            f"Stages: a run would hold {slots} slots of capped operations and of its workflow, and {tokens} task"
            f" tokens, and may hold {MAX_HELD} of both at a time: use fewer operations that have MaxConcurrent, or"
            " fewer Wait and Callback operations in one stage"
        )


def polls(timeout_seconds: int, poll_max_seconds: int) -> int:
    """How often an asynchronous operation is asked at most until it has timed out."""
    wait, passed, count = min(FIRST_POLL_SECONDS, poll_max_seconds), 0, 0
    while passed < timeout_seconds:
        if wait >= poll_max_seconds:
            return count + ceil((timeout_seconds - passed) / poll_max_seconds) + 1
        passed += wait
        count += 1
        wait = min(ceil(wait * POLL_GROWTH), poll_max_seconds)
    return count + 1


def _check_events(operations: Sequence[RevisionOperation]) -> None:
    events = {operation.name: _events(operation) for operation in operations}
    total = sum(events[operation.name] for operation in operations)
    if total > MAX_EVENTS:
        most = max(events, key=lambda name: events[name])
        raise BadRequestError(
            f"PollMaxSeconds: polling until all TimeoutSeconds have passed would take {total} history events of the"
            f" {MAX_EVENTS} that a run may have, {events[most]} of them for operation {shown(most)}:"
            " raise PollMaxSeconds or lower TimeoutSeconds or Retry.MaxAttempts"
        )


def _events(operation: RevisionOperation) -> int:
    """What an operation may add to the history beside its first call: polls, and its owner's retries of each Task."""
    retries = EVENTS_PER_RETRY * operation.retry["MaxAttempts"] if operation.retry else 0
    if operation.type != "Async":
        return retries
    return 2 * retries + EVENTS_PER_POLL * polls(operation.timeout_seconds, operation.poll_max_seconds)
