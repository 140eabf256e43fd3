"""Creates the engine's stack in moto's CloudFormation from the template that AWS gets."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import moto.cloudformation.models as moto_cloudformation
import moto.cloudformation.parsing as moto_parsing

from infrastructure.local.stack import adapters, nested, properties
from infrastructure.local.stack.properties import Client

ACCOUNT = "123456789012"
REGION = "us-east-1"
_BACKENDS: Any = moto_cloudformation.cloudformation_backends
_PARSING: Any = moto_parsing
_STAND_INS = {
    "AWS::Lambda::Function": ("Code", "# read from the working tree\n"),
    # The bytes of an archive of nothing: what a layer would bring is installed here.
    "AWS::Lambda::LayerVersion": ("Content", base64.b64encode(b"PK\5\6" + bytes(18)).decode()),
}
"""What has an archive, the property that says where it lies, and what is there instead."""


@dataclass(frozen=True)
class StackFunction:
    """A Lambda function of the stack, as it was created."""

    logical_id: str
    name: str
    handler: str
    environment: dict[str, str]


@dataclass(frozen=True)
class DeployedStack:
    """What was created."""

    name: str
    outputs: dict[str, str]
    functions: tuple[StackFunction, ...]


def deploy(
    template: dict[str, Any],
    client: Client,
    api_url: str,
    name: str = "mediawright",
    parameters: Mapping[str, str] | None = None,
    inner: Mapping[str, dict[str, Any]] | None = None,
) -> DeployedStack:
    """Create the stack from an expanded template; `api_url` is what its endpoint outputs answer.

    `inner` holds the templates of its nested stacks by their TemplateURL; another URL is read from S3.

    Raises what CloudFormation's client raises when the template or a parameter is refused.
    """
    adapters.install(api_url)
    nested.serve({url: _readable_code(document) for url, document in (inner or {}).items()})
    local = _readable_code(template)
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in (parameters or {}).items()]
    client("cloudformation").create_stack(
        StackName=name, TemplateBody=json.dumps(local), Parameters=given, Capabilities=["CAPABILITY_IAM"]
    )
    stack = _BACKENDS[ACCOUNT][REGION].get_stack(name)
    resources = [entry for whole in nested.with_inner(stack) for entry in _resolved(whole)]
    for _, entry in resources:
        properties.apply(entry["Type"], entry["PhysicalId"], entry.get("Properties", {}), client)
    return DeployedStack(
        name,
        {answer["OutputKey"]: str(answer["OutputValue"]) for answer in stack.outputs or []},
        tuple(_function(key, entry) for key, entry in resources if entry["Type"] == "AWS::Lambda::Function"),
    )


def _readable_code(template: dict[str, Any]) -> dict[str, Any]:
    """The template with a stand-in for every archive: here code is read from the working tree."""
    local = copy.deepcopy(template)
    for resource in local["Resources"].values():
        if resource["Type"] in _STAND_INS:
            property_name, content = _STAND_INS[resource["Type"]]
            resource["Properties"][property_name] = {"ZipFile": content}
    return local


def _resolved(stack: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every created resource: its logical id, and its type, physical id and properties without functions."""
    for logical_id, resource in stack.template_dict["Resources"].items():
        created = stack.resource_map[logical_id]
        if created is not None:
            entry = _PARSING.clean_json(copy.deepcopy(resource), stack.resource_map)
            yield logical_id, {**entry, "PhysicalId": str(getattr(created, "physical_resource_id", logical_id))}


def _function(logical_id: str, entry: dict[str, Any]) -> StackFunction:
    properties = entry["Properties"]
    variables = properties.get("Environment", {}).get("Variables", {})
    environment = {key: str(value) for key, value in variables.items()}
    return StackFunction(logical_id, entry["PhysicalId"], properties["Handler"], environment)
