"""What can go wrong, as one tree:

MediawrightError
├── OperatorError            the operation failed
│   ├── InvalidInput         and would fail again: never retried by the engine
│   ├── InvalidOutput        the operator answered what the engine cannot keep
│   └── CallTooLarge         a call of the data plane is beyond what one invocation carries
├── DataPlaneError           the data plane refused a call of an operator
├── NotConfigured            something has to be set first
├── InvalidArgument          a method of the client was called wrongly (a ValueError too)
├── ApiError                 the HTTP API refused a request
├── ConnectionFailed         nobody answered at the endpoint
└── RunTimeout               a run did not end in the time given
"""

from __future__ import annotations


class MediawrightError(Exception):
    """Anything this package raises on purpose."""


class OperatorError(MediawrightError):
    """The operation cannot be done; the message becomes its cause in the execution."""


class InvalidInput(OperatorError):
    """The configuration or the media will never do: the engine fails the operation without trying again."""


class InvalidOutput(OperatorError):
    """An operator's media or metadata are not JSON that survives the way through Step Functions."""


class CallTooLarge(OperatorError):
    """What was to be sent to the data plane is more than one invocation of it carries."""


class NotConfigured(MediawrightError):
    """A setting is missing; the message says which."""


class InvalidArgument(MediawrightError, ValueError):
    """What a caller handed to the client can't be sent."""


class DataPlaneError(MediawrightError):
    """The data plane answered with a status of 400 or more."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


class ApiError(MediawrightError):
    """The API answered with a status of 400 or more. `code` is its error class, `request_id` may be empty."""

    def __init__(self, status: int, code: str, message: str, request_id: str = "") -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id


class ConnectionFailed(MediawrightError):
    """No answer came from the endpoint."""


class RunTimeout(MediawrightError):
    """A run did not reach its end in the time given; it goes on all the same."""
