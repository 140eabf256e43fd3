"""A nested stack is made from its template, and its outputs are attributes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infrastructure.local.stack.deploy import deploy

INNER = {
    "Parameters": {"Name": {"Type": "String"}},
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Name"}}},
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/inner", "RetentionInDays": 30}},
    },
    "Outputs": {"Arn": {"Value": {"Ref": "Topic"}}},
}


def outer(url: str) -> dict[str, Any]:
    properties = {"TemplateURL": url, "Parameters": {"Name": {"Fn::Sub": "${AWS::StackName}-topic"}}}
    return {
        "Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": properties}},
        "Outputs": {"Topic": {"Value": {"Fn::GetAtt": ["Inner", "Outputs.Arn"]}}},
    }


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        make: Any = boto3.client
        yield cache(lambda service: make(service, region_name="us-east-1"))


def test_a_template_at_hand_is_made_with_the_parameters_it_is_given(client: Any) -> None:
    url = "https://working-tree.s3.amazonaws.com/inner.json"

    stack = deploy(outer(url), client, "http://127.0.0.1:8000/api/", "whole", inner={url: INNER})

    assert stack.outputs["Topic"].endswith(":whole-topic")


def test_what_moto_forgets_of_a_nested_resource_is_given_effect_too(client: Any) -> None:
    url = "https://working-tree.s3.amazonaws.com/inner.json"

    deploy(outer(url), client, "http://127.0.0.1:8000/api/", "whole", inner={url: INNER})

    [group] = client("logs").describe_log_groups(logGroupNamePrefix="/inner")["logGroups"]
    assert group["retentionInDays"] == 30


def test_any_other_template_is_read_from_s3(client: Any) -> None:
    client("s3").create_bucket(Bucket="mine")
    client("s3").put_object(Bucket="mine", Key="inner.json", Body=json.dumps(INNER))

    stack = deploy(outer("https://mine.s3.amazonaws.com/inner.json"), client, "http://127.0.0.1:8000/api/", "whole")

    assert stack.outputs["Topic"].endswith(":whole-topic")


def test_an_output_that_the_nested_stack_lacks_is_refused(client: Any) -> None:
    url = "https://working-tree.s3.amazonaws.com/inner.json"
    template = outer(url)
    template["Outputs"]["Topic"]["Value"] = {"Fn::GetAtt": ["Inner", "Outputs.Other"]}

    with pytest.raises(ClientError, match="has no output Other"):
        deploy(template, client, "http://127.0.0.1:8000/api/", "whole", inner={url: INNER})
