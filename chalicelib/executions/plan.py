"""What each operation of a stage is to do, decided before the state machine gets there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.definitions import limits, rules
from chalicelib.definitions.revision import Revision, RevisionOperation, RevisionStage
from chalicelib.definitions.stage_input import (
    MAX_GLOBALS_BYTES,
    MAX_STATE_BYTES,
    BranchPlan,
    Globals,
    StageInput,
    branch_key,
)
from chalicelib.web.documents import compact
from chalicelib.web.errors import BadRequestError, shown

Override = dict[str, dict[str, dict[str, Any]]]
"""A run's own configuration: {stage: {operation: {member: value}}}."""

METADATA_ONLY = "MetadataOnly"
_SPARE_BYTES = 8_192


class TooLargeToCarry(Exception):
    """A stage's input is beyond what Step Functions carries; the message names the largest members."""


def normalised(revision: Revision, configuration: dict[str, Any]) -> Override:
    """A request's Configuration without the optional `Operations` level; BadRequestError for unknown names."""
    stages = {stage.name: stage for stage in revision.stages}
    override: Override = {}
    for name, given in configuration.items():
        if name not in stages:
            raise BadRequestError(f"Configuration: Invalid stage found in Configuration {shown(name)}")
        override[name] = _stage_override(stages[name], given)
    return override


def _stage_override(stage: RevisionStage, given: Any) -> dict[str, dict[str, Any]]:
    known = {operation.name for operation in stage.operations}
    field = f"Configuration.{stage.name}"
    if not isinstance(given, dict):
        raise BadRequestError(f"{field}: an object of operations is expected")
    if set(given) == {"Operations"} and "Operations" not in known:
        given = given["Operations"]
        field += ".Operations"
        if not isinstance(given, dict):
            raise BadRequestError(f"{field}: an object of operations is expected")
    for name, members in given.items():
        if name not in known:
            raise BadRequestError(f"{field}: Invalid operation {shown(name)}")
        if not isinstance(members, dict):
            raise BadRequestError(f"{field}.{name}: an object is expected")
    return given


def check_override(revision: Revision, override: Override) -> None:
    """Raise BadRequestError when a merged Configuration is none that its operation, or its stage, can take."""
    for stage in (stage for stage in revision.stages if stage.name in override):
        operations = [
            replace(operation, configuration=merged(stage, operation, override)) for operation in stage.operations
        ]
        for operation in operations:
            field = f"Configuration.{stage.name}.{operation.name}"
            rules.check_configuration(operation.configuration, operation.configuration_schema, field)
        limits.check_stage(replace(stage, operations=tuple(operations)))


def merged(stage: RevisionStage, operation: RevisionOperation, override: Override) -> dict[str, Any]:
    """An operation's Configuration in this run: the run's members over the revision's."""
    return {**operation.configuration, **override.get(stage.name, {}).get(operation.name, {})}


def stage_input(run_id: str, asset_id: str, stage: RevisionStage, override: Override, given: Globals) -> StageInput:
    """The input of a stage; raises TooLargeToCarry when AWS wouldn't take it."""
    plan = {
        branch_key(position): _branch(run_id, asset_id, operation, merged(stage, operation, override), given)
        for position, operation in enumerate(stage.operations)
    }
    document: StageInput = {"Input": given, "Plan": plan}
    _check_size(document)
    return document


def _branch(
    run_id: str, asset_id: str, operation: RevisionOperation, configuration: dict[str, Any], given: Globals
) -> BranchPlan:
    if not is_wanted(configuration, given):
        return {"Do": "skip"}
    return {
        "Do": "run",
        "Event": {
            "Name": operation.name,
            "AssetId": asset_id,
            "WorkflowExecutionId": run_id,
            "Configuration": configuration,
            "Status": "Started",
            "MetaData": {},
            "Media": {},
        },
        "TimeoutSeconds": operation.timeout_seconds,
        "PollMaxSeconds": operation.poll_max_seconds,
    }


def is_wanted(configuration: dict[str, Any], given: Globals) -> bool:
    """Whether an operation is enabled and the run has the medium that it works on."""
    media_type = configuration["MediaType"]
    return bool(configuration["Enabled"]) and (media_type == METADATA_ONLY or media_type in given["Media"])


def _check_size(document: StageInput) -> None:
    carried = _bytes(document["Input"])
    if carried > MAX_GLOBALS_BYTES:
        raise TooLargeToCarry(
            f"the run's media and metadata have {carried} bytes and at most {MAX_GLOBALS_BYTES} travel with a run; "
            f"the largest are {_largest(document['Input'])}: store large results through the data plane"
        )
    total = _bytes(document)
    if total > MAX_STATE_BYTES - _SPARE_BYTES:
        raise TooLargeToCarry(
            f"the stage's input has {total} bytes with the configuration of its operations and at most "
            f"{MAX_STATE_BYTES - _SPARE_BYTES} travel with a run"
        )


def _largest(given: Globals) -> str:
    members = {**given["Media"], **given["MetaData"]}
    by_size = sorted(members, key=lambda name: _bytes(members[name]), reverse=True)
    return ", ".join(f"{shown(name)} ({_bytes(members[name])} bytes)" for name in by_size[:3])


def _bytes(document: Any) -> int:
    return len(compact(document).encode())
