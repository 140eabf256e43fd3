"""The embedded AWS: moto with all adapters in this process, and the engine's stack in it, both served by HTTP."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from chalicelib.aws import clock as engine_clock
from chalicelib.aws import logs as engine_logs
from infrastructure.local.api.events import HttpRequest
from infrastructure.local.api.routes import Routes
from infrastructure.local.api.server import ApiServer, Gateway, Refused
from infrastructure.local.clock import CLOCK
from infrastructure.local.endpoint.signatures import (
    KeyPair,
    KeyStore,
    SignatureRefused,
    SignedRequest,
    random_pair,
    verify,
)
from infrastructure.local.lambdas.in_process import write_line
from infrastructure.local.lambdas.workers import WorkerState
from infrastructure.local.stack.functions import FunctionServer, forget_settings

PROJECT = Path(__file__).resolve().parents[2]
REGION = "us-east-1"
STACK = "mediawright"
_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mediawright-operators:working-tree"
"""Stands for the operators' image, whose code is read from the working tree as all code is."""

_PARAMETERS = {"OperatorImageUri": _IMAGE, "RegisterMediaOperations": "No"}
"""What the stack is given unless a caller says otherwise: all functions, and nothing defined."""

_ALONE = threading.Lock()


class PortTaken(Exception):
    """Another process listens there already."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is taken")
        self.port = port


class EmbeddedAws:
    """A whole AWS account with the engine deployed. Use as a context manager; one at a time in a process.

    Ports of 0 pick free ones. With `auth` every HTTP request must be signed by `credentials`.
    Raises PortTaken when entered while a port is in use.
    """

    def __init__(
        self,
        port: int = 8000,
        aws_port: int = 4566,
        auth: bool = False,
        speed: float = 1.0,
        project: Path = PROJECT,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        self.project = project
        self.credentials = random_pair() if auth else KeyPair("test", "test")
        self.outputs: dict[str, str] = {}
        self.api_url = ""
        self.aws_url = ""
        self.ports = (port, aws_port)
        self._keys = KeyStore(self.credentials) if auth else None
        self._speed = speed
        self._parameters = {**_PARAMETERS, **(parameters or {})}
        self._clients: dict[str, Any] = {}
        self._client_lock = threading.Lock()
        self._environment: dict[str, str] | None = None
        self._running: list[Any] = []

    def __enter__(self) -> EmbeddedAws:
        if not _ALONE.acquire(blocking=False):
            raise RuntimeError("an embedded AWS runs in this process already: one at a time")
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            _ALONE.release()

    def _start(self) -> None:
        api = self._listen(ApiServer, self.ports[0])
        from infrastructure.local.endpoint.services import AwsServices, serve_aws  # moto: the slow part of the start

        aws = self._listen(partial(serve_aws, keys=self._keys), self.ports[1])
        self.api_url, self.aws_url = api.url, aws.url
        self._prepare_environment()
        forget_settings()
        CLOCK.speed = self._speed
        CLOCK.reset()
        engine_clock.time_source = CLOCK.now
        engine_logs.writer = write_line
        services = self._services = AwsServices(self.aws_url, self.credentials, layers=(self.project,))
        self._running.append(services)
        from infrastructure.local.stack.api_body import api_body
        from infrastructure.local.stack.deploy import deploy
        from infrastructure.template.expand import expanded
        from infrastructure.template.operators import inner_templates

        # custom resources of the stack are answered at addresses of S3
        aws.start()
        template = expanded(self.project)
        inner = inner_templates(self.project)
        in_process = os.environ.get("ENGINE_WORKERS") != "1"
        server = FunctionServer(services.functions, self.project, in_process)
        stack = deploy(template, self.client, self.api_url, STACK, self._parameters, inner, server.serve)
        self.outputs = stack.outputs
        routes = Routes(api_body(STACK))
        verifier = self._verify if self._keys else None
        api.gateway = Gateway(routes, partial(services.functions.invoke, server.api), verifier)
        api.start()

    def _listen(self, make: Any, port: int) -> Any:
        try:
            server = make(port)
        except OSError as error:
            raise PortTaken(port) from error
        self._running.append(server)
        return server

    def _prepare_environment(self) -> None:
        """What boto3 reads in this process; set back by stop()."""
        self._environment = dict(os.environ)
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(
            AWS_ACCESS_KEY_ID=self.credentials.access_key,
            AWS_SECRET_ACCESS_KEY=self.credentials.secret_key,
            AWS_DEFAULT_REGION=REGION,
            AWS_REGION=REGION,
            AWS_ENDPOINT_URL_S3=self.aws_url,
            # the keys of a user pool are read at its service's address, without a client
            AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=self.aws_url,
            AWS_EC2_METADATA_DISABLED="true",
            # botocore would otherwise put the account into DynamoDB's host name.
            AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled",
            AWS_CONFIG_FILE=os.devnull,
            AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        )

    def _verify(self, request: HttpRequest, stage: str) -> str:
        headers = {name.lower(): value for name, value in request.headers}
        signed = SignedRequest(request.method, request.path, request.query, headers, request.body)
        if self._keys is None:
            raise Refused(f"signatures are not checked on {stage}")
        try:
            return verify(signed, self._keys).access_key
        except SignatureRefused as reason:
            raise Refused(str(reason)) from reason

    def client(self, service: str) -> Any:
        """The boto3 client of a service, in this process and without HTTP; one per service."""
        import boto3
        from botocore.config import Config

        with self._client_lock:
            if service not in self._clients:
                make: Any = boto3.client
                # presigned URLs too: the older way of signing them is refused where signatures are checked
                options = {"config": Config(signature_version="s3v4")} if service == "s3" else {}
                self._clients[service] = make(service, region_name=REGION, **options)
            return self._clients[service]

    def wait_idle(self, seconds: float = 30.0) -> None:
        """Wait until no execution runs and no stream record or background invocation is under way.

        Raises TimeoutError after so many seconds.
        """
        deadline = time.monotonic() + seconds
        while busy := self._services.busy():
            if time.monotonic() > deadline:
                raise TimeoutError(f"still busy after {seconds} s: {busy}")
            time.sleep(0.005)

    def workers(self) -> list[WorkerState]:
        """The living worker processes: all may be killed at any moment, as AWS loses its hosts."""
        return self._services.functions.workers.states()

    def expire_now(self) -> int:
        """Delete every item whose time to live is over by the embedded AWS's clock; answers how many."""
        from infrastructure.local.dynamodb.expiry import expire

        return expire(CLOCK.now())

    def stop(self) -> None:
        """End servers, workers and threads. Leaving the context does it; again is harmless."""
        while self._running:
            self._running.pop().stop()
        CLOCK.reset()
        engine_clock.time_source = time.time
        engine_logs.writer = print
        if self._environment is not None:
            os.environ.clear()
            os.environ.update(self._environment)
            self._environment = None
        forget_settings()
