from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.local.stack import templates
from tests.infrastructure.local.stack.cloudformation import CloudFormation, Template, client, cloudformation

INNER: Template = {
    "Parameters": {"Seconds": {"Type": "Number", "MinValue": 1}},
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": {"Ref": "Seconds"}}}},
    "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}},
}


def outer(seconds: int, url: str = "inner.template") -> Template:
    properties = {"TemplateURL": url, "Parameters": {"Seconds": seconds}}
    return {
        "Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": properties}},
        "Outputs": {
            "Queue": {"Value": {"Fn::GetAtt": ["Inner", "Outputs.Name"]}},
            "Id": {"Value": {"Ref": "Inner"}},
        },
    }


@pytest.fixture
def stacks() -> Iterator[CloudFormation]:
    with cloudformation() as made:
        templates.keep_nested({"inner.template": INNER})
        yield made
    templates.forget_nested()


def timeout(stacks: CloudFormation) -> str:
    url = client("sqs").get_queue_url(QueueName=stacks.outputs()["Queue"])["QueueUrl"]
    attributes: dict[str, str] = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
        "Attributes"
    ]
    return attributes["VisibilityTimeout"]


def test_a_nested_stack_is_a_stack_with_outputs(stacks: CloudFormation) -> None:
    assert stacks.create(outer(7)) == "CREATE_COMPLETE"

    assert timeout(stacks) == "7"
    assert stacks.status(stacks.outputs()["Id"]) == "CREATE_COMPLETE"
    assert ":stack/s-Inner-" in stacks.outputs()["Id"]


@pytest.mark.parametrize(
    "url",
    [
        "https://shelf.s3.amazonaws.com/deep/inner.json",
        "https://shelf.s3.us-east-1.amazonaws.com/deep/inner.json",
        "https://s3.amazonaws.com/shelf/deep/inner.json",
        "http://127.0.0.1:4566/shelf/deep/inner.json",
        "s3://shelf/deep/inner.json",
    ],
)
def test_its_template_comes_from_s3(stacks: CloudFormation, url: str) -> None:
    client("s3").create_bucket(Bucket="shelf")
    client("s3").put_object(Bucket="shelf", Key="deep/inner.json", Body=json.dumps(INNER))

    assert stacks.create(outer(8, url)) == "CREATE_COMPLETE"
    assert timeout(stacks) == "8"


@pytest.mark.parametrize("url", ["https://shelf.s3.amazonaws.com/nothing", "s3://none/x", "nonsense", "", "s3://x"])
def test_without_its_template_the_stack_fails_and_leaves_nothing(stacks: CloudFormation, url: str) -> None:
    client("s3").create_bucket(Bucket="shelf")

    assert stacks.create(outer(8, url)) == "ROLLBACK_COMPLETE"

    assert "Inner" in stacks.failures()
    assert stacks.resources() == {}


def test_a_change_of_a_parameter_reaches_it(stacks: CloudFormation) -> None:
    stacks.create(outer(7))
    before = stacks.outputs()

    assert stacks.update(outer(9)) == "UPDATE_COMPLETE"

    assert timeout(stacks) == "9"
    assert stacks.outputs() == before


def test_a_bad_parameter_takes_the_update_back(stacks: CloudFormation) -> None:
    stacks.create(outer(7))

    assert stacks.update(outer(0)) == "UPDATE_ROLLBACK_COMPLETE"

    assert "not less than 1" in stacks.failures()["Inner"]
    assert timeout(stacks) == "7"


def test_what_fails_inside_is_told_outside(stacks: CloudFormation) -> None:
    broken: Any = {"Resources": {"Bad": {"Type": "AWS::IAM::Role", "Properties": {}}}}
    templates.keep_nested({"inner.template": broken})
    template = outer(7)
    template["Resources"]["Inner"]["Properties"].pop("Parameters")
    template.pop("Outputs")

    assert stacks.create(template) == "ROLLBACK_COMPLETE"

    assert "AssumeRolePolicyDocument" in stacks.failures()["Inner"]
    assert len(stacks.client.describe_stacks()["Stacks"]) == 1


def test_it_goes_with_its_parent(stacks: CloudFormation) -> None:
    stacks.create(outer(7))
    nested = stacks.outputs()["Id"]

    stacks.client.delete_stack(StackName="s")

    assert client("sqs").list_queues().get("QueueUrls", []) == []
    assert stacks.status(nested) == "DELETE_COMPLETE"


def test_a_condition_may_leave_it_out_later(stacks: CloudFormation) -> None:
    template = outer(7) | {
        "Parameters": {"With": {"Type": "String"}},
        "Conditions": {"Wanted": {"Fn::Equals": [{"Ref": "With"}, "Yes"]}},
    }
    template["Resources"]["Inner"]["Condition"] = "Wanted"
    template["Resources"]["Topic"] = {"Type": "AWS::SNS::Topic"}
    for output in template["Outputs"].values():
        output["Condition"] = "Wanted"
    stacks.create(template, With="Yes")

    assert stacks.update(template, With="No") == "UPDATE_COMPLETE"

    assert list(stacks.resources()) == ["Topic"]
    assert stacks.outputs() == {}
    assert client("sqs").list_queues().get("QueueUrls", []) == []


def test_an_output_that_it_lacks_fails_the_stack(stacks: CloudFormation) -> None:
    template = outer(7)
    template["Outputs"]["Queue"]["Value"] = {"Fn::GetAtt": ["Inner", "Outputs.Other"]}

    assert stacks.create(template) == "ROLLBACK_COMPLETE"

    assert stacks.failures()["s"] == "Template error: resource Inner has no output Other"
    assert client("sqs").list_queues().get("QueueUrls", []) == []
