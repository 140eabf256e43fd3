"""What the room asks of those who run things, without knowing them: the application registers the answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

LiveRuns = Callable[[str], list[str]]
"""The ids of a workflow's runs that have not ended."""

Cancel = Callable[[str], None]
"""Cancels a run by its id; a run that has ended meanwhile is left as it is."""


@dataclass
class _Runs:
    live: LiveRuns
    cancel: Cancel


_RUNS = _Runs(live=lambda _: [], cancel=lambda _: None)


def register(live_runs: LiveRuns, cancel: Cancel) -> None:
    """Say how a workflow's live runs are found and cancelled."""
    _RUNS.live, _RUNS.cancel = live_runs, cancel


def live_runs(workflow: str) -> list[str]:
    """The ids of a workflow's runs that have not ended."""
    return _RUNS.live(workflow)


def cancel(run: str) -> None:
    """Cancel a run."""
    _RUNS.cancel(run)
