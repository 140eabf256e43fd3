"""What can be wrong with a run."""

from __future__ import annotations

from chalicelib.web.errors import BadRequestError, ConflictError, ForbiddenError, NotFoundError, shown


class UnknownExecutionError(NotFoundError):
    """There is no run with this id."""

    code = "NotFoundError"

    def __init__(self, run_id: str) -> None:
        super().__init__(f"workflow execution {shown(run_id)} not found")


class NotWaitingError(ConflictError):
    """The run that the request resumes doesn't wait (any more)."""

    code = "ConflictError"


class WrongStageError(BadRequestError):
    """The run waits in another stage than the one that the request resumes."""

    code = "BadRequestError"


class NotRetriableError(ConflictError):
    """Only a run that ended as Error or Canceled can be retried."""

    code = "ConflictError"


class NoCallbackError(ConflictError):
    """No operation of the run waits for a callback (any more)."""

    code = "ConflictError"


class ForeignTokenError(ForbiddenError):
    """The token isn't the one that the operation waits for."""

    code = "ForbiddenError"


class UsedTokenError(ConflictError):
    """The operation was answered already."""

    code = "ConflictError"


class NotRunningError(ConflictError):
    """The operation that tells how far it is isn't running (any more) in that attempt."""

    code = "ConflictError"


class LiveExecutionError(ConflictError):
    """The run must end before it can be deleted."""

    code = "ConflictError"


class EndedExecutionError(ConflictError):
    """The run has ended already."""

    code = "ConflictError"


class NotQueuedError(ConflictError):
    """The run has begun, or has ended."""

    code = "ConflictError"


class RunMoved(Exception):
    """The run isn't where this move starts from (any more): read it again and decide."""


class SlotTaken(Exception):
    """Another run took the slot: look for a free one again."""


class RunClosed(Exception):
    """A late answer of a run or attempt that is over. Step Functions never retries it."""


class StageFailed(Exception):
    """The stage failed and the run is closed; ends the state machine. Step Functions never retries it."""
