"""Comes between the engine's functions and AWS: every AWS call of a function that runs in this process can be made to
fail, to take effect and fail all the same, or to be the last thing that its process did.

An interceptor stands around a whole call, the SDK's retries included, so what it raises is what the function sees
when every attempt failed. Calls of other processes, of tests and of AWS itself are not intercepted. A function's own
threads don't inherit its context: their calls pass, too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from infrastructure.local.iam import callers

KILLED = -9


@dataclass
class Running:
    """One invocation of a function of this process; `ended` once an interceptor ended its process."""

    function: str
    invocation: str
    ended: bool = False


@dataclass(frozen=True)
class Call:
    """One AWS call: boto3's name of the service, the API's name of the operation, and who makes it."""

    service: str
    operation: str
    function: str
    invocation: str
    parameters: Mapping[str, Any]


Perform = Callable[[], Any]
Interceptor = Callable[[Call, Perform], Any]
"""Is called instead of the call; gives its answer, by `perform` (at most once), or raises."""


class ProcessEnded(SystemExit):
    """Ends the function's process: no `except Exception` holds this up, and no later call of it gets through."""

    def __init__(self) -> None:
        super().__init__(KILLED)


_RUNNING: ContextVar[Running | None] = ContextVar("running function", default=None)
_INSTALLED = threading.Lock()


@contextmanager
def running(function: str, invocation: str) -> Iterator[Running]:
    """Say which invocation this thread runs."""
    whole = Running(function, invocation)
    token = _RUNNING.set(whole)
    try:
        yield whole
    finally:
        _RUNNING.reset(token)


@contextmanager
def intercepted(interceptor: Interceptor) -> Iterator[None]:
    """Put an interceptor round all calls, in every thread, while the block runs. Raises RuntimeError for a second."""
    if not _INSTALLED.acquire(blocking=False):
        raise RuntimeError("AWS calls are intercepted already")
    sdk: Any = BaseClient
    original = sdk._make_api_call

    def make_api_call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        def perform() -> Any:
            return original(client, operation, parameters)

        return _around(interceptor, client, operation, parameters, perform)

    sdk._make_api_call = make_api_call
    try:
        yield
    finally:
        sdk._make_api_call = original
        _INSTALLED.release()


def _around(
    interceptor: Interceptor, client: Any, operation: str, parameters: dict[str, Any], perform: Perform
) -> Any:
    caller = _RUNNING.get()
    if caller is None:
        return perform()
    if caller.ended:
        raise ProcessEnded
    service: str = client.meta.service_model.service_name
    call = Call(service, operation, caller.function, caller.invocation, parameters)
    try:
        function = callers.current()
        with callers.calling_as(None):  # what an interceptor does itself is not the function's doing
            return interceptor(call, lambda: _as_aws(perform, function))
    except ProcessEnded:
        caller.ended = True
        raise


def _as_aws(perform: Perform, function: str | None) -> Any:
    """What AWS does to carry out a call is not the caller's doing, though its thread does it; the call itself is."""
    token = _RUNNING.set(None)
    try:
        with callers.calling_as(function):
            return perform()
    finally:
        _RUNNING.reset(token)


def client_error(call: Call, code: str = "InternalServerError", status: int = 500) -> ClientError:
    """AWS answered with an error."""
    response: Any = {
        "Error": {"Code": code, "Message": f"Injected: {code}"},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 2},
    }
    return ClientError(response, call.operation)


def not_reached(call: Call) -> EndpointConnectionError:
    """AWS was never reached."""
    return EndpointConnectionError(endpoint_url=f"https://{call.service}.us-east-1.amazonaws.com/")


def never_answered(call: Call) -> ReadTimeoutError:
    """The answer never came; whether the call took effect, its caller can't know."""
    return ReadTimeoutError(endpoint_url=f"https://{call.service}.us-east-1.amazonaws.com/")
