"""What each operation of a stage is to do, decided before the state machine gets there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from math import floor
from typing import Any

from chalicelib.definitions import limits, rules
from chalicelib.definitions.builtin import EXPIRES_AFTER, YEAR_SECONDS
from chalicelib.definitions.compile import machine_seconds
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

_DONE: BranchPlan = {"Do": "done"}
METADATA_ONLY = "MetadataOnly"
_SPARE_BYTES = 8_192


class TooLargeToCarry(Exception):
    """A stage's input is beyond what Step Functions carries; the message names the largest members."""


class OutOfTime(Exception):
    """The run's TimeoutSeconds were over before a stage began; the message names the operations that didn't run."""


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


@dataclass(frozen=True)
class Course:
    """What a stage's plan needs to know of the run. `left` is what remains of its time, in seconds, if that is
    limited; `timeouts` are its own, in seconds: {stage: {operation: seconds}}."""

    run_id: str
    asset_id: str
    attempt: int = 1
    left: float | None = None
    timeouts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def stage_input(
    course: Course, stage: RevisionStage, override: Override, given: Globals, done: Collection[str] = ()
) -> StageInput:
    """The input of a stage, whose operations named in `done` are not to run again.

    Raises TooLargeToCarry when AWS wouldn't take it, OutOfTime when the run's time is over.
    """
    plan: dict[str, BranchPlan] = {}
    for position, operation in enumerate(stage.operations):
        configuration = merged(stage, operation, override)
        is_done = operation.name in done
        plan[branch_key(position)] = _DONE if is_done else _branch(course, stage, operation, configuration, given)
    document: StageInput = {"Input": given, "Plan": plan}
    _check_time(course, stage, plan)
    _check_size(document)
    return document


def walked(stage: RevisionStage, given: Globals) -> StageInput:
    """The input of a stage that an earlier attempt completed: the state machine passes through it."""
    return {"Input": given, "Plan": {branch_key(position): _DONE for position in range(len(stage.operations))}}


def _check_time(course: Course, stage: RevisionStage, plan: Mapping[str, BranchPlan]) -> None:
    if course.left is None or course.left >= 1:
        return
    names = [
        operation.name
        for position, operation in enumerate(stage.operations)
        if plan[branch_key(position)]["Do"] == "run"
    ]
    if names:
        raise OutOfTime(f"the run's TimeoutSeconds are over; it stopped before operation {', '.join(names)}")


def _branch(
    course: Course, stage: RevisionStage, operation: RevisionOperation, configuration: dict[str, Any], given: Globals
) -> BranchPlan:
    if not is_wanted(configuration, given):
        return {"Do": "skip"}
    seconds = _seconds(course, stage, operation, configuration)
    plan: BranchPlan = {
        "Do": "run",
        "Event": {
            "Name": operation.name,
            "AssetId": course.asset_id,
            "WorkflowExecutionId": course.run_id,
            "Configuration": configuration,
            "Status": "Started",
            "MetaData": {},
            "Media": {},
            "IdempotencyKey": f"{course.run_id}/{stage.name}/{operation.name}/{course.attempt}",
        },
        "TimeoutSeconds": seconds,
        "PollMaxSeconds": operation.poll_max_seconds,
    }
    if operation.type == "Wait":
        plan["TimeoutSeconds"], plan["ExpirySeconds"] = YEAR_SECONDS, seconds
    if operation.heartbeat_seconds is not None:
        # Step Functions wants it to be the smaller one
        plan["TimeoutSeconds"] = max(2, seconds)
        plan["HeartbeatSeconds"] = min(operation.heartbeat_seconds, plan["TimeoutSeconds"] - 1)
    return plan


def _seconds(
    course: Course, stage: RevisionStage, operation: RevisionOperation, configuration: dict[str, Any]
) -> int:
    """How long an operation may take in this run: what the run or the operation says, and no longer than is left."""
    own = configuration.get(EXPIRES_AFTER) if operation.type == "Wait" else None
    wanted = course.timeouts.get(stage.name, {}).get(operation.name, own or operation.timeout_seconds)
    return int(wanted if course.left is None else max(1, min(wanted, floor(course.left))))


def check_timeouts(revision: Revision, whole: int | None, timeouts: Mapping[str, Mapping[str, int]]) -> None:
    """Raise BadRequestError for a timeout of no operation, or one that an operation of its type can't have, and for
    one of the whole run that its state machine doesn't live to see."""
    most = machine_seconds(revision.stages, revision.timeout_seconds)
    if whole is not None and whole > most:
        raise BadRequestError(f"TimeoutSeconds: a run of this workflow may take {most} seconds at most")
    stages = {stage.name: stage for stage in revision.stages}
    for name, given in timeouts.items():
        if name not in stages:
            raise BadRequestError(f"Timeouts: the workflow has no stage {shown(name)}")
        operations = {operation.name: operation for operation in stages[name].operations}
        for operation, seconds in given.items():
            if operation not in operations:
                raise BadRequestError(f"Timeouts.{name}: the stage has no operation {shown(operation)}")
            _check_timeout(operations[operation], seconds, f"Timeouts.{name}.{operation}")


def _check_timeout(operation: RevisionOperation, seconds: int, name: str) -> None:
    most = rules.MAX_SECONDS[operation.type]
    if operation.type == "Async":
        # more polls than were foreseen would fill the execution's history
        most = max(operation.timeout_seconds, rules.DEFAULT_SECONDS["Async"])
    if seconds > most:
        raise BadRequestError(f"{name}: this {operation.type} operation may take {most} seconds at most")


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
