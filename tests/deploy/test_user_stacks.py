"""Stacks of users' own, with custom resources whose functions run in workers, by the ordinary client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

CODE = """
import json
import urllib.request

def handler(event, context):
    properties = event["ResourceProperties"]
    if properties.get("Say") == "nothing":
        return
    failed = event["RequestType"] in properties.get("FailAt", [])
    physical = f"thing-{properties['Name']}"
    answer = {
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
        "Status": "FAILED" if failed else "SUCCESS",
        "Reason": f"told to fail at {event['RequestType']}",
        "PhysicalResourceId": physical,
        "Data": {"Seen": json.dumps(properties["Seen"]), "Old": json.dumps(event.get("OldResourceProperties"))},
    }
    body = json.dumps(answer).encode()
    request = urllib.request.Request(event["ResponseURL"], body, {"Content-Type": ""}, method="PUT")
    urllib.request.urlopen(request)
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


def template(**properties: Any) -> str:
    thing = {
        "ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]},
        "Name": "one",
        "Seen": {"Number": 5, "Flag": True, "List": [1.5]},
        **properties,
    }
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "things",
                "Handler": "index.handler",
                "Runtime": "python3.12",
                "Timeout": 30,
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": CODE},
            },
        },
        "Thing": {"Type": "Custom::Thing", "Properties": thing},
    }
    outputs = {
        "Id": {"Value": {"Ref": "Thing"}},
        "Seen": {"Value": {"Fn::GetAtt": ["Thing", "Seen"]}},
    }
    return json.dumps({"Resources": resources, "Outputs": outputs})


@pytest.fixture
def stack(cloudformation: Any) -> Iterator[Any]:
    yield cloudformation
    cloudformation.delete_stack(StackName="things")


def described(cloudformation: Any) -> dict[str, Any]:
    [stack] = cloudformation.describe_stacks(StackName="things")["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    events = cloudformation.describe_stack_events(StackName="things")["StackEvents"]
    failed = [event.get("ResourceStatusReason") for event in events if event["ResourceStatus"].endswith("_FAILED")]
    return {"status": stack["StackStatus"], **outputs, "failed": failed}


def test_a_function_sees_text_and_its_answer_is_the_resource(stack: Any) -> None:
    stack.create_stack(StackName="things", TemplateBody=template())

    found = described(stack)
    assert (found["status"], found["Id"]) == ("CREATE_COMPLETE", "thing-one")
    assert json.loads(found["Seen"]) == {"Number": "5", "Flag": "true", "List": ["1.5"]}


def test_a_failure_takes_everything_back_and_has_its_reason(stack: Any) -> None:
    stack.create_stack(StackName="things", TemplateBody=template(FailAt=["Create"]))

    found = described(stack)
    assert found["status"] == "ROLLBACK_COMPLETE"
    assert "told to fail at Create" in found["failed"][0]
    assert stack.list_stack_resources(StackName="things")["StackResourceSummaries"] == []


def test_no_answer_fails_after_the_resources_own_timeout(stack: Any) -> None:
    stack.create_stack(StackName="things", TemplateBody=template(Say="nothing", ServiceTimeout=1))

    found = described(stack)
    assert "did not receive a response" in found["failed"][0]


def test_another_physical_id_replaces_the_resource(stack: Any) -> None:
    stack.create_stack(StackName="things", TemplateBody=template())

    stack.update_stack(StackName="things", TemplateBody=template(Name="two"))

    assert (described(stack)["status"], described(stack)["Id"]) == ("UPDATE_COMPLETE", "thing-two")


def test_a_failed_update_goes_back(stack: Any) -> None:
    stack.create_stack(StackName="things", TemplateBody=template())

    stack.update_stack(StackName="things", TemplateBody=template(Name="two", FailAt=["Update"]))

    found = described(stack)
    assert (found["status"], found["Id"]) == ("UPDATE_ROLLBACK_COMPLETE", "thing-one")
    assert "told to fail at Update" in str(found["failed"])


def test_a_change_set_creates_and_updates_as_aws_cloudformation_deploy_does(stack: Any) -> None:
    for kind, name in (("CREATE", "one"), ("UPDATE", "two")):
        change = stack.create_change_set(
            StackName="things", ChangeSetName=f"c-{name}", ChangeSetType=kind, TemplateBody=template(Name=name)
        )
        stack.execute_change_set(ChangeSetName=change["Id"], StackName="things")

        assert (described(stack)["status"], described(stack)["Id"]) == (f"{kind}_COMPLETE", f"thing-{name}")


def test_a_change_set_keeps_previous_values_of_every_type(stack: Any) -> None:
    document = json.loads(template())
    document["Parameters"] = {
        "Times": {"Type": "Number", "MinValue": 1},
        "Names": {"Type": "CommaDelimitedList"},
        "Word": {"Type": "String"},
    }
    document["Outputs"] = {
        "Said": {
            "Value": {"Fn::Join": ["-", [{"Ref": "Times"}, {"Ref": "Word"}, {"Fn::Select": [1, {"Ref": "Names"}]}]]}
        }
    }
    given = [("Times", "2"), ("Names", "a,b"), ("Word", "one")]
    stack.create_stack(
        StackName="things",
        TemplateBody=json.dumps(document),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given],
    )

    change = stack.create_change_set(
        StackName="things",
        ChangeSetName="again",
        ChangeSetType="UPDATE",
        TemplateBody=json.dumps(document),
        Parameters=[
            {"ParameterKey": "Times", "UsePreviousValue": True},
            {"ParameterKey": "Names", "UsePreviousValue": True},
            {"ParameterKey": "Word", "ParameterValue": "two"},
        ],
    )
    stack.execute_change_set(ChangeSetName=change["Id"], StackName="things")

    [answer] = stack.describe_stacks(StackName="things")["Stacks"]
    assert {output["OutputKey"]: output["OutputValue"] for output in answer["Outputs"]} == {"Said": "2-two-b"}
