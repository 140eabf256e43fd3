"""The template's part for the media operators: one function for each `operators/media/*/operation.json`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROLE = "MediaOperatorRole"
CONDITION = "DeploysMediaOperators"


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


def operator_resources(project: Path, code_uri: str, runtime: str) -> dict[str, Any]:
    """Functions, their role, an output with the operations' names and one for each with its function's ARN.

    Empty when the project has no operators.
    """
    definitions = operator_definitions(project)
    if not definitions:
        return {}
    # Operations over the same handler share its function.
    handlers = {entry["Handler"]: entry for entry in definitions}
    functions = {logical_id(key): _function(entry, code_uri, runtime) for key, entry in handlers.items()}
    return {
        "Resources": {**functions, ROLE: _role(), "MediaOperatorLogs": _logs()},
        "Outputs": _outputs(definitions),
    }


def _outputs(definitions: list[dict[str, Any]]) -> dict[str, Any]:
    names = ",".join(entry["Name"] for entry in definitions)
    outputs = {"MediaOperators": _output("The media operations that this stack brings", names, "MediaOperators")}
    for entry in definitions:
        key = f"MediaOperator{re.sub(r'[^A-Za-z0-9]', '', entry['Name'])}Arn"
        arn = {"Fn::GetAtt": [logical_id(entry["Handler"]), "Arn"]}
        outputs[key] = _output(f"The function of the operation {entry['Name']}", arn, key)
    return outputs


def _output(description: str, value: Any, export: str) -> dict[str, Any]:
    return {
        "Condition": CONDITION,
        "Description": description,
        "Value": value,
        "Export": {"Name": {"Fn::Sub": f"${{AWS::StackName}}:{export}"}},
    }


def _function(entry: dict[str, Any], code_uri: str, runtime: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Serverless::Function",
        "Condition": CONDITION,
        "Properties": {
            "Description": entry.get("Description", entry["Name"])[:256],
            "Runtime": runtime,
            "Handler": entry["Handler"],
            "CodeUri": code_uri,
            "MemorySize": entry.get("MemorySize", 1024),
            "Timeout": entry.get("Timeout", 900),
            "Role": {"Fn::GetAtt": [ROLE, "Arn"]},
            "Environment": {"Variables": {"DataplaneEndpoint": {"Ref": "DataPlaneHandler"}}},
            "LoggingConfig": {"LogGroup": {"Ref": "MediaOperatorLogs"}},
            # The workflow role may invoke what carries this tag.
            "Tags": {"mediawright": {"Ref": "AWS::StackName"}},
        },
    }


def _logs() -> dict[str, Any]:
    name = {"Fn::Sub": "/aws/lambda/${AWS::StackName}-MediaOperators"}
    return {
        "Type": "AWS::Logs::LogGroup",
        "Condition": CONDITION,
        "Properties": {"LogGroupName": name, "RetentionInDays": 30},
    }


def _role() -> dict[str, Any]:
    external = {"Sid": "ExternalMedia", "Effect": "Allow", "Action": "s3:GetObject"}
    external_resource = [{"Ref": "ExternalBucketArn"}, {"Fn::Sub": "${ExternalBucketArn}/*"}]
    statements: list[Any] = [
        _allow("Logs", ["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": ["MediaOperatorLogs", "Arn"]}),
        _allow("DataPlane", ["lambda:InvokeFunction"], {"Fn::GetAtt": ["DataPlaneHandler", "Arn"]}),
        _allow("ReadMedia", ["s3:GetObject"], {"Fn::Sub": "${DataBucket.Arn}/*"}),
        _allow("WriteMedia", ["s3:PutObject"], {"Fn::Sub": "${DataBucket.Arn}/private/*"}),
        {"Fn::If": ["HasExternalBucket", {**external, "Resource": external_resource}, {"Ref": "AWS::NoValue"}]},
    ]
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {
        "Type": "AWS::IAM::Role",
        "Condition": CONDITION,
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [
                {
                    "PolicyName": "operator",
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
                }
            ],
        },
    }


def _allow(sid: str, actions: list[str], resource: dict[str, Any]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
