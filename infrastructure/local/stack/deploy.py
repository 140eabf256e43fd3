"""Creates the engine's stack in moto's CloudFormation from the template that AWS gets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import moto.cloudformation.models as moto_cloudformation

from infrastructure.local.stack import adapters, templates
from infrastructure.local.stack.nested import NestedStack
from infrastructure.local.stack.properties import Client
from infrastructure.local.stack.record import Record

ACCOUNT = "123456789012"
REGION = "us-east-1"
_BACKENDS: Any = moto_cloudformation.cloudformation_backends


@dataclass(frozen=True)
class StackFunction:
    """A Lambda function of the stack, as it was created."""

    logical_id: str
    name: str
    handler: str
    environment: dict[str, str]


@dataclass(frozen=True)
class DeployedStack:
    """What was created, the functions of nested stacks too."""

    name: str
    outputs: dict[str, str]
    functions: tuple[StackFunction, ...]


class NotDeployed(Exception):
    """The stack could not be created; the message says why."""


Serve = Callable[[StackFunction], None]
"""Runs a function of the working tree; called again whenever the function is changed."""


def deploy(
    template: dict[str, Any],
    client: Client,
    api_url: str,
    name: str = "mediawright",
    parameters: Mapping[str, str] | None = None,
    inner: Mapping[str, dict[str, Any]] | None = None,
    serve: Serve | None = None,
) -> DeployedStack:
    """Create the stack from an expanded template; `api_url` is what its endpoint outputs answer.

    `inner` has the templates of nested stacks by their TemplateURL; `serve` runs functions of the working tree.
    Raises what CloudFormation's client raises when the template or a parameter is refused, and NotDeployed.
    """
    adapters.install(api_url, client, partial(_serve, serve) if serve else None)
    templates.keep_nested(inner or {})
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in (parameters or {}).items()]
    client("cloudformation").create_stack(
        StackName=name, TemplateBody=json.dumps(template), Parameters=given, Capabilities=["CAPABILITY_IAM"]
    )
    stack = _BACKENDS[ACCOUNT][REGION].get_stack(name)
    if stack.status != "CREATE_COMPLETE":
        raise NotDeployed("; ".join(_reasons(stack)) or stack.status)
    outputs = {answer["OutputKey"]: str(answer["OutputValue"]) for answer in stack.outputs or []}
    return DeployedStack(name, outputs, tuple(_functions(stack)))


def _reasons(stack: Any) -> list[str]:
    failed = [event for event in stack.events if event.resource_status.endswith("_FAILED")]
    return [f"{event.logical_resource_id}: {event.resource_status_reason}" for event in failed]


def _functions(stack: Any) -> Iterator[StackFunction]:
    for record in stack.life.records.values():
        if record.kind == "AWS::Lambda::Function":
            yield _function(record)
        elif isinstance(record.resource, NestedStack):
            yield from _functions(record.resource.stack)


def _serve(serve: Serve, record: Record) -> None:
    if record.kind == "AWS::Lambda::Function" and record.properties["Code"] == templates.WORKING_TREE_CODE:
        serve(_function(record))


def _function(record: Record) -> StackFunction:
    variables = record.properties.get("Environment", {}).get("Variables", {})
    environment = {key: str(value) for key, value in variables.items()}
    return StackFunction(record.logical_id, record.physical_id, record.properties["Handler"], environment)
