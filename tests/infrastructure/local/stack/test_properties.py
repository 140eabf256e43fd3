"""What moto's CloudFormation forgets of a resource's properties has its effect all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infrastructure.local.lambdas.code import placeholder
from infrastructure.local.stack import properties


@cache
def client(service: str) -> Any:
    make: Any = boto3.client
    return make(service, region_name="us-east-1")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client.cache_clear()
        yield
        client.cache_clear()


def test_a_subscription_has_its_filter_and_its_dead_letters(aws: None) -> None:
    topic = client("sns").create_topic(Name="t")["TopicArn"]
    given = {
        "TopicArn": topic,
        "Protocol": "sqs",
        "Endpoint": "arn:aws:sqs:us-east-1:123456789012:q",
        "FilterPolicy": {"Kind": ["news"]},
        "RawMessageDelivery": True,
        "RedrivePolicy": {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"},
    }

    properties.apply("AWS::SNS::Subscription", "s", given, client)

    [subscription] = client("sns").list_subscriptions()["Subscriptions"]
    arn = subscription["SubscriptionArn"]
    attributes = client("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert json.loads(attributes["FilterPolicy"]) == given["FilterPolicy"]
    assert json.loads(attributes["RedrivePolicy"]) == given["RedrivePolicy"]
    assert attributes["RawMessageDelivery"] == "true"


def test_a_function_has_its_event_invoke_configuration(aws: None) -> None:
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    functions = client("lambda")
    functions.create_function(
        FunctionName="f", Role=role, Runtime="python3.11", Handler="a.b", Code={"ZipFile": placeholder()}
    )
    dead = "arn:aws:sqs:us-east-1:123456789012:dead"
    given = {
        "FunctionName": "f",
        "Qualifier": "$LATEST",
        "MaximumRetryAttempts": 1,
        "MaximumEventAgeInSeconds": "600",
        "DestinationConfig": {"OnFailure": {"Destination": dead}},
    }

    properties.apply("AWS::Lambda::EventInvokeConfig", "c", given, client)

    found = functions.get_function_event_invoke_config(FunctionName="f")
    assert (found["MaximumRetryAttempts"], found["MaximumEventAgeInSeconds"]) == (1, 600)
    assert found["DestinationConfig"]["OnFailure"]["Destination"] == dead
