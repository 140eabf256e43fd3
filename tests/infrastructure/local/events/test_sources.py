"""Records of a stream reach the functions that mapped it, as AWS's pollers bring them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infrastructure.local.clock import CLOCK
from infrastructure.local.events.sources import EventSources, install
from infrastructure.local.invocation import Invocation
from infrastructure.local.meter import METER
from tests.infrastructure.local.lambdas.embedded_lambda import EmbeddedLambda, embedded_lambda, until

Answer = Callable[[list[str]], Any]


class Reader:
    """A function that notes the sequence numbers of its batches and answers as told."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.events: list[dict[str, Any]] = []
        self.answer: Answer = lambda numbers: None

    def invoke(self, arn: str, payload: bytes) -> Invocation:
        event = json.loads(payload)
        numbers = [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]
        self.events.append(event)
        self.batches.append(numbers)
        try:
            return Invocation(json.dumps(self.answer(numbers)).encode())
        except ValueError as error:
            return Invocation(
                json.dumps({"errorType": "ValueError", "errorMessage": str(error)}).encode(), "Unhandled"
            )


class Stream:
    """A table's stream and the means to map it."""

    def __init__(self, aws: EmbeddedLambda, reader: Reader, sources: EventSources, arn: str) -> None:
        self.aws, self.reader, self.sources, self.arn = aws, reader, sources, arn

    def map(self, **settings: Any) -> str:
        answer = self.aws.lambda_.create_event_source_mapping(
            EventSourceArn=self.arn, FunctionName="reader", StartingPosition="TRIM_HORIZON", **settings
        )
        return str(answer["UUID"])

    def put(self, *records: dict[str, Any]) -> None:
        self.sources.deliver(self.arn, list(records))

    def settled(self) -> list[list[str]]:
        until(lambda: self.sources.pending() == 0)
        return self.reader.batches


def record(number: int, name: str = "INSERT", age: float = 0, **keys: str) -> dict[str, Any]:
    return {
        "eventID": str(number),
        "eventName": name,
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "ApproximateCreationDateTime": time.time() - age,
            "Keys": {key: {"S": value} for key, value in keys.items()},
            "SequenceNumber": str(number),
        },
    }


def fail(numbers: list[str]) -> Any:
    raise ValueError("bad batch")


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedLambda]:
    with embedded_lambda() as running:
        running.deploy("reader", "def handler(e, c): pass\n")
        yield running


@pytest.fixture
def stream(aws: EmbeddedLambda, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stream]:
    monkeypatch.setattr(CLOCK, "speed", 200.0)
    reader = Reader()
    sources = install(reader.invoke)
    table = aws.client("dynamodb").create_table(
        TableName=f"table-{time.monotonic_ns()}",
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]
    yield Stream(aws, reader, sources, table["LatestStreamArn"])
    sources.stop()


def patterns(*patterns: dict[str, Any]) -> dict[str, Any]:
    return {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}


def test_records_come_in_order_in_batches_of_the_size_asked_for(stream: Stream) -> None:
    stream.map(BatchSize=4)

    stream.put(*(record(number) for number in range(10)))

    batches = stream.settled()
    assert [number for batch in batches for number in batch] == [str(number) for number in range(10)]
    assert max(len(batch) for batch in batches) == 4
    assert stream.reader.events[0]["Records"][0]["eventSourceARN"] == stream.arn


def test_delivery_never_waits_for_the_function(stream: Stream) -> None:
    stream.map()
    release = threading.Event()
    stream.reader.answer = lambda numbers: release.wait(10)

    stream.put(record(1))

    until(lambda: stream.reader.batches)
    stream.put(record(2))
    release.set()
    assert stream.settled() == [["1"], ["2"]]


def test_only_what_a_filter_takes_is_delivered(stream: Stream) -> None:
    stream.map(
        FilterCriteria=patterns(
            {"eventName": ["INSERT"], "dynamodb": {"Keys": {"Id": {"S": ["queue"]}}}},
            {"eventName": ["REMOVE"], "dynamodb": {"Keys": {"Part": {"S": [{"prefix": "slot#"}]}}}},
            {"eventName": ["MODIFY"], "dynamodb": {"Keys": {"Part": {"S": ["pool"]}}}},
        )
    )

    stream.put(
        record(1, "INSERT", Id="queue", Part="1"),
        record(2, "INSERT", Id="run", Part="execution"),
        record(3, "REMOVE", Id="pool#global", Part="slot#0007"),
        record(4, "REMOVE", Id="queue", Part="1"),
        record(5, "MODIFY", Id="pool#global", Part="pool"),
        record(6, "MODIFY", Id="pool#global", Part="slot#0007"),
    )

    assert stream.settled() == [["1", "3", "5"]]


def test_nothing_is_invoked_when_no_record_passes(stream: Stream) -> None:
    stream.map(FilterCriteria=patterns({"eventName": ["REMOVE"]}))

    stream.put(record(1))

    assert stream.settled() == []


def test_a_failing_batch_is_tried_again_until_it_succeeds(stream: Stream) -> None:
    stream.map()
    stream.reader.answer = lambda numbers: fail(numbers) if len(stream.reader.batches) < 4 else None

    stream.put(record(1), record(2))

    assert stream.settled() == [["1", "2"]] * 4


def test_a_batch_given_up_goes_to_the_failure_queue(stream: Stream) -> None:
    sqs = stream.aws.client("sqs")
    queue = sqs.create_queue(QueueName="given-up")["QueueUrl"]
    stream.map(
        MaximumRetryAttempts=2,
        DestinationConfig={"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:given-up"}},
    )
    stream.reader.answer = lambda numbers: fail(numbers) if "1" in numbers else None

    stream.put(record(1), record(2))
    assert stream.settled() == [["1", "2"]] * 3
    stream.put(record(3))

    assert stream.settled()[-1] == ["3"]
    body = json.loads(sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"])
    assert body["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert body["requestContext"]["approximateInvokeCount"] == 3
    info = body["DDBStreamBatchInfo"]
    assert (info["startSequenceNumber"], info["endSequenceNumber"], info["batchSize"]) == ("1", "2", 2)
    assert info["streamArn"] == stream.arn


def test_bisection_finds_the_bad_record_and_spares_the_others(stream: Stream) -> None:
    stream.map(BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
    done: list[str] = []
    stream.reader.answer = lambda numbers: fail(numbers) if "5" in numbers else done.extend(numbers)

    stream.put(*(record(number) for number in range(8)))

    stream.settled()
    assert done == ["0", "1", "2", "3", "4", "6", "7"]


def test_reported_failures_are_delivered_again_from_the_lowest(stream: Stream) -> None:
    stream.map(FunctionResponseTypes=["ReportBatchItemFailures"])
    answers = iter([["3", "2"], []])
    stream.reader.answer = lambda numbers: {"batchItemFailures": [{"itemIdentifier": n} for n in next(answers)]}

    stream.put(*(record(number) for number in range(5)))

    assert stream.settled() == [["0", "1", "2", "3", "4"], ["2", "3", "4"]]


@pytest.mark.parametrize(
    "odd", ["text", {"batchItemFailures": [{"itemIdentifier": "99"}]}, {"batchItemFailures": [{}]}]
)
def test_an_odd_report_fails_the_whole_batch(stream: Stream, odd: Any) -> None:
    stream.map(FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=1)
    stream.reader.answer = lambda numbers: odd

    stream.put(record(1), record(2))

    assert stream.settled() == [["1", "2"]] * 2


def test_records_too_old_are_given_up_unseen(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CLOCK, "speed", 1.0)
    stream.map(MaximumRecordAgeInSeconds=60)

    stream.put(record(1, age=120), record(2, age=1))

    assert stream.settled() == [["2"]]


def test_a_disabled_mapping_goes_on_where_it_was_when_enabled(stream: Stream) -> None:
    removals = {"eventName": ["REMOVE"]}
    mapping = stream.map(Enabled=False, FilterCriteria=patterns({"eventName": ["INSERT"]}))
    stream.map(FilterCriteria=patterns(removals), BatchSize=1)
    stream.put(record(1), *(record(number, "REMOVE") for number in range(2, 50)))
    until(lambda: len(stream.reader.batches) == 48)
    assert ["1"] not in stream.reader.batches

    stream.aws.lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)

    assert stream.settled()[48:] == [["1"]]


def test_two_mappings_read_one_stream_and_a_third_is_refused(stream: Stream) -> None:
    stream.map(FilterCriteria=patterns({"eventName": ["INSERT"]}))
    stream.map(FilterCriteria=patterns({"eventName": ["INSERT", "REMOVE"]}))
    with pytest.raises(ClientError, match="at most 2 readers"):
        stream.map()

    stream.put(record(1))

    assert stream.settled() == [["1"], ["1"]]


def test_a_filter_that_is_no_pattern_is_refused(stream: Stream) -> None:
    with pytest.raises(ClientError, match="Invalid filter pattern definition"):
        stream.map(FilterCriteria={"Filters": [{"Pattern": '{"eventName": "INSERT"}'}]})


def test_a_deleted_mapping_delivers_nothing(stream: Stream) -> None:
    mapping = stream.map()
    stream.aws.lambda_.delete_event_source_mapping(UUID=mapping)

    stream.put(record(1))

    assert stream.settled() == []


def test_a_write_does_not_invoke_the_function_itself(stream: Stream) -> None:
    stream.map()
    before = METER.snapshot().get("lambda.reader", 0)

    stream.aws.client("dynamodb").put_item(TableName=stream.arn.split("/")[1], Item={"Id": {"S": "written"}})

    assert METER.snapshot().get("lambda.reader", 0) == before
    assert stream.settled() == []


def test_stopping_ends_a_retry_that_waits(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(threading.enumerate())
    failing = threading.Event()

    def fail_with_a_long_pause_ahead(numbers: list[str]) -> Any:
        # Not sooner: the poll that brings the batch is paced by the clock, too.
        monkeypatch.setattr(CLOCK, "speed", 0.01)
        failing.set()
        return fail(numbers)

    stream.map()
    stream.reader.answer = fail_with_a_long_pause_ahead
    stream.put(record(1))
    assert failing.wait(15)

    stream.sources.stop()

    assert stream.reader.batches == [["1"]]
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name == "event-source"]
