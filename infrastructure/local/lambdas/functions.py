"""The Lambda service of the embedded AWS: finds a function's code and runs it, in a worker process or in a thread."""

from __future__ import annotations

import atexit
import json
import os
import threading
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import moto.awslambda.exceptions as moto_lambda_exceptions
import moto.awslambda.models as moto_lambda
from moto.core.models import DEFAULT_ACCOUNT_ID

from infrastructure.local.background import Background
from infrastructure.local.clock import CLOCK
from infrastructure.local.invocation import Invocation
from infrastructure.local.lambdas import errors, worker_clock
from infrastructure.local.lambdas.code import CodeStore
from infrastructure.local.lambdas.in_process import Handler, InProcessFunction, capture_logging, release_logging
from infrastructure.local.lambdas.logs import Logs
from infrastructure.local.lambdas.process import FunctionVersion
from infrastructure.local.lambdas.workers import IDLE_KEPT, Workers
from infrastructure.local.meter import METER
from infrastructure.local.queues import send_to_queue

REGION = "us-east-1"
_ENGINE_CLOCK = "chalicelib/aws/clock.py"
ASYNC_RETRY_SECONDS = (60.0, 120.0)

_BACKENDS: Any = moto_lambda.lambda_backends
_UNKNOWN: Any = moto_lambda_exceptions.UnknownFunctionException

Credentials = Callable[[str], tuple[str, str, str | None]]
"""Takes a function's role ARN; gives access key, secret key and session token."""


def default_credentials(_role_arn: str) -> tuple[str, str, str | None]:
    """What every client of the embedded AWS uses while signatures aren't checked."""
    return "test", "test", None


@dataclass(frozen=True)
class FunctionAddress:
    """A function as callers name it: full ARN, partial ARN or name, each with or without version or alias."""

    account: str
    region: str
    name: str
    qualifier: str | None

    @classmethod
    def parse(cls, arn_or_name: str) -> FunctionAddress:
        """Any of AWS's forms."""
        before, marker, rest = arn_or_name.rpartition(":function:")
        if not marker:
            before, marker, rest = arn_or_name.rpartition("function:")
        name, _, qualifier = rest.partition(":")
        parts = before.split(":")
        account = next((part for part in parts if part.isdigit()), DEFAULT_ACCOUNT_ID)
        region = parts[3] if len(parts) > 4 else REGION
        return cls(account, region, name, qualifier or None)

    @property
    def arn(self) -> str:
        """The full ARN, with the qualifier if one was given."""
        arn = f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"
        return f"{arn}:{self.qualifier}" if self.qualifier else arn


class Functions:
    """Everything that invokes a function comes here; thread-safe.

    A function that doesn't exist is answered with error "Unhandled" and the errorType
    `Lambda.ResourceNotFoundException`, an event over 6,291,456 bytes with `Lambda.RequestEntityTooLargeException`:
    Step Functions' own names, which no Python class can have.
    """

    def __init__(
        self,
        endpoint_url: str | None = None,
        credentials: Credentials = default_credentials,
        layers: Iterable[Path] = (),
        idle_workers: int = IDLE_KEPT,
    ) -> None:
        """`endpoint_url` is where workers' clients go (may be set later); `layers` go on their PYTHONPATH."""
        self.endpoint_url = endpoint_url
        self.logs = Logs()
        self.code = CodeStore()
        self.workers = Workers(self.logs, idle_workers)
        self._credentials = credentials
        self._layers = tuple(str(layer) for layer in layers)
        self._in_process: dict[str, InProcessFunction] = {}
        self._background = Background("lambda-async")
        self._at_stop: list[Callable[[Functions], None]] = []
        self._stop_lock = threading.Lock()
        self._stopped = False
        self._clock_file = self.code.root / "clock"
        self._write_clock()
        forget = CLOCK.at_move(self._write_clock)
        self._at_stop.append(lambda _: forget())
        capture_logging()
        atexit.register(self.stop)

    def _write_clock(self) -> None:
        worker_clock.write(self._clock_file, CLOCK.moved)

    def register_code(self, function_name: str, directory: Path) -> None:
        """Run a function from a folder of the working tree, whatever archive its template names."""
        self.code.register(function_name, directory)
        self.workers.renew(function_name)

    def register_in_process(self, function_name: str, handler: Handler) -> None:
        """Run a function in threads of this process."""
        self._in_process[function_name] = InProcessFunction(function_name, handler, self.logs)

    def registered(self, function_name: str) -> bool:
        """Whether the code comes from a registration instead of an archive."""
        return function_name in self._in_process or self.code.registered(function_name) is not None

    def exists(self, arn_or_name: str) -> bool:
        """Whether an invocation would find the function."""
        address = FunctionAddress.parse(arn_or_name)
        return address.name in self._in_process or _find(address) is not None

    def invoke(self, arn_or_name: str, payload: bytes) -> Invocation:
        """Run a function and wait for its answer; never raises for what the function does."""
        address = FunctionAddress.parse(arn_or_name)
        METER.count(f"lambda.{address.name}")
        found = _find(address)
        in_process = self._in_process.get(address.name)
        if found is None and in_process is None:
            return errors.unknown_function(address.arn)
        payload = payload or b"{}"
        if len(payload) > errors.PAYLOAD_LIMIT:
            return errors.oversized(len(payload), errors.PAYLOAD_LIMIT)
        if in_process:
            timeout, memory = (found.timeout, found.memory_size) if found else (60, 128)
            return in_process.invoke(address.arn, payload, float(timeout), int(memory))
        return self._invoke_worker(found, address, payload)

    def _invoke_worker(self, found: Any, address: FunctionAddress, payload: bytes) -> Invocation:
        try:
            function = self._version(found)
        except zipfile.BadZipFile:
            message = "Error: the function's code is not a zip archive"
            return Invocation(errors.error_payload("Runtime.InvalidEntrypoint", message), "Unhandled")
        return self.workers.invoke(function, address.arn, payload)

    def _version(self, found: Any) -> FunctionVersion:
        name = str(found.function_name)
        digest = str(getattr(found, "code_digest", ""))
        archive = getattr(found, "code_bytes", b"")
        arn = FunctionAddress(found.account_id, found.region, name, None).arn
        return FunctionVersion(
            name=name,
            arn=arn,
            version=str(found.version),
            handler=str(found.handler),
            runtime=str(found.run_time),
            directory=self.code.directory(name, digest, archive),
            timeout=float(found.timeout),
            memory=int(found.memory_size),
            environment=tuple(sorted((key, str(value)) for key, value in found.environment_vars.items())),
            platform=tuple({**self._platform(name, str(found.role)), **self._clock(name, found)}.items()),
            code_digest=digest,
        )

    def _platform(self, name: str, role: str) -> dict[str, str]:
        access_key, secret_key, token = self._credentials(role)
        variables = {
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "HOME": str(self.code.root),
        }
        if token:
            variables["AWS_SESSION_TOKEN"] = token
        if self.endpoint_url:
            variables["AWS_ENDPOINT_URL"] = self.endpoint_url
        if self._layers:
            variables["PYTHONPATH"] = os.pathsep.join(self._layers)
        if self.code.registered(name):
            variables["PYTHONDONTWRITEBYTECODE"] = "1"
        return variables

    def _clock(self, name: str, found: Any) -> dict[str, str]:
        """The engine's own functions see the moved clock in workers, too."""
        folder = self.code.registered(name)
        is_engine = folder and str(found.handler).startswith("app.") and (folder / _ENGINE_CLOCK).exists()
        return {worker_clock.VARIABLE: str(self._clock_file)} if is_engine else {}

    def invoke_async(self, arn_or_name: str, payload: bytes) -> None:
        """Run a function in the background, as Lambda does for events.

        After a failure two more attempts, paced by CLOCK, then the OnFailure queue of its event invoke configuration.
        """
        self._background.submit(lambda: self._attempts(FunctionAddress.parse(arn_or_name), payload))

    def pending(self) -> int:
        """How many asynchronous invocations run or wait for another attempt."""
        return self._background.running()

    def _attempts(self, address: FunctionAddress, payload: bytes) -> None:
        configuration = _event_configuration(_find(address))
        pauses = list(ASYNC_RETRY_SECONDS[: int(configuration.get("MaximumRetryAttempts", 2))])
        attempts = 1
        answer = self.invoke(address.arn, payload)
        while answer.error and pauses:
            if CLOCK.sleep(pauses.pop(0), self._background.stopping):
                return
            attempts += 1
            answer = self.invoke(address.arn, payload)
        destination = configuration.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if answer.error and destination:
            send_to_queue(destination, _failure_record(address, payload, answer, attempts))

    def forget(self, function_name: str) -> None:
        """A function was deleted: end its workers, drop its registration and delete its unpacked code."""
        self._in_process.pop(function_name, None)
        self.workers.renew(function_name)
        if not self.code.registered(function_name):
            self.code.forget(function_name)

    def at_stop(self, hook: Callable[[Functions], None]) -> None:
        """Have a hook called with these functions when they are stopped."""
        self._at_stop.append(hook)

    def stop(self) -> None:
        """End every worker and thread and delete every file; again is harmless."""
        with self._stop_lock:
            if self._stopped:
                return
            self._stopped = True
        atexit.unregister(self.stop)
        self._background.stopping.set()
        self.workers.stop()
        self._background.stop()
        self.logs.stop()
        self.code.remove()
        for hook in self._at_stop:
            hook(self)
        release_logging()


def _find(address: FunctionAddress) -> Any:
    """moto's record of a function version; None when there is none."""
    try:
        return _BACKENDS[address.account][address.region].get_function(address.name, address.qualifier)
    except (_UNKNOWN, KeyError):
        return None


def _event_configuration(found: Any) -> dict[str, Any]:
    configurations = found.event_invoke_config if found else []
    return dict(configurations[-1].config) if configurations else {}  # moto keeps those before, too


def _failure_record(address: FunctionAddress, payload: bytes, answer: Invocation, attempts: int) -> str:
    """The record that Lambda sends to a failure destination."""
    return json.dumps(
        {
            "version": "1.0",
            "requestContext": {
                "functionArn": address.arn,
                "condition": "RetriesExhausted",
                "approximateInvokeCount": attempts,
            },
            "requestPayload": json.loads(payload or b"{}"),
            "responseContext": {"statusCode": 200, "functionError": answer.error},
            "responsePayload": json.loads(answer.payload),
        }
    )
