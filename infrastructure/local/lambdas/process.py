"""One worker process: a user's function in the real Python runtime (`awslambdaric`)."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from infrastructure.local.invocation import Invocation
from infrastructure.local.lambdas import errors, worker_clock
from infrastructure.local.lambdas.logs import InvocationLog, Logs, LogTarget, stream_name
from infrastructure.local.lambdas.runtime_api import NextEvent, RuntimeApi, RuntimeRequest

INIT_SECONDS = 10.0
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "VIRTUAL_ENV")
_PIPE_CHUNK = 1 << 16
_CHUNKS_AT_ONCE = 16
_LIVENESS_SECONDS = 0.1
_DYING_SECONDS = 0.01


@dataclass(frozen=True)
class FunctionVersion:
    """All that a worker depends on: two workers of equal versions are interchangeable.

    `arn` has no qualifier, `timeout` is seconds, `memory` MiB. `environment` are the function's own variables,
    `platform` what AWS would add (endpoint, credentials).
    """

    name: str
    arn: str
    version: str
    handler: str
    runtime: str
    directory: Path
    timeout: float
    memory: int
    environment: tuple[tuple[str, str], ...] = ()
    platform: tuple[tuple[str, str], ...] = ()
    code_digest: str = ""

    @property
    def account(self) -> str:
        """The account that owns the function."""
        return self.arn.split(":")[4]

    @property
    def region(self) -> str:
        """The function's region."""
        return self.arn.split(":")[3]


class WorkerGone(Exception):
    """The worker's process ended."""


class DeadlinePassed(Exception):
    """The time allowed passed before the worker answered."""


class Worker:
    """A process that serves one invocation at a time, driven by the thread that invokes."""

    def __init__(self, function: FunctionVersion, logs: Logs) -> None:
        self.function = function
        self.outdated = False
        self._closed = False
        self._api = RuntimeApi()
        stream = stream_name(function.version, uuid.uuid4().hex)
        target = LogTarget(function.account, function.region, f"/aws/lambda/{function.name}", stream)
        self._log = InvocationLog(logs, target)
        self._started = time.monotonic()
        self._first = True
        self._process = _start(function, self._api.address, stream)
        assert self._process.stdout is not None
        self._pipe = self._process.stdout.fileno()
        os.set_blocking(self._pipe, False)
        self._log.line(f"INIT_START Runtime Version: {function.runtime.replace('python', 'python:')}")

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def runs(self) -> bool:
        """Whether the process exists."""
        return self._process.poll() is None

    def alive(self) -> bool:
        """Whether another invocation can be given to this worker."""
        return self.runs() and not self._api.lost_connection

    def invoke(self, function_arn: str, request_id: str, payload: bytes) -> Invocation:
        """Run one event; failures become Lambda's error objects."""
        self._log.begin()
        init = self._init()
        began = time.monotonic()
        self._log.line(f"START RequestId: {request_id} Version: {self.function.version}")
        status = ""
        try:
            answer = init or self._run(function_arn, request_id, payload)
        except DeadlinePassed:
            self.kill()
            self._log.line(f"{_now()} {request_id} Task timed out after {self.function.timeout:.2f} seconds\n")
            answer = Invocation(errors.timed_out(request_id, self.function.timeout), "Unhandled")
            status = "timeout"
        except (WorkerGone, OSError):
            answer = self._exited(request_id)
            status = "error"
        self._report(request_id, began, status)
        return Invocation(answer.payload, answer.error, self._log.tail())

    def _init(self) -> Invocation | None:
        """Wait until the runtime asks for work; the error object when the handler's import failed.

        A warm runtime may still be on its way from its last answer to its next question.
        """
        deadline = max(self._started + INIT_SECONDS, time.monotonic()) + self.function.timeout
        try:
            while not self._api.ready:
                request = self._next_request(deadline)
                if request.action == "init/error":
                    self.kill()
                    return Invocation(request.body, "Unhandled")
        except (DeadlinePassed, WorkerGone):
            return None
        return None

    def _run(self, function_arn: str, request_id: str, payload: bytes) -> Invocation:
        deadline = time.monotonic() + self.function.timeout
        deadline_ms = int((time.time() + self.function.timeout) * 1000)
        if not self._api.ready:
            raise WorkerGone if self._process.poll() is not None else DeadlinePassed
        self._api.send(NextEvent(request_id, function_arn, deadline_ms, payload, _trace_id()))
        while True:
            request = self._next_request(deadline)
            if request.invocation == request_id:
                break
        self._drain()
        self._log.end_line()
        if len(request.body) > errors.PAYLOAD_LIMIT:
            return Invocation(errors.response_too_large(), "Unhandled")
        return Invocation(request.body, None if request.action == "response" else "Unhandled")

    def _next_request(self, deadline: float) -> RuntimeRequest:
        while True:
            left = deadline - time.monotonic()
            pause = _DYING_SECONDS if self._api.lost_connection or self._pipe < 0 else _LIVENESS_SECONDS
            request, output = self._api.poll(min(left, pause), self._pipe)
            if output:
                self._drain()
            if request:
                return request
            if self._process.poll() is not None:
                raise WorkerGone
            if left <= 0:
                raise DeadlinePassed

    def _drain(self) -> None:
        """Take what the process has printed so far."""
        for _ in range(_CHUNKS_AT_ONCE if self._pipe >= 0 else 0):
            try:
                output = os.read(self._pipe, _PIPE_CHUNK)
            except BlockingIOError:
                return
            if not output:
                self._pipe = -1
                return
            self._log.feed(output)

    def _exited(self, request_id: str) -> Invocation:
        self.kill()
        status = self._process.returncode
        self._log.line(f"RequestId: {request_id} Error: {errors.exit_reason(status)}\nRuntime.ExitError")
        return Invocation(errors.exited(request_id, status), "Unhandled")

    def _report(self, request_id: str, began: float, status: str) -> None:
        milliseconds = (time.monotonic() - began) * 1000
        fields = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {milliseconds:.2f} ms",
            f"Billed Duration: {math.ceil(milliseconds)} ms",
            f"Memory Size: {self.function.memory} MB",
            f"Max Memory Used: {_peak_megabytes(self.pid)} MB",
        ]
        if self._first:
            fields.append(f"Init Duration: {(began - self._started) * 1000:.2f} ms")
        if status:
            fields.append(f"Status: {status}")
        self._first = False
        self._log.line(f"END RequestId: {request_id}")
        self._log.line("\t".join(fields) + "\t")

    def end_soon(self) -> None:
        """Kill the process, with every process that it started, from any thread; whoever invokes it sees it gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def kill(self) -> None:
        """End the process and close what it held; for the thread that drives it."""
        if self._closed:
            return
        self._closed = True
        self.end_soon()
        self._process.wait()
        self._drain()
        self._log.end_line()
        self._pipe = -1
        self._api.close()
        if self._process.stdout:
            self._process.stdout.close()


def _start(function: FunctionVersion, address: str, stream: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *_runtime(function), function.handler],
        cwd=function.directory,
        env=_environment(function, address, stream),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _runtime(function: FunctionVersion) -> list[str]:
    moved = worker_clock.VARIABLE in dict(function.platform)
    return [worker_clock.__file__] if moved else ["-m", "awslambdaric"]


def _environment(function: FunctionVersion, address: str, stream: str) -> dict[str, str]:
    """The documented runtime variables; reserved ones win over the function's own."""
    code = str(function.directory)
    return {
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        "TZ": ":UTC",
        **dict(function.platform),
        **dict(function.environment),
        "AWS_LAMBDA_RUNTIME_API": address,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "LAMBDA_TASK_ROOT": code,
        "_HANDLER": function.handler,
    }


def _peak_megabytes(pid: int) -> int:
    """Peak resident memory, or 0 where the system doesn't tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return 0
    _, _, rest = status.partition(b"VmHWM:")
    return math.ceil(int(rest.split()[0]) / 1024) if rest else 0


def _trace_id() -> str:
    unique = uuid.uuid4().hex
    return f"Root=1-{int(time.time()):08x}-{unique[:24]};Parent={unique[:16]};Sampled=0"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
