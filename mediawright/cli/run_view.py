"""A run as people look at it: its stages in order, their operations, how each is doing and how long it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mediawright.client import ENDED

_NOT_STARTED = "Not Started"
_STARTED = "Started"


@dataclass(frozen=True)
class OperationRow:
    """One operation. `seconds` is None while it isn't known."""

    name: str
    status: str
    seconds: float | None
    message: str


@dataclass(frozen=True)
class StageRow:
    """One stage with its operations in order."""

    name: str
    status: str
    seconds: float | None
    operations: tuple[OperationRow, ...]


@dataclass(frozen=True)
class RunView:
    """A run. `message` says what went wrong."""

    run_id: str
    name: str
    status: str
    seconds: float | None
    message: str
    stages: tuple[StageRow, ...]

    @property
    def ended(self) -> bool:
        """Whether the run will not go on."""
        return self.status in ENDED


def view(run: Mapping[str, Any]) -> RunView:
    """Return the view of an execution document."""
    workflow = run.get("Workflow") or {}
    status = str(run.get("Status", ""))
    return RunView(
        run_id=str(run.get("Id", "")),
        name=str(workflow.get("Name", "")),
        status=status,
        seconds=_between(_epoch(run.get("Started")), _epoch(run.get("Ended"))),
        message=str(run.get("Message", "")),
        stages=tuple(_stage(name, stage, status) for name, stage in _in_order(workflow)),
    )


def _in_order(workflow: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    stages: dict[str, Any] = workflow.get("Stages") or {}
    ordered: dict[str, Any] = {}
    name = workflow.get("StartAt")
    while name in stages and name not in ordered:
        ordered[name] = stages[name]
        name = stages[name].get("Next")
    return list({**ordered, **stages}.items())


def _stage(name: str, stage: Mapping[str, Any], run_status: str) -> StageRow:
    status = _NOT_STARTED if run_status == "Queued" else str(stage.get("Status", ""))
    outputs = {made.get("Name"): made for made in _outputs(stage)}
    names = stage.get("Operations") or list(outputs)
    rows = tuple(_operation(operation, outputs.get(operation), status, run_status) for operation in names)
    return StageRow(name, status, _span(list(outputs.values())), rows)


def _outputs(stage: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    outputs = stage.get("Outputs")
    return [made for made in outputs if isinstance(made, dict)] if isinstance(outputs, list) else []


def _operation(name: str, made: Mapping[str, Any] | None, stage_status: str, run_status: str) -> OperationRow:
    if made is None:
        running = stage_status == _STARTED and run_status not in ENDED
        return OperationRow(name, _STARTED if running else _NOT_STARTED, None, "")
    seconds = _between(_iso(made.get("Entered")), _iso(made.get("Left")))
    cause = ": ".join(str(made[member]) for member in ("Error", "Cause") if made.get(member))
    return OperationRow(name, str(made.get("Status", "")), seconds, cause)


def _span(outputs: list[Mapping[str, Any]]) -> float | None:
    entered = [moment for moment in (_iso(made.get("Entered")) for made in outputs) if moment is not None]
    left = [moment for moment in (_iso(made.get("Left")) for made in outputs) if moment is not None]
    return _between(min(entered), max(left)) if entered and left else None


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else max(0.0, end - start)


def _epoch(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def _iso(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None
