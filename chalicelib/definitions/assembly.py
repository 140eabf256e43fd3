"""Stages put together out of stored definitions: defaults, overrides, and what they must fulfil together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.definitions import retries, rules
from chalicelib.definitions.revision import RevisionOperation, RevisionStage
from chalicelib.definitions.store import Definition
from chalicelib.web.errors import BadRequestError, shown

RESOURCE_TYPES = {"operation": "OPERATION", "stage": "STAGE", "workflow": "WORKFLOW"}
API_VERSION = "3.0.0"


def operation_of(definition: Definition, override: Mapping[str, Any]) -> RevisionOperation:
    """An operation as a revision freezes it: the override replaces members of its default Configuration."""
    document = definition.document
    return RevisionOperation(
        name=definition.name,
        type=document["Type"],
        start_arn=document.get("StartLambdaArn", ""),
        monitor_arn=document["MonitorLambdaArn"] if document["Type"] == "Async" else None,
        configuration={**document["Configuration"], **override},
        configuration_schema=rules.configuration_schema(document),
        timeout_seconds=rules.timeout_seconds(document),
        poll_max_seconds=rules.poll_max_seconds(document),
        retry=retries.completed(document.get("Retry")),
        max_concurrent=rules.whole(document, "MaxConcurrent"),
        heartbeat_seconds=rules.whole(document, "HeartbeatSeconds"),
    )


def stage_of(definition: Definition, operations: Mapping[str, Definition], field: str) -> RevisionStage:
    """A stage as a revision freezes it.

    Raises BadRequestError, beginning with the field given, when an operation doesn't exist or couldn't run with
    the stage's Configuration.
    """
    names = definition.document["Operations"]
    missing = rules.missing(names, operations)
    if missing is not None:
        raise BadRequestError(f"{field}: no operation named {shown(missing)} for stage {shown(definition.name)}")
    stage = existing_stage_of(definition, operations)
    for operation in stage.operations:
        where = f"Configuration.{operation.name}"
        rules.check_configuration(operation.configuration, operation.configuration_schema, where)
    return stage


def existing_stage_of(definition: Definition, operations: Mapping[str, Definition]) -> RevisionStage:
    """A stage with those of its operations that still exist."""
    overrides = definition.document.get("Configuration", {})
    return RevisionStage(
        definition.name,
        tuple(
            operation_of(operations[name], overrides.get(name, {}))
            for name in definition.document["Operations"]
            if name in operations
        ),
        stage_members(definition),
    )


def stage_members(definition: Definition) -> dict[str, Any]:
    """What the API answers of a stage, less `Configuration` and `Definition`."""
    own = {name: value for name, value in definition.document.items() if name != "Configuration"}
    return own | {"ResourceType": RESOURCE_TYPES["stage"], "ApiVersion": API_VERSION}


def stamps_of(*definitions: Mapping[str, Definition]) -> dict[str, str]:
    """The state of everything used, by `<kind>#<name>`."""
    return {f"{one.kind}#{one.name}": one.stamp for some in definitions for one in some.values()}
