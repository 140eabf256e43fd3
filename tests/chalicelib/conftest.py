"""What the rooms' tests share: moto's AWS with the stack's tables and bucket, made afresh for every test."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.aws import clients, settings, transaction
from chalicelib.definitions import revisions
from chalicelib.web import paging
from infrastructure.local.dynamodb import data_plane
from infrastructure.local.stack.functions import forget_settings

REGION = "us-east-1"
ACCOUNT = "123456789012"
STACK = "test-stack"

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_SESSION_TOKEN": "test",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "DEFINITIONS_TABLE": "Definitions",
    "EXECUTIONS_TABLE": "Executions",
    "ASSETS_TABLE": "Assets",
    "SYSTEM_TABLE": "System",
    "DATA_BUCKET": "test-data",
    "STACK_NAME": STACK,
    "STACK_SHORT_UUID": "ab12cd",
    "WORKFLOW_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/test-workflow-role",
    "STAGE_COMPLETION_ARN": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{STACK}-StageCompletion",
    "TASK_TOKENS_ARN": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{STACK}-TaskTokens",
    "TRIGGER_ARN": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:mediawright-ab12cd-Trigger",
    "TRIGGER_SCHEDULE_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/test-trigger-schedules",
    "TRIGGER_DEAD_LETTERS_ARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:test-trigger-dead-letters",
    "BATCH_MACHINE_ARN": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:mediawright-batches-ab12cd",
    "STEP_FUNCTION_LOG_GROUP_ARN": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/vendedlogs/test:*",
    "FRAMEWORK_VERSION": "0.0.0-test",
    "MAX_CONCURRENT_WORKFLOWS": "5",
    "EVENTS_TOPIC_ARN": f"arn:aws:sns:{REGION}:{ACCOUNT}:test-topic",
    "PUBLISHER_DEAD_LETTERS_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/test-publisher-dead-letters",
    "ANALYTICS_STREAM": "test-analytics",
    "ANALYTICS_DEAD_LETTERS_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/test-analytics-dead-letters",
    "USER_POOL_ID": "us-east-1_TestPool1",
    "USER_POOL_CLIENT_ID": "testclient",
    "WEBHOOK_DELIVERY_ARN": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:mediawright-ab12cd-WebhookDelivery",
}

_ABSENT = (
    "AWS_PROFILE",
    "AWS_ENDPOINT_URL",
    "EXTERNAL_BUCKET_ARN",
    "OPERATOR_GRANTS",
    "OPERATOR_FUNCTION_ARNS",
    "WEBHOOK_ALLOWED_NETWORKS",
)

_KEYS = {
    "Definitions": ("Kind", "Name"),
    "Executions": ("Id", "Part"),
    "Assets": ("AssetId", "Part"),
    "System": ("Kind", "Name"),
}
_INDEXES: dict[str, dict[str, tuple[str, str, list[str]]]] = {
    "Executions": {
        "by-time": ("Month", "Created", ["AssetId", "Workflow"]),
        "by-asset": ("AssetId", "Created", ["Workflow"]),
        "by-workflow": ("Workflow", "Created", ["AssetId"]),
        "by-status": ("StatusMonth", "Created", ["AssetId", "Workflow"]),
        "by-owner": ("Owner", "Created", ["JobType", "Status", "ExpiresAt"]),
    },
    "Assets": {"by-time": ("Month", "Created", []), "locked": ("Locked", "LockedAt", ["LockedBy"])},
}
_NUMBERS = {"LockedAt"}


@pytest.fixture(autouse=True)
def no_real_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test does, it holds no real credentials and the settings are the test stack's."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in (
        "AWS_PROFILE",
        "AWS_ENDPOINT_URL",
        "EXTERNAL_BUCKET_ARN",
        "OPERATOR_GRANTS",
        "OPERATOR_FUNCTION_ARNS",
        "WEBHOOK_ALLOWED_NETWORKS",
    ):
        monkeypatch.delenv(name, raising=False)
    forget()


def forget() -> None:
    """Drop what the process remembers of the environment and of what it read, but not the clients: they are dear."""
    settings.settings.cache_clear()
    paging._key.cache_clear()
    revisions.forget()


@pytest.fixture(autouse=True, scope="module")
def clients_of_this_environment() -> Iterator[None]:
    """No client outlives the module, since other tests' clients talk to other endpoints; nor does anything else that
    the engine remembers, such as what another module's tables held."""
    forget_settings()
    yield
    forget_settings()


@pytest.fixture
def aws(no_real_aws: None) -> Iterator[None]:
    """moto in place of AWS, its DynamoDB as strict as AWS's, with the four tables and the data bucket."""
    data_plane.install()
    with mock_aws(config={"lambda": {"use_docker": False}, "iam": {"load_aws_managed_policies": False}}):
        for table in _KEYS:
            _create_table(table)
        clients.client("s3").create_bucket(Bucket="test-data")
        yield
    forget()


def _create_table(table: str) -> None:
    partition, sort = _KEYS[table]
    indexes = _INDEXES.get(table, {})
    names = {
        partition,
        sort,
        *(name for hash_key, range_key, _ in indexes.values() for name in (hash_key, range_key)),
    }
    request: dict[str, Any] = {
        "TableName": table,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": _key_schema(partition, sort),
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "N" if name in _NUMBERS else "S"} for name in sorted(names)
        ],
    }
    if indexes:
        request["GlobalSecondaryIndexes"] = [
            {"IndexName": index, "KeySchema": _key_schema(hash_key, range_key), "Projection": _projection(included)}
            for index, (hash_key, range_key, included) in indexes.items()
        ]
    clients.client("dynamodb").create_table(**request)


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def _projection(included: list[str]) -> dict[str, Any]:
    return (
        {"ProjectionType": "INCLUDE", "NonKeyAttributes": included} if included else {"ProjectionType": "KEYS_ONLY"}
    )


@pytest.fixture
def function(aws: None) -> Callable[[str], str]:
    """A maker of Lambda functions, which nobody invokes; it answers the function's ARN."""
    role = clients.client("iam").create_role(RoleName="operator", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "def handle(event, context):\n    return event\n")

    def make(name: str) -> str:
        answer = clients.client("lambda").create_function(
            FunctionName=name,
            Role=role,
            Runtime="python3.11",
            Handler="handler.handle",
            Code={"ZipFile": code.getvalue()},
        )
        arn: str = answer["FunctionArn"]
        return arn

    return make


@pytest.fixture
def one_write_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto's transactions are atomic only when they don't overlap."""
    send, lock = transaction._send, threading.Lock()

    def locked(writes: Sequence[transaction.Write], token: str) -> None:
        with lock:
            send(writes, token)

    monkeypatch.setattr(transaction, "_send", locked)
