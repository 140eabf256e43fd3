"""A moto server with the embedded Lambda in it, and ordinary clients of it."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import requests
from moto.server import ThreadedMotoServer

from infrastructure.local.lambdas.functions import Functions
from infrastructure.local.lambdas.lambda_service import install


class EmbeddedLambda:
    """Functions behind a moto server; deploys Python text as functions."""

    def __init__(self, url: str, functions: Functions) -> None:
        self.url = url
        self.functions = functions
        self.lambda_ = self.client("lambda")
        self.logs = self.client("logs")
        iam = self.client("iam")
        self.role = iam.create_role(RoleName="runner", AssumeRolePolicyDocument="{}")["Role"]["Arn"]

    def client(self, service: str) -> Any:
        session: Any = boto3.Session("test", "test", region_name="us-east-1")
        return session.client(service, endpoint_url=self.url)

    def deploy(self, name: str, code: str, **settings: Any) -> str:
        answer = self.lambda_.create_function(
            FunctionName=name,
            Role=self.role,
            **{"Runtime": "python3.12", "Handler": "app.handler", "Code": {"ZipFile": archive(code)}, **settings},
        )
        return str(answer["FunctionArn"])

    def call(self, name: str, event: Any = None, **settings: Any) -> tuple[Any, str | None]:
        answer = self.lambda_.invoke(FunctionName=name, Payload=json.dumps(event or {}), **settings)
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")

    def logged(self, name: str) -> list[str]:
        try:
            return [
                event["message"]
                for event in self.logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
            ]
        except self.logs.exceptions.ResourceNotFoundException:
            return []


@contextmanager
def embedded_lambda() -> Iterator[EmbeddedLambda]:
    """Starts with empty backends and leaves no process, thread or file."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    functions = install(Functions())
    try:
        host, port = server.get_host_and_port()
        functions.endpoint_url = f"http://{host}:{port}"
        requests.post(f"{functions.endpoint_url}/moto-api/reset", timeout=10)
        yield EmbeddedLambda(functions.endpoint_url, functions)
    finally:
        functions.stop()
        server.stop()


def archive(code: str, **files: str) -> bytes:
    """A zip of app.py and other modules."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, text in {"app": code, **files}.items():
            opened.writestr(f"{name}.py", text)
    return buffer.getvalue()


def until(condition: Callable[[], Any], seconds: float = 15.0) -> Any:
    """The condition's first true value; fails when the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError("the condition did not become true in time")
