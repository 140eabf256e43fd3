"""A run as people look at it: its stages in order, their operations, how each is doing and how long it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mediawright.cli import render
from mediawright.client import ENDED

_NOT_STARTED = "Not Started"
_STARTED = "Started"
_SKIPPED = "Skipped"
_WAITING = "Waiting"
_WAIT = "Wait"
_FACTS = ("Attempt", "Priority", "Trigger", "Batch", "TimeoutSeconds", "CanceledBy")


@dataclass(frozen=True)
class OperationRow:
    """One operation. `seconds` is None while it isn't known, `percent` while it doesn't tell how far it is."""

    name: str
    status: str
    seconds: float | None
    message: str
    percent: int | None = None

    @property
    def label(self) -> str:
        """The status, and while it runs how far it is."""
        return self.status if self.percent is None else f"{self.status} {self.percent} %"


@dataclass(frozen=True)
class StageRow:
    """One stage with its operations in order."""

    name: str
    status: str
    seconds: float | None
    operations: tuple[OperationRow, ...]


@dataclass(frozen=True)
class RunView:
    """A run. `message` says what went wrong, or what a run that stands still waits for.

    `facts` are its other members by name; `waits` are stage, operation, kind, since when, and the answer; `attempts`
    the earlier ones: number, status, when it ended, who tried again, message.
    """

    run_id: str
    name: str
    status: str
    seconds: float | None
    message: str
    stages: tuple[StageRow, ...]
    facts: tuple[tuple[str, str], ...] = ()
    waits: tuple[tuple[str, ...], ...] = ()
    attempts: tuple[tuple[str, ...], ...] = ()

    @property
    def ended(self) -> bool:
        """Whether the run will not go on."""
        return self.status in ENDED


def view(run: Mapping[str, Any]) -> RunView:
    """Return the view of an execution document."""
    workflow = run.get("Workflow") or {}
    status = str(run.get("Status", ""))
    waiting = _waiting(run)
    stages = tuple(_stage(name, stage, status, waiting) for name, stage in _in_order(workflow))
    return RunView(
        run_id=str(run.get("Id", "")),
        name=str(workflow.get("Name", "")),
        status=status,
        seconds=_between(_epoch(run.get("Started")), _epoch(run.get("Ended"))),
        message=str(run.get("Message", "")) or _remark(run, status, waiting, stages),
        stages=stages,
        facts=tuple((name, str(run[name])) for name in _FACTS if run.get(name) not in (None, "")),
        waits=tuple(map(_wait, run.get("Waits") or [])),
        attempts=tuple(map(_attempt, run.get("Attempts") or [])),
    )


def _waiting(run: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """The stages' operations that wait for somebody's word."""
    waits = run.get("Waits") or []
    return frozenset(
        (wait["Stage"], wait["Operation"]) for wait in waits if wait["Kind"] == _WAIT and "Answered" not in wait
    )


def _remark(
    run: Mapping[str, Any], status: str, waiting: frozenset[tuple[str, str]], stages: tuple[StageRow, ...]
) -> str:
    """What a person would ask about a run that says nothing itself."""
    if status == "Waiting" and waiting:
        names = ", ".join(sorted(f"{stage}/{operation}" for stage, operation in waiting))
        return f"{names} waits; mediawright run resume {run.get('Id')} lets it go on"
    waits_for = run.get("WaitsFor")
    if waits_for:
        return f"waits for a slot of {waits_for['Pool']} ({waits_for['Used']} of {waits_for['Max']} taken)"
    rows = [row for stage in stages for row in stage.operations]
    if status == "Complete" and rows and all(row.status == _SKIPPED for row in rows):
        return "nothing was done: every operation was skipped"
    return ""


def _wait(wait: Mapping[str, Any]) -> tuple[str, ...]:
    answer = ""
    if wait.get("Answered"):
        answer = f"{render.moment(wait['Answered'])} by {wait.get('AnsweredBy', '')}"
    if wait.get("Reason"):
        answer += f": {wait['Reason']}"
    return wait["Stage"], wait["Operation"], wait["Kind"], render.moment(wait["Since"]), answer


def _attempt(attempt: Mapping[str, Any]) -> tuple[str, ...]:
    ended = render.moment(attempt["Ended"]) if "Ended" in attempt else ""
    return (
        str(attempt["Attempt"]),
        attempt["Status"],
        ended,
        str(attempt.get("RetriedBy", "")),
        str(attempt.get("Message", "")),
    )


def _in_order(workflow: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    stages: dict[str, Any] = workflow.get("Stages") or {}
    ordered: dict[str, Any] = {}
    name = workflow.get("StartAt")
    while name in stages and name not in ordered:
        ordered[name] = stages[name]
        name = stages[name].get("Next")
    return list({**ordered, **stages}.items())


def _stage(name: str, stage: Mapping[str, Any], run_status: str, waiting: frozenset[tuple[str, str]]) -> StageRow:
    status = _NOT_STARTED if run_status == "Queued" else str(stage.get("Status", ""))
    outputs = {made.get("Name"): made for made in _outputs(stage)}
    names = stage.get("Operations") or list(outputs)
    rows = tuple(
        OperationRow(operation, _WAITING, None, "")
        if (name, operation) in waiting
        else _operation(operation, outputs.get(operation), status, run_status, stage)
        for operation in names
    )
    return StageRow(name, status, _span(list(outputs.values())), rows)


def _outputs(stage: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    outputs = stage.get("Outputs")
    return [made for made in outputs if isinstance(made, dict)] if isinstance(outputs, list) else []


def _operation(
    name: str, made: Mapping[str, Any] | None, stage_status: str, run_status: str, stage: Mapping[str, Any]
) -> OperationRow:
    if made is None:
        running = stage_status == _STARTED and run_status not in ENDED
        percent = (stage.get("Progress") or {}).get(name) if running else None
        return OperationRow(name, _STARTED if running else _NOT_STARTED, None, "", percent)
    seconds = _between(_iso(made.get("Entered")), _iso(made.get("Left")))
    cause = ": ".join(str(made[member]) for member in ("Error", "Cause") if made.get(member))
    status = str(made.get("Status", ""))
    return OperationRow(name, status, seconds, cause or (_why_skipped(name, stage) if status == _SKIPPED else ""))


def _why_skipped(name: str, stage: Mapping[str, Any]) -> str:
    """Why an operation had nothing to do, as far as the stage's document tells."""
    configuration = (stage.get("Configuration") or {}).get(name) or {}
    media = (stage.get("Input") or {}).get("Media") or {}
    if configuration.get("Enabled") is False:
        return "it is disabled"
    kind = configuration.get("MediaType")
    return f"the run has no {kind}" if kind and kind not in media else ""


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
