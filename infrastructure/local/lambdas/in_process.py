"""Functions that run in threads of this process, with the same contract as in a worker: JSON in, JSON out."""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import awslambdaric.lambda_runtime_exception as runtime_exception
import awslambdaric.lambda_runtime_marshaller as runtime_marshaller

from infrastructure.local.iam.callers import calling_as
from infrastructure.local.interception import KILLED, running
from infrastructure.local.invocation import Invocation
from infrastructure.local.lambdas import errors
from infrastructure.local.lambdas.logs import InvocationLog, Logs, LogTarget, stream_name

Handler = Callable[[Any, Any], Any]

_FAULT: Any = runtime_exception.FaultException
_MARSHALLER: Any = runtime_marshaller.LambdaMarshaller()
# the engine's functions have a runtime of Python 3.12 or later, which answers text as it is and not in escapes
_MARSHALLER.jsonEncoder.ensure_ascii = False
_CURRENT: ContextVar[tuple[InvocationLog, str] | None] = ContextVar("invocation", default=None)


@dataclass(frozen=True)
class LambdaContext:
    """What a handler is told of its invocation; the members of AWS's context object."""

    function_name: str
    function_version: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    aws_request_id: str
    log_group_name: str
    log_stream_name: str
    deadline: float
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's timeout."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))


class _LogHandler(logging.Handler):
    """Writes records to the log group of the function that the thread runs; others are not its business."""

    def emit(self, record: logging.LogRecord) -> None:
        current = _CURRENT.get()
        if current:
            log, request_id = current
            seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            moment = f"{seconds}.{int(record.msecs):03d}Z"
            log.line(f"[{record.levelname}]\t{moment}\t{request_id}\t{self.format(record)}")


_HANDLER = _LogHandler()
_HANDLER_LOCK = threading.Lock()
_captures = 0


def capture_logging() -> None:
    """Attach the capture to the root logger, until it is released as many times."""
    global _captures
    with _HANDLER_LOCK:
        _captures += 1
        logging.getLogger().addHandler(_HANDLER)


def release_logging() -> None:
    """Take the capture off the root logger when nobody else needs it."""
    global _captures
    with _HANDLER_LOCK:
        _captures -= 1
        if _captures == 0:
            logging.getLogger().removeHandler(_HANDLER)


def write_line(line: str) -> None:
    """Write a line into the log group of the function that the thread runs; outside of any it is nobody's."""
    current = _CURRENT.get()
    if current:
        current[0].line(line)


class InProcessFunction:
    """One registered handler; any number of threads may invoke it."""

    def __init__(self, name: str, handler: Handler, logs: Logs) -> None:
        self.name = name
        self._handler = handler
        self._logs = logs
        self._stream = stream_name("$LATEST", uuid.uuid4().hex)

    def invoke(self, arn: str, payload: bytes, timeout: float, memory: int) -> Invocation:
        """Run one event; `timeout` (seconds) is told to the handler, not enforced."""
        request_id = str(uuid.uuid4())
        group = f"/aws/lambda/{self.name}"
        account, region = arn.split(":")[4], arn.split(":")[3]
        log = InvocationLog(self._logs, LogTarget(account, region, group, self._stream))
        context = LambdaContext(
            self.name, "$LATEST", arn, str(memory), request_id, group, self._stream, time.monotonic() + timeout
        )
        began = time.monotonic()
        log.line(f"START RequestId: {request_id} Version: $LATEST")
        token = _CURRENT.set((log, request_id))
        try:
            with running(self.name, request_id) as whole, calling_as(self.name):
                answer = self._run(payload, context)
        finally:
            _CURRENT.reset(token)
        if whole.ended:  # whatever the handler made of it: on AWS nothing of it ran on
            answer = Invocation(errors.exited(request_id, KILLED), "Unhandled")
        if answer.error:
            log.line("[ERROR] " + answer.payload.decode(errors="replace"))
        milliseconds = (time.monotonic() - began) * 1000
        log.line(f"END RequestId: {request_id}")
        log.line(f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\tMemory Size: {memory} MB\t")
        return Invocation(answer.payload, answer.error, log.tail())

    def _run(self, payload: bytes, context: LambdaContext) -> Invocation:
        request_id = context.aws_request_id
        try:
            event = _MARSHALLER.unmarshal_request(payload)
            answer, _content_type = _MARSHALLER.marshal_response(self._handler(event, context))
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
            return Invocation(errors.exited(request_id, status), "Unhandled")
        except _FAULT as fault:
            return _failure(request_id, fault.exception_type, fault.msg, fault.trace or [])
        except Exception as error:  # the outermost edge of a Lambda: whatever it raises is its answer
            return _failure(request_id, type(error).__name__, str(error), _stack(sys.exc_info()[2]))
        body = answer if isinstance(answer, bytes) else answer.encode(errors="replace")
        if len(body) > errors.PAYLOAD_LIMIT:
            return Invocation(errors.response_too_large(), "Unhandled")
        return Invocation(body)


def _failure(request_id: str, error_type: str, message: str, stack: list[str]) -> Invocation:
    error = {"errorMessage": message, "errorType": error_type, "requestId": request_id, "stackTrace": stack}
    return Invocation(runtime_marshaller.to_json(error).encode(), "Unhandled")


def _stack(trace: TracebackType | None) -> list[str]:
    """The handler's own frames."""
    frames = traceback.extract_tb(trace)
    return traceback.format_list([frame for frame in frames if frame.filename != __file__])
