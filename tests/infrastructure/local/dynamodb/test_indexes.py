from __future__ import annotations

import random
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import boto3
import pytest
from moto.dynamodb.models import dynamodb_backends

from infrastructure.local.dynamodb import items, queries
from infrastructure.local.faults import FAULTS
from tests.infrastructure.local.dynamodb.world import (
    TABLE,
    get,
    index,
    item,
    key,
    put,
    refused,
    running,
    update,
    wire,
)


@pytest.fixture
def client() -> Iterator[Any]:
    with running() as client:
        yield client


def _query(client: Any, condition: str, values: dict[str, Any], **more: Any) -> Any:
    names = {name: name[1:] for name in ("#Month", "#Created") if name in condition}
    request = {
        "TableName": TABLE,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": {f":{name}": wire(content) for name, content in values.items()},
        **({"ExpressionAttributeNames": names} if names else {}),
    }
    return client.query(**{**request, **more})


def _by_time(client: Any, **more: Any) -> list[str]:
    answer = _query(client, "#Month = :m", {"m": "2026-11"}, IndexName="by-time", **more)
    return [one["Id"]["S"] for one in answer["Items"]]


def _parts(answer: Any) -> list[str]:
    return [one["Part"]["S"] for one in answer["Items"]]


def _deadline(met: Any, seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if met():
            return True
    return False


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ("", {}, ["a", "ab", "abc", "b", "c"]),
        ("AND Part = :x", {"x": "b"}, ["b"]),
        ("AND Part < :x", {"x": "abc"}, ["a", "ab"]),
        ("AND Part <= :x", {"x": "abc"}, ["a", "ab", "abc"]),
        ("AND Part > :x", {"x": "ab"}, ["abc", "b", "c"]),
        ("AND Part >= :x", {"x": "ab"}, ["ab", "abc", "b", "c"]),
        ("AND Part BETWEEN :x AND :y", {"x": "ab", "y": "b"}, ["ab", "abc", "b"]),
        ("AND begins_with(Part, :x)", {"x": "ab"}, ["ab", "abc"]),
        ("AND begins_with(Part, :x)", {"x": "zz"}, []),
        ("AND (Part = :x)", {"x": "missing"}, []),
    ],
)
def test_key_conditions_select_a_range_in_order(
    client: Any, condition: str, values: dict[str, str], expected: list[str]
) -> None:
    for part in ("c", "abc", "b", "a", "ab"):
        put(client, "one", part)
    put(client, "other", "ab")

    forward = _query(client, f"Id = :id {condition}", {"id": "one", **values})
    backward = _query(client, f"Id = :id {condition}", {"id": "one", **values}, ScanIndexForward=False)

    assert _parts(forward) == expected
    assert _parts(backward) == expected[::-1]


def test_numbers_sort_as_numbers(client: Any) -> None:
    for number in (100, 9, -5, 10.5):
        put(client, f"asset-{number}", Locked="yes", LockedAt=number, Holder="me", Other="x")

    answer = _query(client, "Locked = :l", {"l": "yes"}, IndexName="locked")

    assert [one["LockedAt"]["N"] for one in answer["Items"]] == ["-5", "9", "10.5", "100"]


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_pages_join_to_the_whole(client: Any, forward: bool, limit: int) -> None:
    for number in range(23):
        put(client, f"run-{number}", Month="2026-11", Created=f"{number // 3:04}")
    whole = _by_time(client, ScanIndexForward=forward)
    seen: list[str] = []
    start: dict[str, Any] = {}
    while True:
        answer = _query(
            client,
            "#Month = :m",
            {"m": "2026-11"},
            IndexName="by-time",
            Limit=limit,
            ScanIndexForward=forward,
            **start,
        )
        seen += [one["Id"]["S"] for one in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            break
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    assert len(whole) == 23
    assert seen == whole


def test_a_page_may_begin_behind_an_item_that_is_gone(client: Any) -> None:
    for number in range(6):
        put(client, "one", f"{number}")
    first = _query(client, "Id = :id", {"id": "one"}, Limit=3)
    client.delete_item(TableName=TABLE, Key=first["LastEvaluatedKey"])

    rest = _query(client, "Id = :id", {"id": "one"}, ExclusiveStartKey=first["LastEvaluatedKey"])

    assert _parts(rest) == ["3", "4", "5"]


def test_a_full_page_names_its_last_key_even_if_nothing_follows(client: Any) -> None:
    put(client, "one", "a")

    assert _query(client, "Id = :id", {"id": "one"}, Limit=1)["LastEvaluatedKey"] == key("one", "a")
    assert "LastEvaluatedKey" not in _query(client, "Id = :id", {"id": "one"}, Limit=2)


def test_a_page_ends_before_1_mb(client: Any) -> None:
    for number in range(4):
        put(client, "large", f"{number}", Text="x" * 350_000)

    first = _query(client, "Id = :id", {"id": "large"})
    rest = _query(client, "Id = :id", {"id": "large"}, ExclusiveStartKey=first["LastEvaluatedKey"])

    assert (_parts(first), _parts(rest)) == (["0", "1"], ["2", "3"]) or (
        _parts(first),
        _parts(rest),
    ) == (["0", "1", "2"], ["3"])


def test_a_foreign_start_key_is_refused(client: Any) -> None:
    put(client, "one", "a")

    with refused("ValidationException", "outside query boundaries"):
        _query(client, "Id = :id", {"id": "one"}, ExclusiveStartKey=key("other", "a"))
    with refused("ValidationException", "outside query boundaries"):
        _query(client, "Id = :id AND Part < :p", {"id": "one", "p": "b"}, ExclusiveStartKey=key("one", "c"))
    with refused("ValidationException", "starting key is invalid"):
        _query(client, "#Month = :m", {"m": "x"}, IndexName="by-time", ExclusiveStartKey=key("one", "a"))


def test_filters_count_what_was_read(client: Any) -> None:
    for number in range(10):
        put(client, "one", f"{number}", N=number)
    values = {"id": "one", "n": 6}

    answer = _query(client, "Id = :id", values, FilterExpression="N >= :n", Limit=8)
    counted = _query(client, "Id = :id", values, FilterExpression="N >= :n", Select="COUNT")

    assert (_parts(answer), answer["Count"], answer["ScannedCount"]) == (["6", "7"], 2, 8)
    assert (counted["Count"], counted["ScannedCount"], "Items" in counted) == (4, 10, False)


def test_an_index_shows_what_it_projects(client: Any) -> None:
    put(client, "a", Month="2026-11", Created="1", Locked="yes", LockedAt=5, Holder="me", Text="long")

    (by_time,) = _query(client, "#Month = :m", {"m": "2026-11"}, IndexName="by-time")["Items"]
    (locked,) = _query(client, "Locked = :l", {"l": "yes"}, IndexName="locked")["Items"]
    (part,) = _query(client, "Locked = :l", {"l": "yes"}, IndexName="locked", ProjectionExpression="Id")["Items"]

    assert by_time == item("a", Month="2026-11", Created="1")
    assert locked == item("a", Locked="yes", LockedAt=5, Holder="me")
    assert part == {"Id": {"S": "a"}}
    with refused("ValidationException", r"does not project \[Text\]"):
        _query(client, "Locked = :l", {"l": "yes"}, IndexName="locked", ProjectionExpression="Id, #t",
               ExpressionAttributeNames={"#t": "Text"})  # fmt: skip


def test_an_index_holds_only_items_with_both_its_keys(client: Any) -> None:
    put(client, "a", Locked="yes")
    put(client, "b", Locked="yes", LockedAt=1)
    update(client, "b", "SET Holder = :me", {"me": "me"})

    assert [one["Id"]["S"] for one in _query(client, "Locked = :l", {"l": "yes"}, IndexName="locked")["Items"]] == [
        "b"
    ]
    update(client, "b", "REMOVE Locked")
    assert _query(client, "Locked = :l", {"l": "yes"}, IndexName="locked")["Items"] == []


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"IndexName": "by-time", "ConsistentRead": True}, "Consistent reads are not supported"),
        ({"IndexName": "nowhere"}, "does not have the specified index"),
        ({"IndexName": "by-time", "Select": "ALL_ATTRIBUTES"}, "projection type is not ALL"),
        ({"IndexName": "by-time", "KeyConditionExpression": "Id = :m"}, "missed key schema element: Month"),
        ({"IndexName": "by-time", "KeyConditionExpression": "#Month > :m"}, "not supported"),
        ({"IndexName": "by-time", "KeyConditionExpression": "#Month = :m OR Created = :m"}, "Syntax error"),
        ({"IndexName": "by-time", "ExpressionAttributeValues": {":m": {"N": "1"}}}, "does not match schema type"),
        ({"IndexName": "by-time", "ExpressionAttributeValues": {":m": {"S": ""}}}, "empty string"),
    ],
)
def test_what_aws_refuses_is_refused(client: Any, more: dict[str, Any], says: str) -> None:
    names = (
        {} if "Id" in more.get("KeyConditionExpression", "") else {"ExpressionAttributeNames": {"#Month": "Month"}}
    )
    with refused("ValidationException", says):
        _query(client, "#Month = :m", {"m": "x"}, **{**names, **more})


def test_an_index_answers_as_of_some_time_ago(client: Any) -> None:
    put(client, "early", Month="2026-11", Created="1")
    FAULTS.index_lag = 0.15
    put(client, "late", Month="2026-11", Created="2")
    client.delete_item(TableName=TABLE, Key=key("early"))

    assert _by_time(client) == ["early"]
    assert get(client, "late") is not None
    assert _deadline(lambda: _by_time(client) == ["late"])


def test_without_lag_pending_changes_are_due_at_once(client: Any) -> None:
    FAULTS.index_lag = 60
    put(client, "a", Month="2026-11", Created="1")
    assert _by_time(client) == []

    FAULTS.index_lag = 0
    assert _by_time(client) == ["a"]
    put(client, "b", Month="2026-11", Created="2")
    assert _by_time(client) == ["a", "b"]


def test_random_writes_leave_the_index_as_a_plain_search_would_find_it(client: Any) -> None:
    random.seed(5)
    model: dict[str, dict[str, Any]] = {}
    for _ in range(600):
        run = f"run-{random.randrange(40)}"
        if random.random() < 0.25:
            client.delete_item(TableName=TABLE, Key=key(run))
            model.pop(run, None)
        else:
            attributes: dict[str, Any] = {"Locked": random.choice("xy"), "LockedAt": random.randrange(-20, 20)}
            if random.random() < 0.2:
                del attributes["LockedAt"]
            put(client, run, **attributes)
            model[run] = attributes

    for locked in "xy":
        found = _query(client, "Locked = :l AND LockedAt > :n", {"l": locked, "n": -7}, IndexName="locked")["Items"]
        expected = [
            (one["LockedAt"], run)
            for run, one in model.items()
            if one["Locked"] == locked and one.get("LockedAt", -99) > -7
        ]
        assert [(Decimal(one["LockedAt"]["N"]), one["Id"]["S"]) for one in found] == sorted(expected)


def test_an_index_added_later_holds_what_was_there(client: Any) -> None:
    put(client, "a", Holder="me")

    client.update_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "Holder", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index("by-owner", ["Holder"])}],
    )

    (found,) = _query(client, "Holder = :me", {"me": "me"}, IndexName="by-owner")["Items"]
    assert found == item("a", Holder="me")


def test_a_local_index_reads_consistently(client: Any) -> None:
    client.create_table(
        TableName="Local",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}, {"AttributeName": "Part", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("Id", "Part", "Created")],
        LocalSecondaryIndexes=[index("by-age", ["Id", "Created"])],
    )
    FAULTS.index_lag = 60
    for part, created in (("a", "2"), ("b", "1")):
        client.put_item(TableName="Local", Item=item("one", part, Created=created))

    answer = _query(client, "Id = :id", {"id": "one"}, TableName="Local", IndexName="by-age", ConsistentRead=True)

    assert _parts(answer) == ["b", "a"]


def test_a_scan_walks_pages_and_segments(client: Any) -> None:
    for number in range(30):
        put(client, f"run-{number:02}", Month="2026-11", Created=f"{30 - number:02}")

    pages = client.get_paginator("scan").paginate(TableName=TABLE, PaginationConfig={"PageSize": 7})
    by_index = client.get_paginator("scan").paginate(
        TableName=TABLE, IndexName="by-time", PaginationConfig={"PageSize": 7}
    )
    segments = [client.scan(TableName=TABLE, Segment=n, TotalSegments=3)["Items"] for n in range(3)]

    whole = [f"run-{number:02}" for number in range(30)]
    assert [one["Id"]["S"] for page in pages for one in page["Items"]] == whole
    assert sorted(one["Id"]["S"] for page in by_index for one in page["Items"]) == whole
    assert sorted(one["Id"]["S"] for segment in segments for one in segment) == whole


def test_50_of_30000_take_less_than_5_ms(client: Any) -> None:
    backend = dynamodb_backends["123456789012"]["us-east-1"]
    for number in range(30_000):
        one = item(f"run-{number}", Month="2026-11", Created=f"{number:06}", Text="text")
        items.put_item(backend, {"TableName": TABLE, "Item": one})
    body = {
        "TableName": TABLE,
        "IndexName": "by-time",
        "KeyConditionExpression": "#m = :m AND Created < :c",
        "ExpressionAttributeNames": {"#m": "Month"},
        "ExpressionAttributeValues": {":m": {"S": "2026-11"}, ":c": {"S": "020000"}},
        "Limit": 50,
        "ScanIndexForward": False,
    }
    seconds = []
    for _ in range(20):
        start = time.perf_counter()
        answer = queries.query(backend, body)
        seconds.append(time.perf_counter() - start)

    assert [one["Created"]["S"] for one in answer["Items"][:2]] == ["019999", "019998"]
    assert len(answer["Items"]) == 50
    assert min(seconds) < 0.005


def test_the_resource_of_boto3_works_too(client: Any) -> None:
    from boto3.dynamodb.conditions import Attr, Key

    table: Any = boto3.resource("dynamodb", region_name="us-east-1").Table(TABLE)
    table.put_item(Item={"Id": "a", "Part": "run", "N": Decimal("1.50"), "Data": b"\x00\x01"})

    (found,) = table.query(KeyConditionExpression=Key("Id").eq("a"), FilterExpression=Attr("N").gte(1))["Items"]

    assert found["N"] == Decimal("1.5")
    assert bytes(found["Data"]) == b"\x00\x01"
