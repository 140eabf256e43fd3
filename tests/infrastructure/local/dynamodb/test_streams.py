from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from infrastructure.local.dynamodb import streams
from infrastructure.local.dynamodb.rows import Row
from infrastructure.local.faults import FAULTS
from tests.infrastructure.local.dynamodb.world import TABLE, create, item, key, put, running, update, wire

SECONDS = 10


class Receiver:
    """Keeps what a stream delivers."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.batches: list[int] = []
        self.arns: set[str] = set()
        self.threads: set[int] = set()

    def __call__(self, arn: str, records: list[dict[str, Any]]) -> None:
        self.arns.add(arn)
        self.threads.add(threading.get_ident())
        self.batches.append(len(records))
        self.records += records

    def names(self) -> list[str]:
        return [record["eventName"] for record in self.records]


@pytest.fixture
def client() -> Iterator[Any]:
    with running() as client:
        yield client


@pytest.fixture
def receiver(client: Any) -> Receiver:
    receiver = Receiver()
    streams.install(receiver)
    return receiver


def test_a_records_members_are_those_of_aws(client: Any, receiver: Receiver) -> None:
    put(client, "a", N=1)
    update(client, "a", "SET N = :two", {"two": 2})
    client.delete_item(TableName=TABLE, Key=key("a"))
    assert streams.drain(SECONDS)

    arn = client.describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
    insert, modify, remove = receiver.records
    assert [insert["eventName"], modify["eventName"], remove["eventName"]] == ["INSERT", "MODIFY", "REMOVE"]
    assert len({record["eventID"] for record in receiver.records}) == 3
    assert receiver.arns == {arn}
    for record in receiver.records:
        assert record["eventSource"] == "aws:dynamodb"
        assert record["awsRegion"] == "us-east-1"
        assert record["eventSourceARN"] == arn
        assert record["dynamodb"]["Keys"] == key("a")
        assert record["dynamodb"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
        assert record["dynamodb"]["ApproximateCreationDateTime"] == pytest.approx(time.time(), abs=5)
        assert record["dynamodb"]["SizeBytes"] > 0
    assert "OldImage" not in insert["dynamodb"]
    assert insert["dynamodb"]["NewImage"] == item("a", N=1)
    assert modify["dynamodb"]["OldImage"] == item("a", N=1)
    assert modify["dynamodb"]["NewImage"] == item("a", N=2)
    assert remove["dynamodb"]["OldImage"] == item("a", N=2)
    assert "NewImage" not in remove["dynamodb"]


def test_a_write_that_changes_nothing_makes_no_record(client: Any, receiver: Receiver) -> None:
    put(client, "a", N=1)
    put(client, "a", N=1.0)
    update(client, "a", "SET N = :one", {"one": 1})
    client.delete_item(TableName=TABLE, Key=key("absent"))
    assert streams.drain(SECONDS)

    assert receiver.names() == ["INSERT"]


def test_four_writers_records_are_complete_and_in_order(client: Any, receiver: Receiver) -> None:
    def write(writer: int) -> None:
        for number in range(1, 201):
            update(client, f"run-{writer}", "SET N = :n", {"n": number})
            if number % 4 == 0:
                client.transact_write_items(
                    TransactItems=[
                        {"Put": {"TableName": TABLE, "Item": item(f"pair-{writer}", side, N=number)}} for side in "ab"
                    ]
                )

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert streams.drain(SECONDS)

    sequences = [int(record["dynamodb"]["SequenceNumber"]) for record in receiver.records]
    assert sequences == sorted(set(sequences))
    assert len({record["eventID"] for record in receiver.records}) == len(receiver.records) == 4 * (200 + 100)
    for writer in range(4):
        images = [r["dynamodb"] for r in receiver.records if r["dynamodb"]["Keys"] == key(f"run-{writer}")]
        assert [image["NewImage"]["N"]["N"] for image in images] == [str(n) for n in range(1, 201)]
        assert all(after["OldImage"] == before["NewImage"] for before, after in pairwise(images))
    assert max(receiver.batches) <= streams.MAX_BATCH


def test_delivery_happens_outside_the_write(client: Any) -> None:
    may_go_on = threading.Event()

    def hold(_arn: str, _records: list[dict[str, Any]]) -> None:
        may_go_on.wait(SECONDS)

    streams.install(hold)

    put(client, "a")
    put(client, "b")

    assert streams.pending() == 2
    assert not streams.drain(0.01)
    may_go_on.set()
    assert streams.drain(SECONDS)
    assert streams.pending() == 0


def test_a_receiver_may_write_to_the_table_it_listens_to(client: Any) -> None:
    names: list[str] = []

    def follow(_arn: str, records: list[dict[str, Any]]) -> None:
        names.extend(record["dynamodb"]["Keys"]["Id"]["S"] for record in records)
        if len(names) < 3:
            put(client, f"follow-{len(names)}")

    streams.install(follow)
    put(client, "first")
    assert streams.drain(SECONDS)

    assert names == ["first", "follow-1", "follow-2"]


def test_records_come_late_when_told(client: Any, receiver: Receiver) -> None:
    FAULTS.stream_lag = 0.2
    started = time.monotonic()
    put(client, "a")

    assert receiver.records == []
    assert streams.drain(SECONDS)
    assert time.monotonic() - started >= 0.2
    assert receiver.names() == ["INSERT"]


def test_records_come_twice_when_told(client: Any, receiver: Receiver) -> None:
    FAULTS.duplicate_stream_records = 1.0
    for number in range(5):
        put(client, f"run-{number}")
    assert streams.drain(SECONDS)

    ids = [record["eventID"] for record in receiver.records]
    assert len(ids) == 10
    assert len(set(ids)) == 5


def _numbers(receiver: Receiver, run: str) -> list[int]:
    images = [record["dynamodb"]["NewImage"] for record in receiver.records]
    return [int(image["N"]["N"]) for image in images if image["Id"]["S"] == run]


def test_records_of_different_items_overtake_one_another_when_told(client: Any, receiver: Receiver) -> None:
    FAULTS.shuffle_stream_records = 0.3
    for number in range(10):
        for run in ("a", "b", "c", "d"):
            put(client, run, N=number)
    assert streams.drain(SECONDS)

    sequences = [int(record["dynamodb"]["SequenceNumber"]) for record in receiver.records]
    assert len(set(sequences)) == 40
    assert sequences != sorted(sequences)
    for run in ("a", "b", "c", "d"):
        assert _numbers(receiver, run) == list(range(10))


def test_even_one_items_records_overtake_one_another_when_told(client: Any, receiver: Receiver) -> None:
    FAULTS.shuffle_stream_records = 0.3
    FAULTS.shuffle_within_items = 1.0
    for number in range(30):
        put(client, "a", N=number)
    assert streams.drain(SECONDS)

    assert sorted(_numbers(receiver, "a")) == list(range(30))
    assert _numbers(receiver, "a") != list(range(30))


def test_a_failing_receiver_does_not_stop_the_stream(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    def deliver(_arn: str, records: list[dict[str, Any]]) -> None:
        seen.extend(record["dynamodb"]["Keys"]["Id"]["S"] for record in records)
        raise ValueError("broken receiver")

    streams.install(deliver)
    put(client, "a")
    assert streams.drain(SECONDS)
    put(client, "b")
    assert streams.drain(SECONDS)

    assert seen == ["a", "b"]
    assert "broken receiver" in caplog.text


def test_delivered_rows_are_not_kept(client: Any) -> None:
    streams.install(lambda _arn, _records: None)
    before = _rows()
    for number in range(200):
        update(client, "a", "SET N = :n", {"n": number})
    assert streams.drain(SECONDS)

    assert _rows() - before <= 3


def _rows() -> int:
    gc.collect()
    return sum(type(one) is Row for one in gc.get_objects())


def test_a_table_without_a_stream_makes_no_records(client: Any, receiver: Receiver) -> None:
    client.delete_table(TableName=TABLE)
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
    )
    client.put_item(TableName=TABLE, Item={"Id": wire("a")})

    assert streams.drain(SECONDS)
    assert receiver.records == []


def test_keys_only_streams_carry_no_images(client: Any, receiver: Receiver) -> None:
    client.delete_table(TableName=TABLE)
    create(client, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    put(client, "a", N=1)
    assert streams.drain(SECONDS)

    (record,) = receiver.records
    assert record["dynamodb"]["Keys"] == key("a")
    assert "NewImage" not in record["dynamodb"]


def test_binary_content_travels_as_text(client: Any, receiver: Receiver) -> None:
    client.put_item(TableName=TABLE, Item={**item("a"), "Data": {"B": b"\x00"}, "Deep": {"L": [{"B": b"\x01"}]}})
    assert streams.drain(SECONDS)

    image = receiver.records[0]["dynamodb"]["NewImage"]
    assert (image["Data"], image["Deep"]) == ({"B": "AA=="}, {"L": [{"B": "AQ=="}]})


def test_after_stop_nothing_is_delivered_and_no_thread_is_left(client: Any, receiver: Receiver) -> None:
    put(client, "a")
    assert streams.drain(SECONDS)
    (thread,) = [one for one in threading.enumerate() if one.name == f"stream {TABLE}"]
    gone = weakref.ref(thread)

    streams.stop()
    put(client, "b")

    assert receiver.names() == ["INSERT"]
    assert not thread.is_alive()
    del thread
    assert gone() is None or not gone().is_alive()  # type: ignore[union-attr]
