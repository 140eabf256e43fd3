"""What the tests of the embedded CloudFormation share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto import mock_aws

from infrastructure.local.stack import adapters

Template = dict[str, Any]


@dataclass(frozen=True)
class CloudFormation:
    """An ordinary client, and what a test asks it most often."""

    client: Any

    def create(self, template: Template, name: str = "s", **parameters: str) -> str:
        """The stack's status afterwards."""
        self.client.create_stack(StackName=name, TemplateBody=json.dumps(template), Parameters=given(parameters))
        return self.status(name)

    def update(self, template: Template, name: str = "s", **parameters: str) -> str:
        """The stack's status afterwards."""
        self.client.update_stack(StackName=name, TemplateBody=json.dumps(template), Parameters=given(parameters))
        return self.status(name)

    def status(self, name: str = "s") -> str:
        """The stack's status."""
        return str(self.client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])

    def outputs(self, name: str = "s") -> dict[str, str]:
        """The stack's outputs by key."""
        [stack] = self.client.describe_stacks(StackName=name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def failures(self, name: str = "s") -> dict[str, str]:
        """Why which resources failed."""
        events = self.client.describe_stack_events(StackName=name)["StackEvents"]
        failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
        return {event["LogicalResourceId"]: event.get("ResourceStatusReason", "") for event in failed}

    def resources(self, name: str = "s") -> dict[str, str]:
        """Physical ids by logical id."""
        found = self.client.list_stack_resources(StackName=name)["StackResourceSummaries"]
        return {entry["LogicalResourceId"]: entry["PhysicalResourceId"] for entry in found}


def given(parameters: dict[str, str]) -> list[dict[str, str]]:
    """Parameters as a request spells them."""
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]


@contextmanager
def cloudformation() -> Iterator[CloudFormation]:
    """An empty account with the adapters."""
    adapters.install("http://127.0.0.1:8000/api/")
    with mock_aws():
        session: Any = boto3.Session(region_name="us-east-1")
        yield CloudFormation(session.client("cloudformation"))


def client(service: str) -> Any:
    """A client of another service."""
    make: Any = boto3.client
    return make(service, region_name="us-east-1")
