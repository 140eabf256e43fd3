"""Definitions as the API answers them. Texts of state machines are generated here and never stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.aws.settings import settings
from chalicelib.definitions import rules
from chalicelib.definitions.assembly import API_VERSION, RESOURCE_TYPES, existing_stage_of, operation_of, stamps_of
from chalicelib.definitions.compile import compile_operation
from chalicelib.definitions.names import own_stage
from chalicelib.definitions.revision import RevisionStage
from chalicelib.definitions.revisions import definition_text
from chalicelib.definitions.store import Definition, StoredRevision
from chalicelib.web import documents

Answer = dict[str, Any]


def operation_answer(operation: Definition) -> Answer:
    """An operation with its branch of states."""
    document = operation.document
    ours, frozen = settings(), operation_of(operation, {})
    machine = compile_operation(frozen, ours.stage_completion_arn, ours.task_tokens_arn)
    answer: Answer = {
        **document,
        "TimeoutSeconds": rules.timeout_seconds(document),
        "StateMachineAsl": documents.compact(machine),
        "StateMachineExecutionRoleArn": ours.workflow_role_arn,
        "StageName": own_stage(operation.name),
        "ResourceType": RESOURCE_TYPES["operation"],
        "ApiVersion": API_VERSION,
    }
    if document["Type"] == "Async":
        answer["PollMaxSeconds"] = rules.poll_max_seconds(document)
    if frozen.retry is not None:
        answer["Retry"] = frozen.retry
    return answer


def frozen_stage_answer(stage: RevisionStage) -> Answer:
    """A stage of a revision, with the Configuration and state machine that it has there."""
    return {
        **stage.document,
        "Configuration": {operation.name: operation.configuration for operation in stage.operations},
        "Definition": definition_text([stage]) if stage.operations else "{}",
    }


def stage_answer(stage: Definition, operations: Mapping[str, Definition]) -> Answer:
    """A stage with its operations as they are now."""
    answer = frozen_stage_answer(existing_stage_of(stage, operations))
    stale = [name for name in stage.document["Operations"] if name not in operations]
    answer["StaleOperations"] = stale
    if stage.machine_arn is not None:
        answer["StateMachineArn"] = stage.machine_arn
    return answer


def workflow_answer(
    stored: StoredRevision, operations: Mapping[str, Definition], stages: Mapping[str, Definition]
) -> Answer:
    """A workflow with its stages as frozen in its revision, and what has changed since then."""
    now = stamps_of(operations, stages)
    changed = [used for used, stamp in stored.stamps.items() if now.get(used) != stamp]
    return unchanged_workflow_answer(stored) | {
        "StaleOperations": _names("operation", changed),
        "StaleStages": _names("stage", changed),
    }


def unchanged_workflow_answer(stored: StoredRevision) -> Answer:
    """A workflow of which nothing has changed since its revision was made."""
    return {
        **stored.revision.document,
        "Stages": {stage.name: frozen_stage_answer(stage) for stage in stored.revision.stages},
    }


def _names(kind: str, used: list[str]) -> list[str]:
    return sorted(entry.split("#", 1)[1] for entry in used if entry.startswith(f"{kind}#"))
