"""The error objects that AWS Lambda answers when a function fails, as JSON bytes."""

from __future__ import annotations

import json

from infrastructure.local.invocation import Invocation

PAYLOAD_LIMIT = 6 * 1024 * 1024
"""Bytes of a synchronous invocation's event, and of any answer."""

EVENT_PAYLOAD_LIMIT = 1024 * 1024
"""Bytes of an asynchronous invocation's event."""

NOT_FOUND = "Lambda.ResourceNotFoundException"
"""The `errorType` for a function that doesn't exist; no function can raise a class of that name."""


def error_payload(error_type: str, message: str) -> bytes:
    """The platform's own failures have a type and a message only; tracebacks come from the runtime."""
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def timed_out(request_id: str, seconds: float) -> bytes:
    """The function's timeout (seconds) passed."""
    message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return error_payload("Sandbox.Timedout", message)


def exit_reason(status: int | None) -> str:
    """What Lambda says of a process that ended; negative statuses are signals, as in `subprocess`."""
    if not status:
        return "Runtime exited without providing a reason"
    if status < 0:
        return f"Runtime exited with error: signal: {'killed' if status == -9 else -status}"
    return f"Runtime exited with error: exit status {status}"


def exited(request_id: str, status: int | None) -> bytes:
    """The function's process ended before it answered."""
    return error_payload("Runtime.ExitError", f"RequestId: {request_id} Error: {exit_reason(status)}")


def response_too_large() -> bytes:
    """The function answered more than `PAYLOAD_LIMIT` bytes."""
    message = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
    return error_payload("Function.ResponseSizeTooLarge", message)


def unknown_function(arn: str) -> Invocation:
    """The answer for a function that nobody created; Step Functions takes its `errorType` as error name."""
    return Invocation(error_payload(NOT_FOUND, f"Function not found: {arn}"), "Unhandled")


def request_too_large(size: int, limit: int) -> str:
    """AWS's message for an event over the limit (bytes)."""
    return f"{size} byte payload is too large for the invocation type (limit {limit} bytes)"


def oversized(size: int, limit: int) -> Invocation:
    """The answer to an event over the limit (bytes)."""
    payload = error_payload("Lambda.RequestEntityTooLargeException", request_too_large(size, limit))
    return Invocation(payload, "Unhandled")
