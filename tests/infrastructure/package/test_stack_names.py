"""The longest legal stack name makes no name that AWS would refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infrastructure.local.endpoint import s3_adapters
from infrastructure.local.stack.deploy import deploy
from infrastructure.template.expand import expanded
from infrastructure.template.operators import inner_templates, operator_library
from tests.infrastructure.sample_project import REPOSITORY

LONGEST = "Z" * 128
VALUES = {
    "AWS::StackName": LONGEST,
    "CoreStack": LONGEST,
    "ShortUuid": "abc123",
    "AWS::AccountId": "123456789012",
    "AWS::Region": "ap-southeast-3",  # none is longer
}
LIMITS = {
    "AWS::ApiGateway::RestApi": ("Name", 1024),
    "AWS::CloudWatch::Alarm": ("AlarmName", 255),
    "AWS::CloudWatch::Dashboard": ("DashboardName", 255),
    "AWS::Cognito::UserPool": ("UserPoolName", 128),
    "AWS::DynamoDB::Table": ("TableName", 255),
    "AWS::Events::Rule": ("Name", 64),
    "AWS::IAM::Role": ("RoleName", 64),
    "AWS::KMS::Alias": ("AliasName", 256),
    "AWS::Kinesis::Stream": ("Name", 128),
    "AWS::Lambda::Function": ("FunctionName", 64),
    "AWS::Lambda::LayerVersion": ("LayerName", 140),
    "AWS::Logs::LogGroup": ("LogGroupName", 512),
    "AWS::S3::Bucket": ("BucketName", 63),
    "AWS::SNS::Topic": ("TopicName", 256),
    "AWS::SQS::Queue": ("QueueName", 80),
    "AWS::Scheduler::ScheduleGroup": ("Name", 64),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", 80),
}
"""What may be given a name, and how many characters it may have (AWS's quotas and API references)."""

RESOURCES = {**expanded(REPOSITORY)["Resources"], **operator_library(REPOSITORY)["Resources"]}
NAME = re.compile(r"[A-Z]?[A-Za-z]*Name|Name")


def text(value: Any) -> str:
    """A value with its substitutions made."""
    if not isinstance(value, dict):
        return str(value)
    if "Ref" in value:
        return VALUES[value["Ref"]]
    given = value["Fn::Sub"]
    pattern = given[0] if isinstance(given, list) else given
    return re.sub(r"\$\{([^}]+)\}", lambda place: VALUES[place[1]], pattern)


def names() -> Iterator[tuple[str, str, str]]:
    for logical_id, entry in RESOURCES.items():
        key, _ = LIMITS.get(entry["Type"], ("", 0))
        if key in entry.get("Properties", {}):
            yield logical_id, entry["Type"], text(entry["Properties"][key])


def test_given_names_fit_what_aws_takes() -> None:
    assert {kind for _, kind, _ in names()} >= {"AWS::Lambda::Function", "AWS::Logs::LogGroup"}
    assert [(logical_id, len(name)) for logical_id, kind, name in names() if len(name) > LIMITS[kind][1]] == []


def test_no_name_made_of_the_stacks_is_overlooked() -> None:
    """A property that is a name and holds the stack's is one of those above."""
    for logical_id, entry in RESOURCES.items():
        for key, value in entry.get("Properties", {}).items():
            if NAME.fullmatch(key) and "StackName" in str(value):
                assert LIMITS.get(entry["Type"], ("",))[0] == key, f"{logical_id}.{key}"


def test_exports_fit_what_cloudformation_takes() -> None:
    outputs = expanded(REPOSITORY)["Outputs"].values()

    exports = [text(output["Export"]["Name"]) for output in outputs if "Export" in output]

    assert max(len(name) for name in exports) <= 255


@pytest.mark.parametrize("name", ["x", LONGEST])
def test_the_stack_is_made_under_any_name(name: str) -> None:
    s3_adapters.install("http://127.0.0.1:1")
    with mock_aws():
        make: Any = boto3.client
        client = cache(lambda service: make(service, region_name="us-east-1"))
        template, inner = expanded(REPOSITORY), inner_templates(REPOSITORY)
        # registering asks a function, and none runs here
        parameters = {"RegisterMediaOperations": "No"}
        stack = deploy(template, client, "http://127.0.0.1:8000/api/", name, parameters, inner=inner)

    functions = [function.name for function in stack.functions]
    assert len(set(functions)) == len(functions)
    assert max(len(function) for function in functions) <= 64
