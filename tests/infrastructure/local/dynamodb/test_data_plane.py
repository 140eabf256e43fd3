from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.dynamodb.models import dynamodb_backends
from moto.server import ThreadedMotoServer

from infrastructure.local.dynamodb import data_plane
from infrastructure.local.dynamodb.tables import rows_of
from tests.infrastructure.local.dynamodb.world import TABLE, create, get, item, key, put, refused, running

TEMPLATE = {
    "Resources": {
        "Runs": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "FromTemplate",
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "Id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "Id", "AttributeType": "S"}],
                "TimeToLiveSpecification": {"AttributeName": "ExpiresAt", "Enabled": True},
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
            },
        }
    }
}


@pytest.fixture
def client() -> Iterator[Any]:
    with running() as client:
        yield client


@pytest.fixture
def remote() -> Iterator[Any]:
    data_plane.install()
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 1}),
    )
    try:
        yield client
    finally:
        client.close()
        server.stop()
        dynamodb_backends.reset()


def test_the_same_answers_come_over_http(remote: Any) -> None:
    create(remote)
    remote.put_item(TableName=TABLE, Item={**item("a", N=1.0), "Data": {"B": b"\x00"}})

    assert get(remote, "a") == {**item("a", N=1), "Data": {"B": b"\x00"}}
    with pytest.raises(remote.exceptions.TransactionCanceledException) as caught:
        remote.transact_write_items(
            TransactItems=[
                {
                    "ConditionCheck": {
                        "TableName": TABLE,
                        "Key": key("a"),
                        "ConditionExpression": "attribute_not_exists(Id)",
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                }
            ]
        )
    (reason,) = caught.value.response["CancellationReasons"]
    assert (reason["Code"], reason["Item"]["Data"]) == ("ConditionalCheckFailed", {"B": b"\x00"})
    with refused("ResourceNotFoundException"):
        remote.get_item(TableName="Nowhere", Key=key("a"))


def test_a_templates_time_to_live_and_recovery_are_kept(client: Any) -> None:
    boto3.client("cloudformation", region_name="us-east-1").create_stack(
        StackName="tables", TemplateBody=json.dumps(TEMPLATE)
    )

    lives = client.describe_time_to_live(TableName="FromTemplate")["TimeToLiveDescription"]
    backups = client.describe_continuous_backups(TableName="FromTemplate")["ContinuousBackupsDescription"]
    assert (lives["TimeToLiveStatus"], lives["AttributeName"]) == ("ENABLED", "ExpiresAt")
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert client.describe_table(TableName="FromTemplate")["Table"]["LatestStreamArn"]


def test_an_expired_item_is_kept_for_now(client: Any) -> None:
    client.update_time_to_live(
        TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ExpiresAt"}
    )
    put(client, "a", ExpiresAt=1)

    assert get(client, "a") == item("a", ExpiresAt=1)


def test_partiql_reads_and_writes_the_same_items(client: Any) -> None:
    put(client, "a", N=1)
    client.execute_statement(Statement=f"INSERT INTO {TABLE} value {{'Id': 'b', 'Part': 'run'}}")
    client.execute_statement(Statement=f"DELETE FROM {TABLE} WHERE Id='a'")

    assert get(client, "a") is None
    assert get(client, "b") == item("b")


def test_a_backup_keeps_what_was_there_then(client: Any) -> None:
    put(client, "a", Month="2026-11", Created="1")
    backup = client.create_backup(TableName=TABLE, BackupName="then")["BackupDetails"]["BackupArn"]
    client.delete_item(TableName=TABLE, Key=key("a"))

    client.restore_table_from_backup(TargetTableName="Restored", BackupArn=backup)

    assert client.get_item(TableName="Restored", Key=key("a"))["Item"] == item("a", Month="2026-11", Created="1")
    assert client.describe_table(TableName="Restored")["Table"]["ItemCount"] == 1
    assert get(client, "a") is None


def test_rows_survive_a_snapshot(client: Any) -> None:
    put(client, "a", N=1)
    table = dynamodb_backends["123456789012"]["us-east-1"].tables[TABLE]

    copied = pickle.loads(pickle.dumps(rows_of(table)))

    assert [row.attributes for row in copied.by_key.values()] == [
        row.attributes for row in rows_of(table).after(None)
    ]


def test_a_reset_forgets_everything() -> None:
    with running() as client:
        client.transact_write_items(
            TransactItems=[{"Put": {"TableName": TABLE, "Item": item("a")}}], ClientRequestToken="once"
        )
    with running() as client:
        assert get(client, "a") is None
        client.transact_write_items(
            TransactItems=[{"Put": {"TableName": TABLE, "Item": item("a")}}], ClientRequestToken="once"
        )
        assert get(client, "a") is not None


def test_installing_twice_changes_nothing(client: Any) -> None:
    data_plane.install()
    put(client, "a")

    assert get(client, "a") == item("a")
