"""State machines of a template: definitions with substitutions, types, ARNs. moto's CloudFormation forgets them."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import moto.stepfunctions.models as moto_states
from moto.stepfunctions.utils import cfn_to_api_tags

_STATES: Any = moto_states
_MACHINE: Any = moto_states.StateMachine
_PLACE = re.compile(r"\$\{([^}]+)\}")


def definition(properties: dict[str, Any]) -> str:
    """The definition as the machine gets it. Raises ValueError for one that lies in S3."""
    if "DefinitionString" in properties:
        text = str(properties["DefinitionString"])
    elif "Definition" in properties:
        text = json.dumps(properties["Definition"])
    else:
        raise ValueError("a state machine's definition must be in the template: DefinitionString or Definition")
    values = properties.get("DefinitionSubstitutions") or {}
    return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), text)


def _create(
    resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
) -> Any:
    properties = cloudformation_json["Properties"]
    # The backend is looked up late: the executing one takes moto's place when Step Functions is installed.
    return _STATES.stepfunctions_backends[account_id][region_name].create_state_machine(
        properties.get("StateMachineName") or resource_name,
        definition(properties),
        properties.get("RoleArn", ""),
        tags=cfn_to_api_tags(properties.get("Tags", [])),
        sm_type=properties.get("StateMachineType"),
    )


def _updating(original: Any) -> Any:
    def update(cloudformation_json: dict[str, Any], **rest: Any) -> Any:
        properties = cloudformation_json["Properties"]
        whole = {**properties, "DefinitionString": definition(properties)}
        return original(cloudformation_json={**cloudformation_json, "Properties": whole}, **rest)

    return update


def _with_arn(original: Any) -> Any:
    def get_cfn_attribute(self: Any, attribute_name: str) -> Any:
        return self.arn if attribute_name == "Arn" else original(self, attribute_name)

    return get_cfn_attribute


@cache
def install() -> None:
    """Let CloudFormation make machines as AWS does."""
    has_attribute = _MACHINE.has_cfn_attr
    _MACHINE.create_from_cloudformation_json = staticmethod(_create)
    _MACHINE.update_from_cloudformation_json = staticmethod(_updating(_MACHINE.update_from_cloudformation_json))
    _MACHINE.has_cfn_attr = staticmethod(lambda attr: attr == "Arn" or has_attribute(attr))
    _MACHINE.get_cfn_attribute = _with_arn(_MACHINE.get_cfn_attribute)
