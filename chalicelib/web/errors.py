"""What a request may be answered with instead of a result.

MediawrightError
  BadRequestError      400  the request is wrong: the message names the field
  UnauthorizedError    401  a Bearer token is missing or not good
  ForbiddenError       403  the caller may not do this
  NotFoundError        404  no such name or id
  ConflictError        409  the name is taken, the asset busy, the item locked
  GoneError            410  what a cursor pointed at was deleted
  TooLargeError        413  more than a request may carry
  UnsupportedMediaType 415  the body, or a file in it, is of a kind that isn't taken
  TooManyRequestsError 429  the caller's share of the minute is used up: try again after `Retry-After`
  NotImplementedHere   501  the stack lacks the part that does this
  BadGatewayError      502  an AWS service that was asked on the caller's behalf failed
  UnavailableError     503  AWS throttles: try again after `Retry-After`

The class names are the old engine's `Code` values.
"""

from __future__ import annotations


class MediawrightError(Exception):
    """A request that is refused: `str(error)` is the message its sender reads."""

    status = 500

    @property
    def code(self) -> str:
        """The `Code` of the answer."""
        return type(self).__name__

    @property
    def headers(self) -> dict[str, str]:
        """Headers that the answer carries besides."""
        return {}


class BadRequestError(MediawrightError):
    """The request is wrong; the message names the field. `location` is the way to it, where that is known."""

    status = 400

    def __init__(self, message: str = "", location: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.location = location


class UnauthorizedError(MediawrightError):
    """A Bearer token is missing or not good."""

    status = 401

    @property
    def headers(self) -> dict[str, str]:
        """How to authenticate."""
        return {"WWW-Authenticate": "Bearer"}


class ForbiddenError(MediawrightError):
    """The caller may not do this."""

    status = 403


class NotFoundError(MediawrightError):
    """There is nothing by this name or id."""

    status = 404


class ConflictError(MediawrightError):
    """The request contradicts what is there."""

    status = 409


class GoneError(MediawrightError):
    """What was asked for has been deleted meanwhile."""

    status = 410


class TooLargeError(MediawrightError):
    """The body is larger than a request may be."""

    status = 413


class UnsupportedMediaType(MediawrightError):
    """The body, or a file in it, is of a kind that isn't taken."""

    status = 415


class TooManyRequestsError(MediawrightError):
    """The caller's share of the minute is used up; `wait` says in how many seconds there is a new one."""

    status = 429

    def __init__(self, message: str, wait: int) -> None:
        super().__init__(message)
        self.wait = wait

    @property
    def headers(self) -> dict[str, str]:
        """When to try again, in seconds."""
        return {"Retry-After": str(self.wait)}


class NotImplementedHere(MediawrightError):
    """The stack lacks the part that does this; trying again changes nothing."""

    status = 501


class BadGatewayError(MediawrightError):
    """An AWS service that was asked on the caller's behalf failed, or gave no answer."""

    status = 502


class UnavailableError(MediawrightError):
    """AWS asks for patience."""

    status = 503

    @property
    def headers(self) -> dict[str, str]:
        """When to try again, in seconds."""
        return {"Retry-After": "5"}


_SHOWN = 200


def shown(value: object) -> str:
    """A caller's value as a message may quote it: escaped and cut."""
    text = ascii(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
