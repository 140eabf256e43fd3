"""State machines of a template are deployed and run, however the template writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infrastructure.local.stack.deploy import DeployedStack, deploy
from infrastructure.local.stack.state_machines import definition
from infrastructure.template.expand import expand
from tests.infrastructure.local.states.world import World, only, task, world

ASL = {"QueryLanguage": "JSONata", "StartAt": "Only", "States": dict([only(task("${Function}"))])}
SUBSTITUTIONS = {"Function": {"Fn::GetAtt": ["Work", "Arn"]}}
ROLE = {"Fn::GetAtt": ["Role", "Arn"]}
SAM = {
    "Type": "AWS::Serverless::StateMachine",
    "Properties": {
        "Name": {"Fn::Sub": "${AWS::StackName}-batches"},
        "Role": ROLE,
        "Definition": ASL,
        "DefinitionSubstitutions": SUBSTITUTIONS,
        "Tracing": {"Enabled": True},
    },
}
PLAIN = {
    "Type": "AWS::StepFunctions::StateMachine",
    "Properties": {"RoleArn": ROLE, "Definition": ASL, "DefinitionSubstitutions": SUBSTITUTIONS},
}


def template(machine: dict[str, Any]) -> dict[str, Any]:
    code = {"Handler": "work.handler", "Runtime": "python3.11", "CodeUri": "s3://working-tree/work", "Role": ROLE}
    principal = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [principal]}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
            "Work": {"Type": "AWS::Serverless::Function", "Properties": code},
            "Machine": machine,
        },
        "Outputs": {
            "Ref": {"Value": {"Ref": "Machine"}},
            "Arn": {"Value": {"Fn::GetAtt": ["Machine", "Arn"]}},
            "Name": {"Value": {"Fn::GetAtt": ["Machine", "Name"]}},
            "Function": {"Value": {"Ref": "Work"}},
        },
    }


def client(service: str) -> Any:
    make: Any = boto3.client
    return make(service, region_name="us-east-1")


@contextmanager
def deployed(machine: dict[str, Any]) -> Iterator[tuple[World, DeployedStack]]:
    with world() as aws:
        yield aws, deploy(expand(template(machine)), client, "http://127.0.0.1:8000/api/", "stack")


@pytest.mark.parametrize("machine", [SAM, PLAIN])
def test_given_a_machine_in_the_template_then_it_runs(machine: dict[str, Any]) -> None:
    with deployed(machine) as (aws, stack):
        aws.functions[stack.outputs["Function"]] = lambda event: {"got": event}
        described = aws.end(aws.start(stack.outputs["Arn"], {"a": 1}))
    assert stack.outputs["Ref"] == stack.outputs["Arn"]
    assert stack.outputs["Arn"].endswith(f":stateMachine:{stack.outputs['Name']}")
    assert json.loads(described["output"])["Payload"] == {"got": {"a": 1}}


def test_given_a_name_and_a_type_then_the_machine_has_them() -> None:
    with deployed({**SAM, "Properties": {**SAM["Properties"], "Type": "EXPRESS"}}) as (aws, stack):
        described = aws.client.describe_state_machine(stateMachineArn=stack.outputs["Arn"])
    assert (described["name"], described["type"]) == ("stack-batches", "EXPRESS")


def test_given_a_stack_that_is_deleted_then_its_machine_is_gone() -> None:
    with deployed(SAM) as (aws, stack):
        client("cloudformation").delete_stack(StackName="stack")
        with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
            aws.client.describe_state_machine(stateMachineArn=stack.outputs["Arn"])


def test_given_another_definition_then_the_machine_gets_it() -> None:
    other = {**ASL, "Comment": "second"}
    with deployed(SAM) as (aws, stack):
        changed = expand(template({**SAM, "Properties": {**SAM["Properties"], "Definition": other}}))
        client("cloudformation").update_stack(
            StackName="stack", TemplateBody=json.dumps(changed), Capabilities=["CAPABILITY_IAM"]
        )
        text = aws.client.describe_state_machine(stateMachineArn=stack.outputs["Arn"])["definition"]
    assert json.loads(text)["Comment"] == "second"
    assert "${" not in text


def test_given_a_place_without_a_value_then_it_stays() -> None:
    given = {"DefinitionString": '{"a": "${A}", "b": "${B}"}', "DefinitionSubstitutions": {"A": 1}}
    assert definition(given) == '{"a": "1", "b": "${B}"}'
    with pytest.raises(ValueError, match="must be in the template"):
        definition({"DefinitionS3Location": {}})
