"""The engine's stack deployed into one embedded AWS, and the ordinary CloudFormation client at its port."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from infrastructure.local.embedded import STACK, EmbeddedAws
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


def update(client: Any, **changed: str) -> str:
    """Change parameters and keep the others, as the AWS CLI does it; the stack's status afterwards."""
    [stack] = client.describe_stacks(StackName=STACK)["Stacks"]
    kept = [entry["ParameterKey"] for entry in stack["Parameters"] if entry["ParameterKey"] not in changed]
    client.update_stack(
        StackName=STACK,
        UsePreviousTemplate=True,
        Parameters=[
            *({"ParameterKey": key, "UsePreviousValue": True} for key in kept),
            *({"ParameterKey": key, "ParameterValue": value} for key, value in changed.items()),
        ],
        Capabilities=["CAPABILITY_IAM"],
    )
    return str(client.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"])


def failures(client: Any) -> dict[str, str]:
    events = client.describe_stack_events(StackName=STACK)["StackEvents"]
    return {
        event["LogicalResourceId"]: event["ResourceStatusReason"]
        for event in events
        if "FAIL" in event["ResourceStatus"]
    }
