"""What a run, a stage and an operation can be."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """The status of a run."""

    QUEUED = "Queued"
    STARTED = "Started"
    WAITING = "Waiting"
    RESUMED = "Resumed"
    COMPLETE = "Complete"
    ERROR = "Error"
    CANCELED = "Canceled"


LIVE = (Status.QUEUED, Status.STARTED, Status.WAITING, Status.RESUMED)
ENDED = (Status.COMPLETE, Status.ERROR, Status.CANCELED)
ENTERED = (Status.STARTED, Status.WAITING, Status.RESUMED)
"""The state machine of such a run has been, or is just being, started."""


class StageStatus(StrEnum):
    """The status of a run's stage."""

    NOT_STARTED = "Not Started"
    STARTED = "Started"
    COMPLETE = "Complete"
    ERROR = "Error"


class OperationStatus(StrEnum):
    """The status of an operation in a stage's outputs."""

    EXECUTING = "Executing"
    COMPLETE = "Complete"
    SKIPPED = "Skipped"
    ERROR = "Error"
