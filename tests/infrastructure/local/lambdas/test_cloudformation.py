"""Functions, mappings and rules that a template creates work like those that a client creates."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.local.events import rules as event_rules
from infrastructure.local.events import sources as event_sources
from tests.infrastructure.local.lambdas.embedded_lambda import EmbeddedLambda, embedded_lambda, until

CODE = """
import os
def handler(event, context):
    print(os.environ["WORD"], len(event.get("Records", [])))
    return os.environ["WORD"]
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "KeySchema": [{"AttributeName": "Id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "Id", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
                "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "templated",
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": CODE},
                "Timeout": 20,
                "Environment": {"Variables": {"WORD": "first"}},
            },
        },
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Table", "StreamArn"]},
                "FunctionName": {"Ref": "Function"},
                "StartingPosition": "TRIM_HORIZON",
                "BatchSize": 100,
                "FilterCriteria": {"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]},
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": ["aws.states"]},
                "Targets": [{"Id": "one", "Arn": {"Fn::GetAtt": ["Function", "Arn"]}}],
            },
        },
    },
    "Outputs": {"Stream": {"Value": {"Fn::GetAtt": ["Table", "StreamArn"]}}},
}


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedLambda]:
    with embedded_lambda() as running:
        yield running


def test_a_template_makes_a_function_that_is_called_by_invoke_stream_and_rule(aws: EmbeddedLambda) -> None:
    sources = event_sources.install(aws.functions.invoke)
    rules = event_rules.install(aws.functions)
    cloudformation = aws.client("cloudformation")
    try:
        cloudformation.create_stack(StackName="stack", TemplateBody=json.dumps(TEMPLATE))
        [output] = cloudformation.describe_stacks(StackName="stack")["Stacks"][0]["Outputs"]
        record = {"dynamodb": {"SequenceNumber": "1", "ApproximateCreationDateTime": time.time()}}

        assert aws.call("templated") == ("first", None)
        sources.deliver(output["OutputValue"], [{**record, "eventName": "INSERT"}, {**record, "eventName": "MODIFY"}])
        until(lambda: "first 1\n" in aws.logged("templated"))
        rules.publish({"source": "aws.states", "detail-type": "x"})
        until(lambda: aws.logged("templated").count("first 0\n") == 2)

        changed = json.loads(json.dumps(TEMPLATE).replace('"first"', '"second"'))
        cloudformation.update_stack(StackName="stack", TemplateBody=json.dumps(changed))
        assert aws.call("templated") == ("second", None)

        cloudformation.delete_stack(StackName="stack")
        assert not aws.functions.exists("templated")
    finally:
        rules.stop()
        sources.stop()
