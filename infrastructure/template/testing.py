"""The functions that a stack has with `DeployTestResources`, under the outputs of the old engine's test stack.

The old stack had a function for each type of media; ours don't look at media, so that several outputs name one.
"""

from __future__ import annotations

from typing import Any

from infrastructure.template.fragments import Template
from infrastructure.template.operators import ARCHIVE
from infrastructure.template.places import RUNTIME, Places

CONDITION = "DeploysTestResources"
_ROLE, _LOGS = "TestOperatorRole", "TestOperatorLogs"
_TYPES = ("Video", "Audio", "Image", "Text")
_FUNCTIONS = {
    "TestSyncOk": ("sync_ok", [f"{kind}SyncOKLambda" for kind in _TYPES]),
    "TestSyncFail": ("sync_fail", ["VideoSyncFailLambda"]),
    "TestAsyncOk": ("async_ok", [f"{kind}AsyncOKLambda" for kind in _TYPES]),
    "TestAsyncOkMonitor": ("async_ok_monitor", [f"{kind}AsyncOKMonitorLambda" for kind in _TYPES]),
    "TestAsyncFailMonitor": ("async_fail_monitor", ["VideoAsyncFailMonitorLambda"]),
}
"""Handler and outputs by logical id."""


def testing_resources(places: Places) -> Template:
    """The core template's part. `TestStack` names the stack in which the other outputs are found: this one."""
    functions = {name: _function(handler, places) for name, (handler, _) in _FUNCTIONS.items()}
    arns = {output: {"Fn::GetAtt": [name, "Arn"]} for name, (_, named) in _FUNCTIONS.items() for output in named}
    outputs = {name: _output(arn) for name, arn in arns.items()}
    return {
        "Resources": {**functions, _ROLE: _role(), _LOGS: _logs()},
        "Outputs": {**outputs, "TestStack": _output({"Ref": "AWS::StackId"})},
    }


def _output(value: Template) -> Template:
    return {"Condition": CONDITION, "Value": value}


def _function(handler: str, places: Places) -> Template:
    return {
        "Type": "AWS::Lambda::Function",
        "Condition": CONDITION,
        "Properties": {
            "Description": "An operator for tests of workflows",
            "Runtime": RUNTIME,
            "Architectures": [places.architecture],
            "Handler": f"operators.testing.handlers.{handler}",
            "Code": places.archive(ARCHIVE),
            "MemorySize": 256,
            "Timeout": 30,
            "Role": {"Fn::GetAtt": [_ROLE, "Arn"]},
            "LoggingConfig": {"LogGroup": {"Ref": _LOGS}},
            # The workflow role may invoke what carries this tag.
            "Tags": [{"Key": "mediawright", "Value": {"Ref": "AWS::StackName"}}],
        },
    }


def _logs() -> Template:
    name = {"Fn::Sub": "/aws/lambda/${AWS::StackName}-TestOperators"}
    properties = {"LogGroupName": name, "RetentionInDays": {"Ref": "LogRetentionDays"}}
    return {"Type": "AWS::Logs::LogGroup", "Condition": CONDITION, "Properties": properties}


def _role() -> Template:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    logs: dict[str, Any] = {
        "Sid": "Logs",
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": {"Fn::GetAtt": [_LOGS, "Arn"]},
    }
    document = {"Version": "2012-10-17", "Statement": [logs]}
    return {
        "Type": "AWS::IAM::Role",
        "Condition": CONDITION,
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "operator", "PolicyDocument": document}],
        },
    }
