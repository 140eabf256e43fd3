"""Operators that end as their names say. A stack has them with the parameter `DeployTestResources`."""

from __future__ import annotations

from mediawright import OperatorError, Task, operator

_POLLS = 2


@operator
def sync_ok(task: Task) -> None:
    """Complete at once."""
    task.add_metadata({task.name: "complete"})


@operator
def sync_fail(task: Task) -> None:
    """Fail at once."""
    raise OperatorError(f"{task.name} fails on purpose")


@operator(asynchronous=True)
def async_ok(task: Task) -> None:
    """Begin what a monitor is asked about."""
    task.add_metadata(Polls=0)


@operator(asynchronous=True)
def async_ok_monitor(task: Task) -> None:
    """Be at work at the first look, and complete at the second."""
    polls = int(task.results.get("Polls", 0)) + 1
    task.add_metadata(Polls=polls)
    if polls >= _POLLS:
        task.complete()


@operator(asynchronous=True)
def async_fail_monitor(task: Task) -> None:
    """Fail when it is asked about."""
    raise OperatorError(f"{task.name} fails on purpose")
