"""The compiled machines that stand committed. `python -m tests.chalicelib.definitions.golden` writes them anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chalicelib.definitions.compile import compile_machine
from chalicelib.definitions.revision import OperationType, RevisionOperation, RevisionStage

FOLDER = Path(__file__).resolve().parents[2] / "golden" / "definitions"
TOKENS = "arn:aws:lambda:us-east-1:123456789012:function:mediawright-TaskTokens"
COMPLETION = "arn:aws:lambda:us-east-1:123456789012:function:mediawright-StageCompletion"
LONG = "a-name-of-sixty-four-characters-which-is-the-longest-one-allowed"


RETRY: dict[str, Any] = {"MaxAttempts": 4, "IntervalSeconds": 30, "BackoffRate": 1.5}


def operation(
    name: str, kind: OperationType = "Sync", *, retried: Sequence[str] = (), heartbeat: int | None = None
) -> RevisionOperation:
    """An operation whose functions are called after it; `retried` are the errors of its own policy."""
    arn = "" if kind == "Wait" else f"arn:aws:lambda:us-east-1:123456789012:function:{name.replace('.', '-')}"
    monitor = f"{arn}-monitor:live" if kind == "Async" else None
    retry = {**RETRY, "ErrorEquals": list(retried)} if retried else None
    made = RevisionOperation(name, kind, arn, monitor, {"MediaType": "Video", "Enabled": True}, None, 900, 60)
    return replace(made, retry=retry, heartbeat_seconds=heartbeat)


def stage(name: str, *operations: RevisionOperation) -> RevisionStage:
    """A stage of operations."""
    return RevisionStage(name, operations, {"Name": name})


MACHINES: dict[str, list[RevisionStage]] = {
    "one-sync-stage": [stage("_Mediainfo", operation("Mediainfo"))],
    "one-async-stage": [stage("Speech", operation("Transcribe", "Async"))],
    "two-mixed-stages": [
        stage("look", operation("Thumbnail"), operation("ShotDetection", "Async")),
        stage("write", operation("text.statistics")),
    ],
    "wide-stage": [stage(LONG, *(operation(f"op-{number:02}") for number in range(1, 13)))],
    "callback-stage": [
        stage(
            "label", operation("People", "Callback", heartbeat=600), operation("Vendor", "Callback", retried=["Busy"])
        )
    ],
    "wait-stage": [stage("_Wait", operation("Wait", "Wait"))],
    "own-retries": [
        stage(
            "call",
            operation("named", retried=["Busy", "Lambda.Unknown", "States.Timeout"]),
            operation("failed", "Async", retried=["States.TaskFailed"]),
            operation("all", retried=["States.ALL"]),
        ),
        stage("review", operation("Review", "Wait"), operation("Note")),
    ],
    "long-names": [stage(LONG, operation(LONG[:63]), operation(f"{LONG[:62]}2", "Async"))],
}


def compiled(name: str) -> dict[str, Any]:
    """One of the machines, as the compiler makes it now."""
    return compile_machine(MACHINES[name], COMPLETION, TOKENS)


def path(name: str) -> Path:
    """Where one of the machines stands."""
    return FOLDER / f"{name}.asl.json"


def write() -> None:
    """Write all machines."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in MACHINES:
        path(name).write_text(json.dumps(compiled(name), indent=2) + "\n")


if __name__ == "__main__":
    write()
