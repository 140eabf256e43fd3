"""What one Lambda invocation answers, whoever runs the function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Invocation:
    """The answer to a synchronous invoke.

    `payload` is the JSON that the function returned, or AWS's error object (`errorType`, `errorMessage`, ...).
    `error` is None, "Handled" or "Unhandled" (Lambda's X-Amz-Function-Error). `log_tail` is plain text.
    """

    payload: bytes
    error: str | None = None
    log_tail: str = ""


Invoke = Callable[[str, bytes], Invocation]
"""Takes a function's ARN or name and the event's JSON."""
