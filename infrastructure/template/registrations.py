"""The media operations as the operators' stack registers them with the engine, each with a workflow of its own."""

from __future__ import annotations

import json
from typing import Any

from mediawright import media

Template = dict[str, Any]

REGISTERS = "RegistersOperations"
REGISTERS_IMAGE = "RegistersOperationsOfImage"
REGISTRAR = "WorkflowCustomResourceArn"
"""The parameter with the function behind the engine's custom resources."""


def conditions(image: str) -> Template:
    """When there is something to register; `image` names the condition that there is the container image."""
    registers = {"Fn::Equals": [{"Ref": "RegisterMediaOperations"}, "Yes"]}
    return {REGISTERS: registers, REGISTERS_IMAGE: {"Fn::And": [{"Condition": image}, {"Condition": REGISTERS}]}}


def resources(operations: list[tuple[str, dict[str, Any]]]) -> Template:
    """The resources that register operations; each comes with its function's logical id."""
    found: Template = {}
    for function, entry in operations:
        name = function.removeprefix("Operator")
        if name in media.NAMES:
            condition = REGISTERS_IMAGE if "Image" in entry else REGISTERS
            found |= _registered(function, entry, media.configuration_schema(name), condition)
    return found


def _registered(function: str, entry: dict[str, Any], schema: dict[str, Any], condition: str) -> Template:
    name = entry["Name"]
    operation, workflow = f"{name}Operation", f"Run{name}Workflow"
    return {
        operation: _resource(
            "Operation",
            condition,
            Name=name,
            Type=entry["Type"],
            StartLambdaArn={"Fn::GetAtt": [function, "Arn"]},
            Configuration=entry["Configuration"],
            # as one text: CloudFormation would make text of every number in it
            ConfigurationSchema=json.dumps(schema),
        ),
        workflow: _resource(
            "Workflow",
            condition,
            Name=f"Run{name}",
            StartAt={"Fn::GetAtt": [operation, "StageName"]},
            Stages=json.dumps({f"_{name}": {"End": True}}),
            # a workflow is a copy of its operations: whatever changes in one has to change the other
            Settings=json.dumps([entry["Configuration"], schema]),
        ),
    }


def _resource(kind: str, condition: str, **properties: Any) -> Template:
    own = {"ServiceToken": {"Ref": REGISTRAR}, "ResourceType": kind.upper()}
    return {"Type": f"Custom::Mediawright{kind}", "Condition": condition, "Properties": {**own, **properties}}
