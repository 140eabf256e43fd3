"""Outputs of a stage that never reached stage completion, read from the execution's history.

A branch's last state hands on its output; the history keeps it even when the stage's Parallel state failed, for
instance because all outputs together were too large.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from chalicelib.definitions.revision import RevisionStage
from chalicelib.definitions.stage_input import BranchOutput
from chalicelib.executions import rollup

_EXITS = {"TaskStateExited", "SucceedStateExited"}
_POSITION = re.compile(r"S(\d+) O(\d+) ")


def branches(events: Iterable[dict[str, Any]], stage: int) -> dict[int, BranchOutput]:
    """What the branches of a stage (counted from 0) handed on, by position; events come newest first."""
    found: dict[int, BranchOutput] = {}
    begin = f"S{stage + 1} "
    for event in events:
        if event["type"] == "ParallelStateEntered" and event["stateEnteredEventDetails"]["name"].startswith(begin):
            break
        details = event.get("stateExitedEventDetails")
        if event["type"] not in _EXITS or not details:
            continue
        match = _POSITION.match(details["name"])
        if match is None or int(match[1]) != stage + 1:
            continue
        made = _branch_output(details.get("output"))
        if made is not None:
            found.setdefault(int(match[2]) - 1, made)
    return found


def _branch_output(text: str | None) -> BranchOutput | None:
    try:
        document = json.loads(text or "null")
    except ValueError:
        return None
    if not (isinstance(document, dict) and document.get("Do") in ("run", "skip", "done")):
        return None
    made: BranchOutput = document  # type: ignore[assignment]  # checked by its member Do
    return made


def outputs(
    stage: RevisionStage, found: dict[int, BranchOutput], earlier: dict[str, rollup.Output]
) -> list[rollup.Output]:
    """Stored outputs for those operations that handed one on, or completed in an earlier attempt, in their order."""
    made: list[rollup.Output] = []
    for position, operation in enumerate(stage.operations):
        branch = found.get(position)
        if branch is not None and branch["Do"] != "done":
            made.append(rollup.output(operation, branch, len(stage.operations)))
        elif operation.name in earlier:
            made.append(earlier[operation.name])
    return made


def told(stage: RevisionStage, found: dict[int, BranchOutput]) -> list[str]:
    """The sizes of what the branches handed on, when that explains why the stage could not be joined."""
    sizes = {
        stage.operations[position].name: len(json.dumps(made).encode())
        for position, made in found.items()
        if position < len(stage.operations)
    }
    if sum(sizes.values()) < 200_000:
        return []
    return ["output sizes in bytes: " + ", ".join(f"{name} {size}" for name, size in sorted(sizes.items()))]
