"""Reads that don't ask for consistency are late when told; those that do are exact."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.local.faults import FAULTS
from tests.infrastructure.local.dynamodb.world import TABLE, index, item, key, put, running, wire

LAG = 2.0


@pytest.fixture
def client() -> Iterator[Any]:
    with running() as client:
        yield client


def parts(client: Any, consistent: bool, **more: Any) -> list[tuple[str, str]]:
    answer = client.query(
        TableName=TABLE,
        KeyConditionExpression="Id = :id",
        ExpressionAttributeValues={":id": wire("a")},
        ConsistentRead=consistent,
        **more,
    )
    return [(one["Part"]["S"], one["N"]["N"]) for one in answer["Items"]]


def got(client: Any, part: str, consistent: bool) -> str | None:
    found = client.get_item(TableName=TABLE, Key=key("a", part), ConsistentRead=consistent).get("Item")
    return found["N"]["N"] if found else None


def test_late_reads_see_the_table_as_it_was_and_consistent_ones_as_it_is(client: Any) -> None:
    put(client, "a", "changed", N=1)
    put(client, "a", "deleted", N=1)
    FAULTS.read_lag = 60
    put(client, "a", "changed", N=2)
    put(client, "a", "changed", N=3)
    client.delete_item(TableName=TABLE, Key=key("a", "deleted"))
    put(client, "a", "added", N=1)
    put(client, "b", "elsewhere", N=1)

    assert parts(client, consistent=False) == [("changed", "1"), ("deleted", "1")]
    assert parts(client, consistent=False, ScanIndexForward=False, Limit=1) == [("deleted", "1")]
    assert parts(client, consistent=True) == [("added", "1"), ("changed", "3")]
    assert [got(client, part, False) for part in ("added", "changed", "deleted")] == [None, "1", "1"]
    assert [got(client, part, True) for part in ("added", "changed", "deleted")] == ["1", "3", None]


def test_a_batch_is_late_table_by_table(client: Any) -> None:
    FAULTS.read_lag = 60
    put(client, "a", N=1)

    def batch(consistent: bool) -> int:
        request = {TABLE: {"Keys": [key("a")], "ConsistentRead": consistent}}
        return len(client.batch_get_item(RequestItems=request)["Responses"][TABLE])

    assert [batch(False), batch(True)] == [0, 1]


def test_transactions_and_conditions_are_never_late(client: Any) -> None:
    FAULTS.read_lag = 60
    put(client, "a", N=1)

    answer = client.transact_get_items(TransactItems=[{"Get": {"TableName": TABLE, "Key": key("a")}}])
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        client.put_item(TableName=TABLE, Item=item("a"), ConditionExpression="attribute_not_exists(Id)")

    assert answer["Responses"][0]["Item"] == item("a", N=1)


def test_late_reads_catch_up(client: Any) -> None:
    FAULTS.read_lag = 0.15
    put(client, "a", N=1)
    assert got(client, "run", False) is None

    deadline = time.monotonic() + 5
    while got(client, "run", False) is None:
        assert time.monotonic() < deadline

    FAULTS.read_lag = 60
    put(client, "a", N=2)
    FAULTS.read_lag = 0
    assert got(client, "run", False) == "2"


def test_a_table_that_gets_an_index_forgets_nothing_that_stands(client: Any) -> None:
    put(client, "a", N=1)
    FAULTS.read_lag = 60
    definition = index("by-part", ["Part"])

    client.update_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "Part", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": definition}],
    )

    assert got(client, "run", False) == "1"


def test_a_late_index_shows_items_with_the_contents_they_had(client: Any) -> None:
    put(client, "a", "run", Locked="x", LockedAt=1, Holder="first")
    FAULTS.index_lag = LAG
    put(client, "a", "run", Locked="x", LockedAt=2, Holder="second")
    put(client, "b", "run", Locked="x", LockedAt=3, Holder="third")

    answer = client.query(
        TableName=TABLE,
        IndexName="locked",
        KeyConditionExpression="Locked = :x",
        ExpressionAttributeValues={":x": wire("x")},
    )

    assert [(one["LockedAt"]["N"], one["Holder"]["S"]) for one in answer["Items"]] == [("1", "first")]
    assert got_whole(client)["Holder"]["S"] == "second"


def got_whole(client: Any) -> Any:
    return client.get_item(TableName=TABLE, Key=key("a"), ConsistentRead=True)["Item"]
