"""The engine's stack deployed into one embedded AWS, and the ordinary CloudFormation client at its port."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from infrastructure.local.embedded import EmbeddedAws
from tests.system.conftest import Engine

PARAMETERS = {"DeletionProtection": "No"}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with EmbeddedAws(port=0, aws_port=0, parameters=PARAMETERS) as aws:
        engine = Engine(aws)
        yield engine
        engine.http.close()


@pytest.fixture(scope="module")
def cloudformation(engine: Engine) -> Iterator[Any]:
    """Over HTTP, as the AWS CLI does it."""
    client = at(engine.aws, "cloudformation")
    yield client
    client.close()


def at(aws: EmbeddedAws, service: str) -> Any:
    """A client that knows nothing but the port and the keys."""
    session: Any = boto3.Session(aws.credentials.access_key, aws.credentials.secret_key, region_name="us-east-1")
    return session.client(service, endpoint_url=aws.aws_url)
