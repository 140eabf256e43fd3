from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infrastructure.local.iam.actions import table
from infrastructure.local.iam.actions.place import Place

HERE = Place("123456789012", "us-east-1")
ARN = "arn:aws:{}:us-east-1:123456789012:{}"
SYSTEM = ARN.format("dynamodb", "table/System")
MACHINE = ARN.format("states", "stateMachine:m")
FUNCTION = ARN.format("lambda", "function:f")
RULE = {"Name": "r", "Rule": "r"}


@pytest.fixture(scope="module", autouse=True)
def bucket() -> Iterator[None]:
    with mock_aws():
        made: Any = boto3.client
        made("s3", region_name="us-east-1").create_bucket(Bucket="bbb")
        made("dynamodb", region_name="us-east-1").create_table(
            TableName="System",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "Kind", "KeyType": "HASH"}, {"AttributeName": "Name", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("Kind", "Name")],
        )
        yield


def asked(service: str, operation: str, **parameters: Any) -> list[tuple[str, str]]:
    return [(one.action, one.resource) for one in table.requests(service, operation, parameters, HERE)]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        ("dynamodb", "GetItem", {"TableName": "System", "Key": {}}, [("dynamodb:GetItem", SYSTEM)]),
        ("dynamodb", "Query", {"TableName": "System"}, [("dynamodb:Query", SYSTEM)]),
        (
            "dynamodb",
            "Query",
            {"TableName": "System", "IndexName": "by-time"},
            [("dynamodb:Query", SYSTEM + "/index/by-time")],
        ),
        (
            "dynamodb",
            "TransactWriteItems",
            {
                "TransactItems": [
                    {kind: {"TableName": "System"}} for kind in ("Put", "Update", "Delete", "ConditionCheck")
                ]
            },
            [
                ("dynamodb:PutItem", SYSTEM),
                ("dynamodb:UpdateItem", SYSTEM),
                ("dynamodb:DeleteItem", SYSTEM),
                ("dynamodb:ConditionCheckItem", SYSTEM),
            ],
        ),
        (
            "dynamodb",
            "TransactGetItems",
            {"TransactItems": [{"Get": {"TableName": "System"}}]},
            [("dynamodb:GetItem", SYSTEM)],
        ),
        (
            "dynamodb",
            "BatchGetItem",
            {"RequestItems": {"System": {"Keys": []}}},
            [("dynamodb:BatchGetItem", SYSTEM)],
        ),
        ("s3", "GetObject", {"Bucket": "bbb", "Key": "k/é"}, [("s3:GetObject", "arn:aws:s3:::bbb/k/é")]),
        ("s3", "HeadObject", {"Bucket": "bbb", "Key": "k"}, [("s3:GetObject", "arn:aws:s3:::bbb/k")]),
        (
            "s3",
            "GetObject",
            {"Bucket": "bbb", "Key": "k", "VersionId": "1"},
            [("s3:GetObjectVersion", "arn:aws:s3:::bbb/k")],
        ),
        (
            "s3",
            "DeleteObjects",
            {"Bucket": "bbb", "Delete": {"Objects": [{"Key": "1"}, {"Key": "2", "VersionId": "v"}]}},
            [("s3:DeleteObject", "arn:aws:s3:::bbb/1"), ("s3:DeleteObjectVersion", "arn:aws:s3:::bbb/2")],
        ),
        ("s3", "ListObjectsV2", {"Bucket": "bbb"}, [("s3:ListBucket", "arn:aws:s3:::bbb")]),
        ("s3", "ListObjectVersions", {"Bucket": "bbb"}, [("s3:ListBucketVersions", "arn:aws:s3:::bbb")]),
        (
            "s3",
            "PutObject",
            {"Bucket": "bbb", "Key": "k", "Tagging": "a=b"},
            [("s3:PutObject", "arn:aws:s3:::bbb/k"), ("s3:PutObjectTagging", "arn:aws:s3:::bbb/k")],
        ),
        (
            "stepfunctions",
            "CreateStateMachine",
            {"name": "m", "roleArn": "role", "tags": [{"key": "a", "value": "b"}]},
            [("states:CreateStateMachine", MACHINE), ("states:TagResource", MACHINE), ("iam:PassRole", "role")],
        ),
        ("stepfunctions", "SendTaskSuccess", {"taskToken": "t"}, [("states:SendTaskSuccess", "*")]),
        ("lambda", "Invoke", {"FunctionName": "f"}, [("lambda:InvokeFunction", FUNCTION)]),
        ("lambda", "Invoke", {"FunctionName": FUNCTION + ":live"}, [("lambda:InvokeFunction", FUNCTION + ":live")]),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "123456789012:function:f", "Qualifier": "2"},
            [("lambda:InvokeFunction", FUNCTION + ":2")],
        ),
        (
            "lambda",
            "GetFunction",
            {"FunctionName": "f"},
            [("lambda:GetFunction", FUNCTION), ("lambda:ListTags", FUNCTION)],
        ),
        ("events", "PutRule", {"Name": "r"}, [("events:PutRule", ARN.format("events", "rule/r"))]),
        (
            "events",
            "RemoveTargets",
            {"Rule": "r", "EventBusName": "mine"},
            [("events:RemoveTargets", ARN.format("events", "rule/mine/r"))],
        ),
        (
            "events",
            "PutTargets",
            {"Rule": "r", "Targets": [{"Arn": "a", "RoleArn": "role"}, {"Arn": "b", "RoleArn": "role"}]},
            [("events:PutTargets", ARN.format("events", "rule/r")), ("iam:PassRole", "role")],
        ),
        (
            "scheduler",
            "UpdateSchedule",
            {"Name": "s", "GroupName": "g", "Target": {"RoleArn": "role"}},
            [("scheduler:UpdateSchedule", ARN.format("scheduler", "schedule/g/s")), ("iam:PassRole", "role")],
        ),
        ("sns", "Publish", {"TargetArn": "topic"}, [("sns:Publish", "topic")]),
        (
            "sqs",
            "SendMessage",
            {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q"},
            [("sqs:SendMessage", ARN.format("sqs", "q"))],
        ),
        (
            "kinesis",
            "PutRecords",
            {"StreamName": "s"},
            [("kinesis:PutRecords", ARN.format("kinesis", "stream/s"))],
        ),
        (
            "translate",
            "TranslateText",
            {"TerminologyNames": ["t"]},
            [("translate:TranslateText", ARN.format("translate", "terminology/t"))],
        ),
        (
            "cognito-idp",
            "AdminGetUser",
            {"UserPoolId": "us-east-1_x"},
            [("cognito-idp:AdminGetUser", ARN.format("cognito-idp", "userpool/us-east-1_x"))],
        ),
        ("transcribe", "ListVocabularies", {}, [("transcribe:ListVocabularies", "*")]),
    ],
)
def test_what_an_operation_asks_for(
    service: str, operation: str, parameters: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert asked(service, operation, **parameters) == expected


@pytest.mark.parametrize(("service", "operation"), [("dynamodb", "Scan"), ("ec2", "RunInstances")])
def test_an_operation_that_nobody_described_is_an_error(service: str, operation: str) -> None:
    with pytest.raises(table.UnknownOperation, match=f"{service}.{operation}"):
        table.requests(service, operation, {}, HERE)


def test_a_bucket_that_does_not_exist_is_nobody_s_to_refuse() -> None:
    assert asked("s3", "HeadObject", Bucket="nowhere", Key="k") == []


def test_a_call_without_a_member_that_decides_is_an_error() -> None:
    with pytest.raises(table.UnknownOperation, match="Bucket"):
        table.requests("s3", "HeadBucket", {}, HERE)


@pytest.mark.parametrize(
    ("operation", "parameters", "keys"),
    [
        ("GetItem", {"Key": {"Kind": {"S": "secret"}, "Name": {"S": "x"}}}, ("secret",)),
        ("PutItem", {"Item": {"Name": {"S": "x"}, "Kind": {"S": "webhook"}}}, ("webhook",)),
        (
            "Query",
            {
                "KeyConditionExpression": "begins_with(#n, :n) AND #k = :k",
                "ExpressionAttributeNames": {"#k": "Kind", "#n": "Name"},
                "ExpressionAttributeValues": {":k": {"S": "batch"}, ":n": {"S": "Kind"}},
            },
            ("batch",),
        ),
    ],
)
def test_an_item_s_partition_key_is_a_condition_key(
    operation: str, parameters: dict[str, Any], keys: tuple[str, ...]
) -> None:
    (one,) = table.requests("dynamodb", operation, {"TableName": "System", **parameters}, HERE)

    assert one.context() == {"dynamodb:leadingkeys": keys}


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "keys"),
    [
        (
            "lambda",
            "TagResource",
            {"Resource": FUNCTION, "Tags": {"Mine": "Yes"}},
            {"aws:requesttag/mine": ("Yes",), "aws:tagkeys": ("Mine",)},
        ),
        ("lambda", "UntagResource", {"Resource": FUNCTION, "TagKeys": ["a", "b"]}, {"aws:tagkeys": ("a", "b")}),
        (
            "sns",
            "Subscribe",
            {"TopicArn": "t", "Protocol": "lambda", "Endpoint": FUNCTION},
            {"sns:protocol": ("lambda",), "sns:endpoint": (FUNCTION,)},
        ),
        (
            "events",
            "PutEvents",
            {"Entries": [{"Source": "mediawright", "DetailType": "x"}]},
            {"events:source": ("mediawright",), "events:detail-type": ("x",)},
        ),
        (
            "s3",
            "ListObjectVersions",
            {"Bucket": "bbb", "Prefix": "private/"},
            {"s3:prefix": ("private/",), "aws:resourceaccount": ("123456789012",)},
        ),
    ],
)
def test_condition_keys(service: str, operation: str, parameters: dict[str, Any], keys: dict[str, Any]) -> None:
    (one,) = table.requests(service, operation, parameters, HERE)

    assert one.context() == keys


def test_a_role_is_handed_to_a_service() -> None:
    given = {"name": "m", "roleArn": "role"}
    passing = table.requests("stepfunctions", "CreateStateMachine", given, HERE)[-1]

    assert passing.context() == {"iam:passedtoservice": ("states.amazonaws.com",)}
