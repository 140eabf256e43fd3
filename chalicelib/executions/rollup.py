"""What a stage's branches handed on, turned into outputs, the stage's status and the run's new globals."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.definitions.revision import RevisionOperation, RevisionStage
from chalicelib.definitions.stage_input import BranchOutput, BranchPlan, Globals, StageInput, branch_key, branch_share
from chalicelib.executions.statuses import OperationStatus, StageStatus
from chalicelib.web.errors import shown

Output = dict[str, Any]
"""One operation's stored output: Name, Status, Media, MetaData, and Error with Cause when it failed."""

OLD_EXECUTION_ERROR = "MasExecutionError"
_PASSING = (OperationStatus.COMPLETE, OperationStatus.SKIPPED)
_TIMEOUTS = ("States.Timeout", "States.HeartbeatTimeout")


@dataclass(frozen=True)
class StageResult:
    """A finished stage. `message` says what went wrong, for a stage that failed."""

    status: StageStatus
    outputs: list[Output]
    globals: Globals
    message: str | None


Earlier = Mapping[str, Output]
"""The outputs that an earlier attempt completed in the same stage, by operation."""


def roll_up(
    stage: RevisionStage, given: StageInput, branches: list[BranchOutput], earlier: Earlier | None = None
) -> StageResult:
    """Judge every branch, and merge what they made into the globals that the stage began with."""
    outputs = [
        output(operation, branch, len(stage.operations), given["Plan"].get(branch_key(position)), earlier)
        for position, (operation, branch) in enumerate(zip(stage.operations, branches, strict=True))
    ]
    clash = _media_clash(outputs)
    failed = [made for made in outputs if made["Status"] not in _PASSING]
    message = clash or "; ".join(_failure(made) for made in failed) or None
    return StageResult(
        status=StageStatus.ERROR if message else StageStatus.COMPLETE,
        outputs=outputs,
        globals=merge(given["Input"], outputs),
        message=f"Stage {stage.name}: {message}" if message else None,
    )


def merge(given: Globals, outputs: list[Output]) -> Globals:
    """The globals after a stage: later outputs win, a failed operation's metadata counts too."""
    media, metadata = dict(given["Media"]), dict(given["MetaData"])
    for made in outputs:
        media.update(made["Media"])
        metadata.update(made["MetaData"])
    return {"Media": media, "MetaData": metadata}


def completed(outputs: list[Output]) -> dict[str, Output]:
    """Those outputs that a retry keeps, by operation."""
    return {made["Name"]: made for made in outputs if made["Status"] == OperationStatus.COMPLETE}


def output(
    operation: RevisionOperation,
    branch: BranchOutput,
    branches: int,
    plan: BranchPlan | None = None,
    earlier: Earlier | None = None,
) -> Output:
    """One branch's output as it is stored and answered; `plan` tells how long it was given."""
    if branch["Do"] == "done":
        return _kept_output(operation, earlier or {})
    if "Failed" in branch and branch["Failed"].get("Error") in _TIMEOUTS and not branch["Failed"].get("Cause"):
        branch = {**branch, "Failed": {**branch["Failed"], "Cause": _overrun(operation, plan)}}
    times: Output = {name: value for name, value in branch.items() if name in ("Entered", "Left")}
    return {"Name": operation.name, **_judged(operation, branch, branches, plan), **times}


def _kept_output(operation: RevisionOperation, earlier: Earlier) -> Output:
    kept = earlier.get(operation.name)
    if kept is None:
        return {
            "Name": operation.name,
            **_error("OutputLost", "the operation's output of an earlier attempt is gone"),
        }
    return kept


def _overrun(operation: RevisionOperation, plan: BranchPlan | None) -> str:
    seconds = _seconds(operation, plan)
    beat = operation.heartbeat_seconds
    silent = f", or gave no sign of life for {beat} seconds" if beat else ""
    return f"the operation did not end within the {seconds} seconds it had{silent}"


def _seconds(operation: RevisionOperation, plan: BranchPlan | None) -> int:
    """How long the operation had in this run."""
    return plan.get("TimeoutSeconds", operation.timeout_seconds) if plan else operation.timeout_seconds


def _judged(operation: RevisionOperation, branch: BranchOutput, branches: int, plan: BranchPlan | None) -> Output:
    if branch["Do"] == "skip":
        return _made(OperationStatus.SKIPPED)
    if "Failed" in branch:
        return _failed_task(operation.name, branch["Failed"])
    if "TooLarge" in branch:
        share = branch_share(branches)
        return _error(
            "OutputTooLarge",
            f"the operation returned {branch['TooLarge']} bytes of Status, Media and MetaData; its share of the "
            f"stage is {share}: store large results through the data plane",
        )
    if "Kept" not in branch:
        return _error("InvalidOutput", f"the operation returned {shown(branch.get('Result'))}, not an object")
    return _kept(operation, branch["Kept"], plan)


def _kept(operation: RevisionOperation, kept: dict[str, Any], plan: BranchPlan | None) -> Output:
    media, metadata = kept.get("Media") or {}, kept.get("MetaData") or {}
    fault = _media_fault(media) or (None if isinstance(metadata, dict) else "MetaData is not an object")
    if fault:
        return _error("InvalidOutput", f"the operation's output is wrong: {fault}")
    status = kept.get("Status")
    if status in _PASSING:
        return _made(OperationStatus(status), media, metadata)
    if operation.type == "Async" and status == OperationStatus.EXECUTING:
        cause = f"the operation was still executing after {_seconds(operation, plan)} seconds"
        return _error("States.Timeout", cause, media, metadata)
    cause = (
        f"the operation returned Status {shown(status)}" if "Status" in kept else "the operation returned no Status"
    )
    return _error("OperationError", cause, media, metadata)


def _media_fault(media: Any) -> str | None:
    if not isinstance(media, dict):
        return "Media is not an object"
    for name, place in media.items():
        if not isinstance(place, dict):
            return f"Media {shown(name)} is not an object with S3Bucket and S3Key"
        if not (isinstance(place.get("S3Bucket"), str) and isinstance(place.get("S3Key"), str)):
            return f"Media {shown(name)} has no S3Bucket or no S3Key"
    return None


def _failed_task(name: str, failed: dict[str, str]) -> Output:
    error, cause = failed.get("Error", "Unknown"), failed.get("Cause", "")
    message = _error_message(cause)
    if error == OLD_EXECUTION_ERROR:
        old = _old_output(message)
        if old is not None:
            return _error(error, message, {}, old)
    return _error(error, message, {}, {f"{name}Error": error})


def _error_message(cause: str) -> str:
    """The message in a Lambda error's JSON, with its kind; any other cause as it is (a long one was cut)."""
    try:
        document = json.loads(cause)
    except ValueError:
        return cause
    if isinstance(document, dict) and isinstance(document.get("errorMessage"), str):
        return str(document["errorMessage"])
    return cause


def _old_output(message: str) -> dict[str, Any] | None:
    """The metadata that an old operator hands over as the repr of its output; None when there is none."""
    try:
        old = ast.literal_eval(message)
        metadata = old["MetaData"] if isinstance(old, dict) else None
        json.dumps(metadata, allow_nan=False)
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError):
        return None
    return metadata if isinstance(metadata, dict) else None


def _made(status: OperationStatus, media: Any = None, metadata: Any = None) -> Output:
    return {"Status": status.value, "Media": media or {}, "MetaData": metadata or {}}


def _error(error: str, cause: str, media: Any = None, metadata: Any = None) -> Output:
    return {**_made(OperationStatus.ERROR, media, metadata), "Error": error, "Cause": cause}


def _media_clash(outputs: list[Output]) -> str | None:
    maker: dict[str, str] = {}
    for made in outputs:
        for media_type in made["Media"]:
            if media_type in maker:
                return f"operations {maker[media_type]} and {made['Name']} both made the medium {shown(media_type)}"
            maker[media_type] = made["Name"]
    return None


def _failure(made: Output) -> str:
    cause = made["Cause"] if len(made["Cause"]) <= 1000 else made["Cause"][:997] + "..."
    return f"operation {made['Name']} failed: {made['Error']}: {cause}"
