"""What can be wrong with a run."""

from __future__ import annotations

from chalicelib.web.errors import BadRequestError, ConflictError, NotFoundError


class UnknownExecutionError(NotFoundError):
    """There is no run with this id."""

    code = "NotFoundError"


class NotWaitingError(BadRequestError):
    """The run doesn't wait in the stage that the request resumes."""

    code = "BadRequestError"


class LiveExecutionError(ConflictError):
    """The run must end before it can be deleted."""

    code = "ConflictError"


class EndedExecutionError(ConflictError):
    """The run has ended already."""

    code = "ConflictError"


class RunMoved(Exception):
    """The run isn't where this move starts from (any more): read it again and decide."""


class SlotTaken(Exception):
    """Another run took the slot: look for a free one again."""


class RunClosed(Exception):
    """A late answer of a run or attempt that is over. Step Functions never retries it."""


class StageFailed(Exception):
    """The stage failed and the run is closed; ends the state machine. Step Functions never retries it."""
