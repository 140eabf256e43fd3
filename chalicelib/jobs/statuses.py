"""What the engine's statuses are called in this view.

| run                        | job         |
|----------------------------|-------------|
| Queued                     | `pending`   |
| Started, Waiting, Resumed  | `started`   |
| Complete, with a result    | `completed` |
| Complete, without a result | `failed`: its operation was disabled, or the file had no such medium |
| Error                      | `failed`    |
| Canceled                   | `cancelled` |
"""

from __future__ import annotations

from chalicelib.executions.statuses import Status

PENDING, STARTED, COMPLETED, FAILED, CANCELLED = "pending", "started", "completed", "failed", "cancelled"
ALL = (PENDING, STARTED, COMPLETED, FAILED, CANCELLED)
_OF_RUNS = {
    Status.QUEUED: PENDING,
    Status.STARTED: STARTED,
    Status.WAITING: STARTED,
    Status.RESUMED: STARTED,
    Status.COMPLETE: COMPLETED,
    Status.ERROR: FAILED,
    Status.CANCELED: CANCELLED,
}


def of(status: Status, *, has_result: bool = True) -> str:
    """The job's status of a run's."""
    if status is Status.COMPLETE and not has_result:
        return FAILED
    return _OF_RUNS[status]
