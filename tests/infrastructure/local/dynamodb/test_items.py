from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.infrastructure.local.dynamodb.world import TABLE, get, item, key, put, refused, running


@pytest.fixture
def client() -> Iterator[Any]:
    with running() as client:
        yield client


EVERYTHING: dict[str, Any] = {
    **item("all"),
    "B": {"B": b"\x00\xff"},
    "BS": {"BS": [b"\x01", b"\x02"]},
    "SS": {"SS": ["a", "b"]},
    "NS": {"NS": ["1", "2"]},
    "Nil": {"NULL": True},
    "Yes": {"BOOL": False},
    "L": {"L": [{"M": {"B": {"B": b"in"}}}, {"N": "-1.5"}]},
    "Unicode": {"S": "ü\u0000😀"},
}


@pytest.mark.parametrize("direct", [True, False])
def test_every_type_comes_back_as_it_went(direct: bool) -> None:
    with running(direct) as client:
        client.put_item(TableName=TABLE, Item=EVERYTHING)

        assert get(client, "all") == EVERYTHING


def test_what_a_reader_does_to_its_copy_is_its_own_affair(client: Any) -> None:
    put(client, "a", M={"Leaf": ["x"]})
    found = get(client, "a") or {}
    found["M"]["M"]["Leaf"]["L"].append({"S": "y"})
    found["Fresh2"] = {"S": "z"}

    assert get(client, "a") == item("a", M={"Leaf": ["x"]})


def test_an_absent_item_is_no_item(client: Any) -> None:
    assert "Item" not in client.get_item(TableName=TABLE, Key=key("absent"))


def test_a_projection_is_applied(client: Any) -> None:
    put(client, "a", N=1, M={"Leaf": 2, "Out": 3})

    found = client.get_item(
        TableName=TABLE, Key=key("a"), ProjectionExpression="#n, M.Leaf", ExpressionAttributeNames={"#n": "N"}
    )["Item"]

    assert found == {"N": {"N": "1"}, "M": {"M": {"Leaf": {"N": "2"}}}}


def test_put_and_delete_answer_the_old_item_when_asked(client: Any) -> None:
    put(client, "a", N=1)

    replaced = client.put_item(TableName=TABLE, Item=item("a", N=2), ReturnValues="ALL_OLD")
    deleted = client.delete_item(TableName=TABLE, Key=key("a"), ReturnValues="ALL_OLD")
    again = client.delete_item(TableName=TABLE, Key=key("a"), ReturnValues="ALL_OLD")

    assert replaced["Attributes"] == item("a", N=1)
    assert deleted["Attributes"] == item("a", N=2)
    assert "Attributes" not in again


def test_a_failed_condition_shows_the_item_when_asked(client: Any) -> None:
    put(client, "a", N=1)
    request = {"TableName": TABLE, "Key": key("a"), "ConditionExpression": "attribute_not_exists(Id)"}

    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as bare:
        client.delete_item(**request)
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as shown:
        client.delete_item(**request, ReturnValuesOnConditionCheckFailure="ALL_OLD")

    assert "Item" not in bare.value.response
    assert shown.value.response["Item"] == item("a", N=1)
    assert shown.value.response["Error"]["Message"] == "The conditional request failed"
    assert get(client, "a") is not None


def test_batches_write_and_read(client: Any) -> None:
    put(client, "old")
    puts = [{"PutRequest": {"Item": item(f"run-{number}", N=number)}} for number in range(24)]

    answer = client.batch_write_item(RequestItems={TABLE: [*puts, {"DeleteRequest": {"Key": key("old")}}]})
    found = client.batch_get_item(
        RequestItems={TABLE: {"Keys": [key("run-3"), key("run-5"), key("old")], "ProjectionExpression": "N"}}
    )

    assert answer["UnprocessedItems"] == {}
    assert sorted(one["N"]["N"] for one in found["Responses"][TABLE]) == ["3", "5"]
    assert found["UnprocessedKeys"] == {}


def test_batches_beyond_their_limits_are_refused(client: Any) -> None:
    puts = [{"PutRequest": {"Item": item(f"run-{number}")}} for number in range(26)]
    keys = [key(f"run-{number}") for number in range(101)]

    with refused("ValidationException"):
        client.batch_write_item(RequestItems={TABLE: puts})
    with refused("ValidationException", "duplicates"):
        client.batch_write_item(RequestItems={TABLE: [puts[0], puts[0]]})
    with refused("ValidationException"):
        client.batch_get_item(RequestItems={TABLE: {"Keys": keys}})
    with refused("ValidationException", "duplicates"):
        client.batch_get_item(RequestItems={TABLE: {"Keys": [keys[0], keys[0]]}})


def test_a_batch_read_beyond_16_mb_leaves_keys_unprocessed(client: Any) -> None:
    keys = [key(f"run-{number}") for number in range(50)]
    for one in keys:
        client.put_item(TableName=TABLE, Item={**one, "Text": {"S": "x" * 380_000}})

    answer = client.batch_get_item(RequestItems={TABLE: {"Keys": keys}})
    rest = client.batch_get_item(RequestItems=answer["UnprocessedKeys"])

    assert 0 < len(rest["Responses"][TABLE]) < 50
    assert len(answer["Responses"][TABLE]) + len(rest["Responses"][TABLE]) == 50


def test_parameters_of_the_old_kind_are_refused_plainly(client: Any) -> None:
    with refused("ValidationException", "expressions only, not Expected"):
        client.put_item(TableName=TABLE, Item=item("a"), Expected={"Id": {"Exists": False}})
    with refused("ValidationException", "expressions only, not KeyConditions"):
        client.query(TableName=TABLE, KeyConditions={"Id": {"ComparisonOperator": "EQ", "AttributeValueList": []}})


def test_an_unknown_table_is_not_found(client: Any) -> None:
    with refused("ResourceNotFoundException"):
        client.get_item(TableName="Nowhere", Key=key("a"))
