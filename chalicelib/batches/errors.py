"""What can be wrong with a batch."""

from __future__ import annotations

from chalicelib.web.errors import ConflictError, NotFoundError


class UnknownBatchError(NotFoundError):
    """There is no batch with this id."""

    code = "NotFoundError"


class BatchStatusError(ConflictError):
    """The batch's status allows no such action; the message says which it has."""

    code = "ConflictError"


class BatchMoved(Exception):
    """The batch isn't where this change starts from (any more): read it again and decide."""


class MemberMoved(Exception):
    """Somebody else has counted this run meanwhile: read its marker again."""


class ManifestChanged(Exception):
    """The manifest is gone, or another object than the one that the batch was made for."""
