from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.analytics import feed as feeding
from chalicelib.analytics.feed import TRIES, feed
from chalicelib.assets import pointers
from chalicelib.aws import clock, kinesis, messaging, transaction
from chalicelib.aws.clients import client
from tests.chalicelib.analytics.records_of import ASSET, Record, head, record
from tests.chalicelib.printed import total


@dataclass
class Stream:
    """A Kinesis that notes what it takes; `refuses` says which records it doesn't."""

    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    refuses: Callable[[str, dict[str, Any]], bool] = lambda _asset, _document: False

    def put(self, stream: str, records: list[tuple[str, str]]) -> list[bool]:
        assert stream == "test-analytics"
        self.requests.append(len(records))
        answers = []
        for key, text in records:
            document = json.loads(text)
            answers.append(not self.refuses(key, document))
            if answers[-1]:
                self.taken.append((key, document))
        return answers

    def of(self, asset_id: str) -> list[str]:
        """What was taken of an asset, by action and operator."""
        return [f"{one['Action']} {one.get('Operator', '')}".strip() for key, one in self.taken if key == asset_id]


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Stream:
    made = Stream()
    monkeypatch.setattr(kinesis, "put", made.put)
    monkeypatch.setattr(clock, "sleep", lambda _seconds: None)
    return made


def life(asset_id: str) -> list[Record]:
    """An asset that is made, described and deleted."""
    return [
        record(asset_id, "asset", new=ASSET),
        record(asset_id, "head#labels", new=head("k")),
        record(asset_id, "asset", old=ASSET, new={**ASSET, "Deleting": "x"}),
        record(asset_id, "head#labels", old=head("k")),
        record(asset_id, "asset", old=ASSET),
    ]


TOLD = ["INSERT", "MODIFY labels", "REMOVE labels", "REMOVE"]


def test_all_that_happens_to_an_asset_is_told_in_order(stream: Stream) -> None:
    batch = [one for pair in zip(life("a"), life("b"), strict=True) for one in pair]

    assert feed({"Records": batch}) == {"batchItemFailures": []}

    assert stream.of("a") == stream.of("b") == TOLD
    assert stream.requests == [2, 2, 2, 2]


def test_what_is_refused_is_sent_again_before_what_comes_after_it(stream: Stream) -> None:
    refusals = iter([True, False, True, True, False])
    stream.refuses = lambda asset, _: asset == "a" and next(refusals, False)

    assert feed({"Records": [*life("a"), *life("b")]}) == {"batchItemFailures": []}

    assert stream.of("a") == stream.of("b") == TOLD


def test_what_stays_refused_is_reported_and_holds_up_nobody_else(stream: Stream) -> None:
    batch = [*life("a"), *life("b")]
    stream.refuses = lambda asset, document: asset == "a" and document["Action"] == "MODIFY"

    answer = feed({"Records": batch})

    assert answer == {"batchItemFailures": [{"itemIdentifier": batch[1]["dynamodb"]["SequenceNumber"]}]}
    assert stream.of("a") == ["INSERT"]
    assert stream.of("b") == TOLD


def test_the_lowest_of_several_is_reported(stream: Stream) -> None:
    batch = [*life("a"), *life("b")]
    stream.refuses = lambda _asset, _document: True

    answer = feed({"Records": batch})

    assert answer["batchItemFailures"] == [{"itemIdentifier": batch[0]["dynamodb"]["SequenceNumber"]}]
    assert len(stream.requests) == TRIES


def test_a_change_that_is_brought_again_has_the_same_id(stream: Stream) -> None:
    batch = life("a")

    feed({"Records": batch})
    feed({"Records": batch})

    ids = [document["EventId"] for _, document in stream.taken]
    assert ids[:4] == ids[4:]
    assert len(set(ids)) == 4


def test_a_record_that_cannot_be_read_is_put_aside_whole(
    stream: Stream, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept: list[tuple[str, Any]] = []
    monkeypatch.setattr(messaging, "enqueue", lambda queue, body: kept.append((queue, body)))
    broken = record("a", "asset", new={"MediaType": "Video"})

    assert feed({"Records": [broken, *life("b")]}) == {"batchItemFailures": []}

    [(queue, body)] = kept
    assert queue.endswith("/test-analytics-dead-letters")
    assert body["Records"] == [broken]
    assert stream.of("b") == TOLD
    assert total(capsys.readouterr().out, "DeadLetters") == 1


def page_items(count: int) -> None:
    for number in range(count):
        part = f"doc#labels#run-1~abc#{number:06}"
        item = {"AssetId": "a", "Part": part, "Workflow": "run-1", "Key": f"page-{number}"}
        transaction.commit([transaction.put("Assets", item)])


def test_pages_are_told_with_the_objects_that_hold_them(aws: None, stream: Stream) -> None:
    page_items(3)

    feed({"Records": [record("a", "head#labels", new=head("pages", set_id="run-1~abc", pages=3))]})

    assert [(one["Page"], one["Pages"], one["Pointer"]) for _, one in stream.taken] == [
        (1, 3, "page-0"),
        (2, 3, "page-1"),
        (3, 3, "page-2"),
    ]


def test_pages_that_were_deleted_meanwhile_are_not_told(aws: None, stream: Stream) -> None:
    page_items(2)

    feed({"Records": [record("a", "head#labels", new=head("pages", set_id="run-1~abc", pages=3))]})

    assert stream.taken == []


def test_more_pages_than_a_request_carries_go_out_before_what_comes_after_them(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinesis, "MOST_RECORDS", 3)
    monkeypatch.setattr(pointers, "page_keys", lambda *_: [f"page-{n}" for n in range(7)])
    made = record("a", "head#labels", new=head("pages", set_id="run-1~abc", pages=7))
    gone = record("a", "head#labels", old=head("pages"))

    feed({"Records": [made, gone]})

    assert stream.of("a") == ["MODIFY labels"] * 7 + ["REMOVE labels"]
    assert max(stream.requests) == 3


def test_a_table_that_cannot_be_read_fails_the_batch_with_nothing_lost(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "Query")

    monkeypatch.setattr(pointers, "page_keys", fail)

    with pytest.raises(ClientError):
        feed({"Records": [record("a", "head#labels", new=head("pages", set_id="run-1~abc", pages=2))]})

    assert stream.taken == []


def test_records_reach_kinesis_under_the_assets_id(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    client("kinesis").create_stream(StreamName="test-analytics", ShardCount=1)

    assert feeding.feed({"Records": life("a")}) == {"batchItemFailures": []}

    shard = client("kinesis").get_shard_iterator(
        StreamName="test-analytics", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )
    records = client("kinesis").get_records(ShardIterator=shard["ShardIterator"])["Records"]
    assert [one["PartitionKey"] for one in records] == ["a"] * 4
    assert [json.loads(one["Data"])["Action"] for one in records] == ["INSERT", "MODIFY", "REMOVE", "REMOVE"]


def test_a_stream_that_is_not_there_takes_nothing(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "sleep", lambda _seconds: None)
    batch = life("a")

    answer = feed({"Records": batch})

    assert answer["batchItemFailures"] == [{"itemIdentifier": batch[0]["dynamodb"]["SequenceNumber"]}]
