"""Following a run on a terminal as a live table, and elsewhere as plain lines."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from mediawright.cli import render
from mediawright.cli.run_view import OperationRow, RunView, StageRow, view
from mediawright.client import Client
from mediawright.client.documents import Execution

_STYLES = {
    "Complete": "green",
    "Error": "bold red",
    "Canceled": "yellow",
    "Started": "cyan",
    "Waiting": "yellow",
    "Skipped": "dim",
    "Not Started": "dim",
}
_REFRESHES_PER_SECOND = 8


def follow(client: Client, run_id: str, console: Console) -> Execution:
    """Show a run's stages and operations until it has ended, and return it."""
    if not console.is_terminal:
        return client.wait(run_id, _Lines(console).changed)
    table = _LiveTable()
    with Live(console=console, get_renderable=table.drawn, refresh_per_second=_REFRESHES_PER_SECOND):
        return client.wait(run_id, table.changed)


def drawn(run: Execution) -> RenderableType:
    """Return the table of a run as it stands."""
    table = _LiveTable()
    table.changed(run)
    return table.drawn()


class _LiveTable:
    """The table, drawn again and again; the clock of what runs is ours, since the API tells times at the end."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._view: RunView | None = None
        self._since: dict[str, float] = {}

    def changed(self, run: Execution) -> None:
        self._view = view(run)
        for stage in self._view.stages:
            if stage.status == "Started":
                self._since.setdefault(stage.name, self._clock())

    def drawn(self) -> RenderableType:
        if self._view is None:
            return Text("")
        table = Table("Stage", "Operation", "Status", "Time", box=None, pad_edge=False, header_style="bold")
        for stage in self._view.stages:
            self._add(table, stage)
        return Group(table, *_messages(self._view))

    def _add(self, table: Table, stage: StageRow) -> None:
        for position, operation in enumerate(stage.operations):
            title = Text(render.plain(stage.name), "bold") if position == 0 else Text("")
            name = Text(render.plain(operation.name))
            table.add_row(title, name, self._status(operation), self._time(stage, operation))

    def _status(self, operation: OperationRow) -> RenderableType:
        style = _STYLES.get(operation.status, "")
        if operation.status == "Started":
            return Spinner("dots", Text(operation.label, style), style=style)
        return Text(render.plain(operation.status), style)

    def _time(self, stage: StageRow, operation: OperationRow) -> Text:
        seconds = operation.seconds
        if operation.status == "Started" and stage.name in self._since:
            seconds = self._clock() - self._since[stage.name]
        return Text(render.seconds(seconds), justify="right")


def _messages(run: RunView) -> list[Text]:
    took = f" in {render.seconds(run.seconds)}" if run.seconds is not None else ""
    lines = [Text(f"Run {render.plain(run.run_id)}: {render.plain(run.status)}{took}", _STYLES.get(run.status, ""))]
    if run.message:
        lines.append(Text(render.plain(run.message), "red" if run.status == "Error" else ""))
    return lines


class _Lines:
    """One line for each thing that changed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: dict[tuple[str, ...], str] = {}

    def changed(self, run: Execution) -> None:
        now = view(run)
        if not now.ended:
            self._tell((), "run " + now.run_id, now.status, None, now.message)
        for stage in now.stages:
            self._stage(stage)
        if now.ended:
            self._tell((), "run " + now.run_id, now.status, now.seconds, now.message)

    def _stage(self, stage: StageRow) -> None:
        if stage.status == "Started":
            self._tell((stage.name,), f"stage {stage.name}", stage.status, None)
        for operation in stage.operations:
            if operation.status not in ("Started", "Not Started"):
                label = f"operation {stage.name}/{operation.name}"
                self._tell(
                    (stage.name, operation.name), label, operation.status, operation.seconds, operation.message
                )
        if stage.status not in ("Started", "Not Started"):
            self._tell((stage.name,), f"stage {stage.name}", stage.status, stage.seconds)

    def _tell(self, key: tuple[str, ...], label: str, status: str, seconds: float | None, message: str = "") -> None:
        if self._told.get(key) == status:
            return
        self._told[key] = status
        took = f" ({render.seconds(seconds)})" if seconds is not None else ""
        why = f": {message}" if message else ""
        self._console.print(render.plain(f"{label}: {status}{took}{why}"), soft_wrap=True, markup=False, emoji=False)
