from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infrastructure.local.stack import adapters

URL = "http://127.0.0.1:8000/api/"


@pytest.fixture
def cloudformation() -> Iterator[Any]:
    adapters.install(URL)
    with mock_aws():
        session: Any = boto3.Session(region_name="us-east-1")
        yield session.client("cloudformation")


def outputs(cloudformation: Any, template: dict[str, Any]) -> dict[str, dict[str, str]]:
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(template))
    [stack] = cloudformation.describe_stacks(StackName="s")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    return {output["OutputKey"]: output for output in stack["Outputs"]}


def test_types_that_moto_does_not_know_can_be_referred_to(cloudformation: Any) -> None:
    template = {
        "Resources": {"Board": {"Type": "AWS::Synthetics::Canary", "Properties": {"Name": "x"}}},
        "Outputs": {
            "Name": {"Value": {"Ref": "Board"}},
            "Arn": {"Value": {"Fn::GetAtt": ["Board", "Arn"]}},
            "Text": {"Value": {"Fn::Sub": "x ${Board.Whatever}"}},
        },
    }

    found = outputs(cloudformation, template)

    assert found["Name"]["OutputValue"].startswith("s-Board-")
    assert found["Arn"]["OutputValue"].startswith("arn:aws:synthetics:us-east-1:123456789012:canary/s-Board-")
    assert found["Text"]["OutputValue"].startswith("x s-Board-")


def test_a_schedule_group_is_known_by_its_name(cloudformation: Any) -> None:
    template = {
        "Resources": {"Group": {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": "nightly"}}},
        "Outputs": {"Name": {"Value": {"Ref": "Group"}}, "Arn": {"Value": {"Fn::GetAtt": ["Group", "Arn"]}}},
    }

    found = outputs(cloudformation, template)

    assert found["Name"]["OutputValue"] == "nightly"
    assert found["Arn"]["OutputValue"] == "arn:aws:scheduler:us-east-1:123456789012:schedule-group/nightly"


def test_no_value_leaves_lists(cloudformation: Any) -> None:
    join = {"Fn::Join": [",", ["a", {"Ref": "AWS::NoValue"}, "b"]]}
    template = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}, "Outputs": {"List": {"Value": join}}}

    assert outputs(cloudformation, template)["List"]["OutputValue"] == "a,b"


def test_the_rest_apis_address_is_where_it_is_served(cloudformation: Any) -> None:
    address = {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/api/"}
    arn = {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"}
    template = {
        "Resources": {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "x"}}},
        "Outputs": {"Address": {"Value": address}, "Arn": {"Value": arn}},
    }

    found = outputs(cloudformation, template)

    assert found["Address"]["OutputValue"] == URL
    assert found["Arn"]["OutputValue"].startswith("arn:aws:execute-api:us-east-1:123456789012:")


def test_outputs_of_one_value_keep_their_own_export_names(cloudformation: Any) -> None:
    def output(name: str) -> dict[str, Any]:
        return {"Value": "same", "Export": {"Name": {"Fn::Sub": "${AWS::StackName}:" + name}}}

    template = {
        "Resources": {"T": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"A": output("first"), "B": output("second"), "C": {"Value": "same"}},
    }

    found = outputs(cloudformation, template)

    assert [found[key].get("ExportName") for key in "ABC"] == ["s:first", "s:second", None]


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_a_template_may_be_json_or_yaml(cloudformation: Any, form: str) -> None:
    text = "Resources: {Queue: {Type: 'AWS::SQS::Queue'}}\nOutputs: {Name: {Value: !GetAtt Queue.QueueName}}"
    if form == "json":
        text = json.dumps(
            {
                "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
                "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}},
            }
        )

    cloudformation.create_stack(StackName="s", TemplateBody=text)

    [stack] = cloudformation.describe_stacks(StackName="s")["Stacks"]
    assert stack["Outputs"][0]["OutputValue"].startswith("s-Queue-")
