"""What media jobs refuse."""

from __future__ import annotations

from chalicelib.web.envelope import ForeignContent
from chalicelib.web.errors import ConflictError, ForbiddenError, NotFoundError, NotImplementedHere, TooLargeError

UPLOADS = "POST /v1/uploads"


class UnknownJob(NotFoundError):
    """There is no job with this id, or no longer."""

    def __init__(self) -> None:
        super().__init__("Job not found")


class ForeignJob(ForbiddenError):
    """It is somebody else's."""

    def __init__(self) -> None:
        super().__init__("This is another user's job")


class StartedJob(ConflictError):
    """Only a pending job is cancelled."""


class UnknownUpload(NotFoundError):
    """The user was granted no such upload, or its grant was forgotten."""


class MissingUpload(ConflictError):
    """Nothing has been uploaded yet."""


class ForeignMedia(ForbiddenError):
    """It is neither the user's own nor shared with users."""


class UnfitContent(ForeignContent):
    """A file isn't what the route works on, by its first bytes."""


class TooLargeFile(TooLargeError):
    """A file is larger than it may be here."""


class NoSuchOperation(NotImplementedHere):
    """The stack lacks the operation's workflow."""
