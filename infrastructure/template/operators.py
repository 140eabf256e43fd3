"""The media operators: a stack of their own, nested in the core's, with a function for each folder's handler."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from infrastructure.template import registrations
from infrastructure.template.layers import LAYERS
from infrastructure.template.places import RUNTIME, WORKING_TREE, Places

CONDITION = "DeploysMediaOperators"
IMAGE_CONDITION = "HasOperatorImage"
_CORES_IMAGE_CONDITION = "DeploysImageOperators"
LIBRARY = "OperatorLibrary"
ROLE = "MediaOperatorRole"
ARCHIVE = "operators"
_LOGS = "MediaOperatorLogs"
_STORAGE_MEGABYTES = 10_240
_SAME_IN_CORE = {
    "EnableXrayTrace": "Whether operators are traced with X-Ray",
    "ExternalBucketArn": "Another bucket, or a prefix of it, that operators may read; may be empty",
    "KmsKeyArn": "The key that encrypts the bucket, when it is the user's; may be empty",
    "LogRetentionDays": "For how many days logs are kept",
    "OperatorImageUri": "The container image of the operators that start ffmpeg; without it they are left out",
    "RegisterMediaOperations": "Whether media operations are registered, each with a workflow of its own",
}
"""Parameters that the core hands on under the name that they have there."""

Template = dict[str, Any]


class UnknownLayer(Exception):
    """An `operation.json` names a layer that there is not."""

    def __init__(self, operation: str, layer: str) -> None:
        super().__init__(f"the operation {operation} names the layer {layer}; there are {', '.join(LAYERS)}")


def operator_definitions(project: Path) -> list[dict[str, Any]]:
    """Every operation of every `operation.json` (which holds one, or a list that share a function), by name."""
    definitions: list[dict[str, Any]] = []
    for file in sorted((project / "operators" / "media").glob("*/operation.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        definitions.extend(content if isinstance(content, list) else [content])
    return sorted(definitions, key=lambda definition: str(definition["Name"]))


def logical_id(handler: str) -> str:
    """The name in the template of the function with a handler such as `operators.media.shot_detection.handler.x`."""
    folder = handler.split(".")[-3]
    return "Operator" + "".join(word.capitalize() for word in folder.split("_"))


def layers_of(entry: dict[str, Any]) -> list[str]:
    """The names of the layers that an operation asks for. Raises UnknownLayer."""
    names: list[str] = entry.get("Layers", [])
    for name in names:
        if name not in LAYERS:
            raise UnknownLayer(entry["Name"], name)
    return names


def runs_in_image(entry: dict[str, Any]) -> bool:
    """Whether an operation's function is made of the container image, which alone has ffmpeg beside PyAV."""
    return "Image" in entry


def operator_resources(project: Path, places: Places) -> Template:
    """The core template's part: the nested stack, and its outputs under the core stack's name.

    Empty when the project has no operators.
    """
    definitions = operator_definitions(project)
    if not definitions:
        return {}
    stack = {
        "Type": "AWS::CloudFormation::Stack",
        "Condition": CONDITION,
        "Properties": {
            "TemplateURL": places.library,
            "Parameters": {
                "CoreStack": {"Ref": "AWS::StackName"},
                "DataPlaneHandler": {"Ref": "DataPlaneHandler"},
                "DataPlaneHandlerArn": {"Fn::GetAtt": ["DataPlaneHandler", "Arn"]},
                "DataBucketArn": {"Fn::GetAtt": ["DataBucket", "Arn"]},
                registrations.REGISTRAR: {"Fn::GetAtt": ["WorkflowCustomResource", "Arn"]},
                **{name: {"Ref": name} for name in _SAME_IN_CORE},
            },
        },
    }
    outputs = {key: _passed_on(key, output) for key, output in _outputs(definitions).items()}
    return {"Resources": {LIBRARY: stack}, "Outputs": outputs}


def inner_templates(project: Path) -> dict[str, Template]:
    """The templates of the stacks nested in the core's, by the address that the working tree's template gives."""
    return {WORKING_TREE.library: operator_library(project)} if operator_definitions(project) else {}


def operator_library(project: Path, places: Places = WORKING_TREE) -> Template:
    """The nested stack's template, as CloudFormation runs it. Raises UnknownLayer."""
    definitions = operator_definitions(project)
    # Operations over the same handler share its function.
    handlers = {entry["Handler"]: entry for entry in definitions}
    functions = {logical_id(key): _function(entry, places) for key, entry in handlers.items()}
    registered = registrations.resources([(logical_id(entry["Handler"]), entry) for entry in definitions])
    used = sorted({name for entry in handlers.values() for name in layers_of(entry)})
    layers = {LAYERS[name].logical_id: _layer(name, places) for name in used}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Mediawright: the media operators",
        "Parameters": _parameters(),
        "Conditions": {
            "HasExternalBucket": _is_given("ExternalBucketArn"),
            "HasKmsKey": _is_given("KmsKeyArn"),
            IMAGE_CONDITION: _is_given("OperatorImageUri"),
            **registrations.conditions(IMAGE_CONDITION),
            "Traces": {"Fn::Equals": [{"Ref": "EnableXrayTrace"}, "Yes"]},
        },
        "Resources": {**functions, **layers, **registered, ROLE: _role(), _LOGS: _logs()},
        "Outputs": _outputs(definitions),
    }


def _is_given(parameter: str) -> Template:
    return {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]}


def _parameters() -> Template:
    descriptions = {
        "CoreStack": "The stack whose workflows may invoke these functions",
        "DataPlaneHandler": "The function that operators invoke to reach the data plane",
        "DataPlaneHandlerArn": "Its ARN",
        "DataBucketArn": "The data plane's bucket",
        registrations.REGISTRAR: "The function that registers operations and workflows",
        **_SAME_IN_CORE,
    }
    return {name: {"Type": "String", "Description": text} for name, text in descriptions.items()}


def _outputs(definitions: list[dict[str, Any]]) -> Template:
    outputs: Template = {
        LIBRARY + "Stack": _output("The stack of the media operators", {"Ref": "AWS::StackName"}),
        "MediaOperators": _output("The media operations that this stack brings", _names(definitions)),
    }
    for entry in definitions:
        key = f"MediaOperator{re.sub(r'[^A-Za-z0-9]', '', entry['Name'])}Arn"
        arn = {"Fn::GetAtt": [logical_id(entry["Handler"]), "Arn"]}
        condition = {"Condition": IMAGE_CONDITION} if runs_in_image(entry) else {}
        outputs[key] = {**condition, **_output(f"The function of the operation {entry['Name']}", arn)}
    return outputs


def _names(definitions: list[dict[str, Any]]) -> Any:
    whole = ",".join(entry["Name"] for entry in definitions)
    without = ",".join(entry["Name"] for entry in definitions if not runs_in_image(entry))
    return whole if whole == without else {"Fn::If": [IMAGE_CONDITION, whole, without]}


def _output(description: str, value: Any) -> Template:
    return {"Description": description, "Value": value}


def _passed_on(key: str, output: Template) -> Template:
    """The core stack's output of the same name, exported."""
    return {
        "Condition": _CORES_IMAGE_CONDITION if "Condition" in output else CONDITION,
        "Description": output["Description"],
        "Value": {"Fn::GetAtt": [LIBRARY, f"Outputs.{key}"]},
        "Export": {"Name": {"Fn::Sub": f"${{AWS::StackName}}:{key}"}},
    }


def _function(entry: dict[str, Any], places: Places) -> Template:
    properties = {
        **_code(entry, places),
        "Description": entry.get("Description", entry["Name"])[:256],
        "Architectures": [places.architecture],
        "MemorySize": entry.get("MemorySize", 1024),
        "Timeout": entry.get("Timeout", 900),
        # an operator has its file there, and what it makes of it
        "EphemeralStorage": {"Size": _STORAGE_MEGABYTES},
        "Role": {"Fn::GetAtt": [ROLE, "Arn"]},
        "Environment": {"Variables": _environment(entry)},
        "LoggingConfig": {"LogGroup": {"Ref": _LOGS}},
        "TracingConfig": {"Mode": {"Fn::If": ["Traces", "Active", "PassThrough"]}},
        # The workflow role may invoke what carries this tag.
        "Tags": [{"Key": "mediawright", "Value": {"Ref": "CoreStack"}}],
    }
    if layers := layers_of(entry):
        properties["Layers"] = [{"Ref": LAYERS[name].logical_id} for name in layers]
    condition = {"Condition": IMAGE_CONDITION} if runs_in_image(entry) else {}
    return {"Type": "AWS::Lambda::Function", **condition, "Properties": properties}


def _environment(entry: dict[str, Any]) -> Template:
    layers = (LAYERS[name] for name in layers_of(entry))
    own = {name: value for layer in layers for name, value in layer.environment.items()}
    return {"DataplaneEndpoint": {"Ref": "DataPlaneHandler"}, **own}


def _code(entry: dict[str, Any], places: Places) -> Template:
    if runs_in_image(entry) and places.images:
        image = {"ImageUri": {"Ref": "OperatorImageUri"}}
        return {"PackageType": "Image", "Code": image, "ImageConfig": {"Command": [entry["Handler"]]}}
    return {"Runtime": RUNTIME, "Handler": entry["Handler"], "Code": places.archive(ARCHIVE)}


def _layer(name: str, places: Places) -> Template:
    layer = LAYERS[name]
    return {
        "Type": "AWS::Lambda::LayerVersion",
        "Properties": {
            "Description": layer.description,
            "CompatibleRuntimes": [RUNTIME],
            "CompatibleArchitectures": [places.architecture],
            "Content": places.archive(layer.archive),
        },
    }


def _logs() -> Template:
    name = {"Fn::Sub": "/aws/lambda/${CoreStack}-MediaOperators"}
    properties = {"LogGroupName": name, "RetentionInDays": {"Ref": "LogRetentionDays"}}
    return {"Type": "AWS::Logs::LogGroup", "Properties": properties}


def _role() -> Template:
    external = _allow(
        "ExternalMedia", ["s3:GetObject"], [{"Ref": "ExternalBucketArn"}, {"Fn::Sub": "${ExternalBucketArn}/*"}]
    )
    key = {
        **_allow("Key", ["kms:Decrypt", "kms:GenerateDataKey"], {"Ref": "KmsKeyArn"}),
        "Condition": {"StringEquals": {"kms:ViaService": {"Fn::Sub": "s3.${AWS::Region}.${AWS::URLSuffix}"}}},
    }
    # X-Ray's actions have no resource type: AWS offers no ARN to name here.
    traces = _allow("Traces", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*")
    statements: list[Any] = [
        _allow("Logs", ["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": [_LOGS, "Arn"]}),
        _allow("DataPlane", ["lambda:InvokeFunction"], {"Ref": "DataPlaneHandlerArn"}),
        _allow("ReadMedia", ["s3:GetObject"], {"Fn::Sub": "${DataBucketArn}/*"}),
        _allow("WriteMedia", ["s3:PutObject"], {"Fn::Sub": "${DataBucketArn}/private/assets/*"}),
        {"Fn::If": ["HasExternalBucket", external, {"Ref": "AWS::NoValue"}]},
        {"Fn::If": ["HasKmsKey", key, {"Ref": "AWS::NoValue"}]},
        {"Fn::If": ["Traces", traces, {"Ref": "AWS::NoValue"}]},
    ]
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": statements}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "operator", "PolicyDocument": document}],
        },
    }


def _allow(sid: str, actions: list[str], resource: Any) -> Template:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
