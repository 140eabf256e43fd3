"""Mends moto's CloudFormation: types it does not know, lists with AWS::NoValue, the address of the
REST API, names of exports, JSON read as slowly as YAML."""

from __future__ import annotations

import re
from typing import Any

import moto.awslambda.models as moto_lambda
import moto.cloudformation.exceptions as moto_exceptions
import moto.cloudformation.models as moto_models
import moto.cloudformation.parsing as moto_parsing
from moto.core.common_models import CloudFormationModel

from infrastructure.local.stack import custom, nested, service, state_machines, templates, users
from infrastructure.local.stack.order import BadTemplate
from infrastructure.local.stack.properties import Client

_INVALID: Any = moto_exceptions.ValidationError
_PARSING: Any = moto_parsing
_LAYER: Any = moto_lambda.LayerVersion
"""Without a physical id, so that `Ref` of one gave the object."""
_STACK: Any = moto_models.Stack
_ORIGINAL: dict[str, Any] = {}

_EMPTY_SHELLS = frozenset({"AWS::ApiGateway::Deployment", "AWS::ApiGateway::Stage"})
"""moto's own models of these look for methods that it never reads from the API's body."""


_KINDS = {"AWS::Scheduler::ScheduleGroup": "schedule-group", "AWS::CloudWatch::Alarm": "alarm"}
"""How the ARNs call what is known by the name that the template gives."""

_NAMES = ("Name", "AlarmName")
"""The properties that name them."""


class Placeholder(CloudFormationModel):
    """A resource that moto does not know. It exists for references; `properties.py` gives some of them effect."""

    def __init__(self, name: str, account: str, region: str, resource_type: str) -> None:
        self._name = name
        self._account = account
        self._region = region
        self._service, self._kind = resource_type.split("::")[1:3]

    @property
    def physical_resource_id(self) -> str:
        """The generated name."""
        return self._name

    @staticmethod
    def cloudformation_type() -> str:
        """No type of AWS's: it is never looked up by type."""
        return "Mediawright::Local::Placeholder"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> Placeholder:
        """What moto calls for each resource."""
        kind = cloudformation_json["Type"]
        properties = cloudformation_json.get("Properties", {}) if kind in _KINDS else {}
        given = next((properties[name] for name in _NAMES if name in properties), None)
        return cls(given or resource_name, account_id, region_name, kind)

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003
        """Any attribute may be asked for."""
        return True

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """An ARN of the right form, or the name for any other attribute."""
        if attribute_name.endswith("Arn"):
            kind = _KINDS.get(f"AWS::{self._service}::{self._kind}", self._kind.lower())
            return f"arn:aws:{self._service.lower()}:{self._region}:{self._account}:{kind}/{self._name}"
        return self._name

    def delete(self, account_id: str, region_name: str) -> None:
        """Nothing was made."""


_EXECUTE_API = re.compile(r"https://[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com/[a-z]+/")
_served: list[str] = []


def install(api_url: str, client: Client | None = None, served: service.Served | None = None) -> None:
    """Patch moto's CloudFormation, from now on with this address of the REST API; again is harmless.

    `client` makes the clients of the services, `served` is told of every resource that was made or changed.
    """
    _served[:] = [api_url]
    service.install(client, served)
    if _ORIGINAL:
        return
    state_machines.install()
    _LAYER.physical_resource_id = property(lambda layer: layer.arn)
    _STACK.parse_template = staticmethod(_parse_template)
    for name, replacement in (
        ("resource_class_from_type", _resource_class_from_type),
        ("clean_json", _clean_json),
        ("generate_resource_name", _generate_resource_name),
    ):
        _ORIGINAL[name] = getattr(_PARSING, name)
        setattr(_PARSING, name, replacement)


def _parse_template(template: str) -> dict[str, Any]:
    """moto reads every template as YAML, which for one of our size takes a second."""
    try:
        return templates.read(template)
    except BadTemplate as error:
        raise _INVALID(message=str(error)) from error


def _resource_class_from_type(resource_type: str) -> Any:
    if resource_type == nested.KIND:
        return nested.NestedStack
    if resource_type == custom.KIND or resource_type.startswith(custom.PREFIX):
        return custom.CustomResource
    if resource_type in users.MODELS:
        return users.MODELS[resource_type]
    known = resource_type in _PARSING.get_model_map()
    if resource_type in _EMPTY_SHELLS or not known:
        return Placeholder
    return _ORIGINAL["resource_class_from_type"](resource_type)


def _clean_json(node: Any, resources: Any) -> Any:
    cleaned = _ORIGINAL["clean_json"](node, resources)
    if isinstance(cleaned, list) and isinstance(node, list):
        return [item for item in cleaned if item is not None]
    if isinstance(cleaned, str) and _EXECUTE_API.match(cleaned):
        return _EXECUTE_API.sub(_served[0], cleaned)
    return cleaned


_LONGEST = {"AWS::IAM::Role": 64, "AWS::SQS::Queue": 80, "AWS::CloudFormation::Stack": 128}
"""How many characters a generated name may have; no others of ours come near what their service takes."""


def _generate_resource_name(resource_type: str, stack_name: str, logical_id: str) -> str:
    """Functions get readable names here: people type them, and their log groups follow from them."""
    if resource_type == "AWS::Lambda::Function":
        return f"{stack_name[: 63 - len(logical_id)]}-{logical_id}"
    name: str = _ORIGINAL["generate_resource_name"](resource_type, stack_name, logical_id)
    excess = len(name) - _LONGEST.get(resource_type, len(name))
    # As in AWS the stack's name is cut: what tells the stack's resources from one another comes after it.
    return name if excess <= 0 else stack_name[: len(stack_name) - excess] + name[len(stack_name) :]
