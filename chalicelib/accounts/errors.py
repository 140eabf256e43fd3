"""What accounts refuse."""

from __future__ import annotations

from chalicelib.web.errors import BadRequestError, ConflictError, ForbiddenError, UnauthorizedError


class InvalidCredentials(UnauthorizedError):
    """No such user, or another password: nobody is told which."""

    def __init__(self) -> None:
        super().__init__("Invalid credentials")


class InvalidToken(UnauthorizedError):
    """A token that isn't there, isn't ours, is of another use, or has expired."""


class KnownUser(ConflictError):
    """There is an account for this e-mail address."""

    def __init__(self) -> None:
        super().__init__("Email already registered")


class InactiveUser(ForbiddenError):
    """The account has been disabled."""

    def __init__(self) -> None:
        super().__init__("Inactive user")


class RefusedByPool(BadRequestError):
    """The user pool doesn't take a value; the message is the pool's."""
