from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infrastructure.local.dynamodb.capacity import read_units, write_units
from infrastructure.local.meter import METER
from tests.infrastructure.local.dynamodb.world import TABLE, item, key, put, refused, running, update, wire


@pytest.fixture
def client() -> Iterator[Any]:
    with running() as client:
        yield client


def _cost(work: Callable[[], Any]) -> tuple[float, float]:
    METER.reset()
    work()
    counts = METER.snapshot()
    return counts.get("dynamodb.write_units", 0), counts.get("dynamodb.read_units", 0)


def test_units_are_rounded_up() -> None:
    assert [write_units(size) for size in (0, 1, 1024, 1025, 4000)] == [1, 1, 1, 2, 4]
    assert [read_units(size, True) for size in (0, 4096, 4097)] == [1, 1, 2]
    assert [read_units(size, False) for size in (0, 4096, 4097)] == [0.5, 0.5, 1]


def test_a_write_costs_the_larger_of_old_and_new(client: Any) -> None:
    assert _cost(lambda: put(client, "a", Text="x" * 3000)) == (3, 0)
    assert _cost(lambda: put(client, "a")) == (3, 0)
    assert _cost(lambda: put(client, "a", N=1)) == (1, 0)
    assert _cost(lambda: client.delete_item(TableName=TABLE, Key=key("absent"))) == (1, 0)


def test_a_failed_condition_costs_too(client: Any) -> None:
    def fail() -> None:
        with refused("ConditionalCheckFailedException"):
            client.put_item(TableName=TABLE, Item=item("a"), ConditionExpression="attribute_exists(Id)")

    assert _cost(fail) == (1, 0)


def test_index_entries_cost_by_what_changes(client: Any) -> None:
    def put_locked(**more: Any) -> None:
        put(client, "a", Locked="yes", LockedAt=1, **more)

    assert _cost(put_locked) == (2, 0)
    assert _cost(lambda: put_locked(Other="not projected")) == (1, 0)
    assert _cost(lambda: put_locked(Holder="projected")) == (2, 0)
    assert _cost(lambda: update(client, "a", "SET LockedAt = :n", {"n": 2})) == (3, 0)
    assert _cost(lambda: update(client, "a", "REMOVE Locked")) == (2, 0)


def test_transactions_cost_double_but_not_their_indexes(client: Any) -> None:
    actions = [
        {"Put": {"TableName": TABLE, "Item": item("a", Month="2026-11", Created="1")}},
        {"ConditionCheck": {"TableName": TABLE, "Key": key("b"), "ConditionExpression": "attribute_not_exists(Id)"}},
    ]
    reads = [{"Get": {"TableName": TABLE, "Key": key(run)}} for run in "ab"]

    assert _cost(lambda: client.transact_write_items(TransactItems=actions)) == (2 + 2 + 1, 0)
    assert _cost(lambda: client.transact_get_items(TransactItems=reads)) == (0, 4)


def test_a_query_costs_by_its_page(client: Any) -> None:
    for number in range(10):
        put(client, "a", f"{number}", Month="2026-11", Created=f"{number}", Text="x" * 2000)
    request = {
        "TableName": TABLE,
        "KeyConditionExpression": "Id = :id",
        "ExpressionAttributeValues": {":id": wire("a")},
    }
    by_time = {
        "TableName": TABLE,
        "IndexName": "by-time",
        "KeyConditionExpression": "#m = :m",
        "ExpressionAttributeNames": {"#m": "Month"},
        "ExpressionAttributeValues": {":m": wire("2026-11")},
    }

    assert _cost(lambda: client.query(**request)) == (0, 2.5)
    assert _cost(lambda: client.query(**request, ConsistentRead=True, Limit=3)) == (0, 2)
    assert _cost(lambda: client.query(**by_time)) == (0, 0.5)


def test_reads_of_absent_items_cost_the_least(client: Any) -> None:
    assert _cost(lambda: client.get_item(TableName=TABLE, Key=key("absent"))) == (0, 0.5)
    assert _cost(lambda: client.get_item(TableName=TABLE, Key=key("absent"), ConsistentRead=True)) == (0, 1)


def test_requests_are_counted_by_operation(client: Any) -> None:
    METER.reset()
    put(client, "a")
    put(client, "b")
    client.get_item(TableName=TABLE, Key=key("a"))
    with refused("ResourceNotFoundException"):
        client.get_item(TableName="Nowhere", Key=key("a"))

    counts = METER.snapshot()
    assert (counts["dynamodb.PutItem"], counts["dynamodb.GetItem"]) == (2, 2)


def test_consumed_capacity_is_reported_when_asked_for(client: Any) -> None:
    locked = item("a", Locked="yes", LockedAt=1)

    put_one = client.put_item(TableName=TABLE, Item=locked, ReturnConsumedCapacity="INDEXES")
    batch = client.batch_get_item(RequestItems={TABLE: {"Keys": [key("a")]}}, ReturnConsumedCapacity="TOTAL")

    assert put_one["ConsumedCapacity"] == {"TableName": TABLE, "CapacityUnits": 2.0, "Table": {"CapacityUnits": 1.0}}
    assert batch["ConsumedCapacity"] == [{"TableName": TABLE, "CapacityUnits": 0.5}]
    assert "ConsumedCapacity" not in client.get_item(TableName=TABLE, Key=key("a"))
