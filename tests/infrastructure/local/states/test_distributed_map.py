from __future__ import annotations

import json
import threading
import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infrastructure.local.meter import METER
from infrastructure.local.states import map_run, threads
from tests.infrastructure.local.states.world import Failed, eventually, give, only, task, world

BUCKET = "inputs"
ARGUMENTS = {"Bucket": "{% $states.input.bucket %}", "Key": "{% $states.input.key %}"}
CAUGHT = ("Caught", give("{% $states.input %}"))
CATCH = [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Next": "Caught"}]


def bucket(**objects: str) -> Any:
    made: Any = boto3.client
    s3 = made("s3", region_name="us-east-1")
    s3.create_bucket(Bucket=BUCKET)
    for key, body in objects.items():
        s3.put_object(Bucket=BUCKET, Key=key.replace("__", "/"), Body=body.encode())
    return s3


def lines(key: str = "list.jsonl", kind: str = "JSONL", **config: Any) -> dict[str, Any]:
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": kind, **config},
        "Arguments": {"Bucket": BUCKET, "Key": key},
    }


def mapped(state: dict[str, Any], kind: str = "STANDARD", **fields: Any) -> dict[str, Any]:
    end = {} if "Next" in fields else {"End": True}
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
        "StartAt": "Child",
        "States": {"Child": state},
    }
    return {"Type": "Map", "ItemProcessor": processor, **end, **fields}


ECHO = give("{% $states.input %}")


def test_given_ten_thousand_lines_then_a_hundred_batches_run_within_seconds() -> None:
    text = "".join(f'{{"Media": {{"Video": "{number}.mp4"}}}}\n' for number in range(10_000))
    reader = {**lines(), "Arguments": ARGUMENTS}
    batcher = {"MaxItemsPerBatch": 100, "BatchInput": {"Batch": "{% $states.input.batch %}"}}
    took_part: list[Any] = []
    child = task(payload="{% $states.input %}", Output="{% $count($states.input.Items) %}")
    with world() as aws:
        bucket(**{"list.jsonl": text})
        aws.functions["f"] = lambda event: took_part.append(event) or {}
        state = mapped(child, ItemReader=reader, ItemBatcher=batcher, MaxConcurrency=10)
        given = {"bucket": BUCKET, "key": "list.jsonl", "batch": "b1"}
        METER.reset()
        started = time.monotonic()
        assert aws.output(only(state), given=given) == [100] * 100
        took = time.monotonic() - started
        assert METER.snapshot()["states.transitions"] == 101
    assert took < 10
    assert {event["BatchInput"]["Batch"] for event in took_part} == {"b1"}
    videos = {item["Media"]["Video"] for event in took_part for item in event["Items"]}
    assert len(videos) == 10_000


def test_given_a_prefix_then_items_are_its_objects_as_on_aws() -> None:
    reader = {
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "Arguments": {"Bucket": "{% $states.input.bucket %}", "Prefix": "{% $states.input.prefix %}"},
    }
    with world() as aws:
        bucket(in__a="12345", in__b="", out__c="x")
        found = aws.output(only(mapped(ECHO, ItemReader=reader)), given={"bucket": BUCKET, "prefix": "in/"})
        none = aws.output(only(mapped(ECHO, ItemReader=reader)), given={"bucket": BUCKET, "prefix": "no/"})
    assert [item["Key"] for item in found] == ["in/a", "in/b"]
    assert set(found[0]) == {"Etag", "Key", "LastModified", "Size", "StorageClass"}
    assert found[0]["Etag"].startswith('"')
    assert (found[0]["Size"], found[0]["StorageClass"]) == (5, "STANDARD")
    assert abs(found[0]["LastModified"] - time.time()) < 60
    assert none == []


def test_given_more_objects_than_a_page_then_all_are_found() -> None:
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Arguments": {"Bucket": BUCKET}}
    batcher = {"MaxItemsPerBatch": 500}
    with world() as aws:
        bucket(**{f"k{number:04}": "x" for number in range(1100)})
        count = give("{% $count($states.input.Items) %}")
        assert aws.output(only(mapped(count, ItemReader=reader, ItemBatcher=batcher))) == [500, 500, 100]


@pytest.mark.parametrize("kind", ["JSON", "JSONL", "CSV"])
def test_given_an_object_then_items_are_what_it_holds(kind: str) -> None:
    texts = {
        "JSON": '[{"a": "1"}, {"a": "2"}, {"a": "3"}]',
        "JSONL": '{"a": "1"}\n\n{"a": "2"}\r\n{"a": "3"}',
        "CSV": "a\n1\n2\n3\n",
    }
    with world() as aws:
        bucket(key=texts[kind])
        reader = lines("key", kind, CSVHeaderLocation="FIRST_ROW", MaxItems="{% 1 + 1 %}")
        assert aws.output(only(mapped(ECHO, ItemReader=reader))) == [{"a": "1"}, {"a": "2"}]


def test_given_a_selector_then_each_item_is_shaped_before_it_is_batched() -> None:
    selector = {
        "n": "{% $states.context.Map.Item.Index %}",
        "item": "{% $states.context.Map.Item.Value %}",
        "of": "{% $states.input.name %}",
    }
    fields = {"Items": "{% $states.input.items %}", "ItemSelector": selector, "ItemBatcher": {"MaxItemsPerBatch": 2}}
    with world() as aws:
        found = aws.output(only(mapped(ECHO, **fields)), given={"name": "x", "items": ["a", "b", "c"]})
    assert found == [
        {"Items": [{"n": 0, "item": "a", "of": "x"}, {"n": 1, "item": "b", "of": "x"}]},
        {"Items": [{"n": 2, "item": "c", "of": "x"}]},
    ]


def test_given_large_items_then_no_batch_is_larger_than_an_input_may_be() -> None:
    items = ["ä" * 30_000] * 7
    with world() as aws:
        text = "".join(f"{json.dumps(item, ensure_ascii=False)}\n" for item in items)
        bucket(**{"list.jsonl": text})
        count = give("{% $count($states.input.Items) %}")
        state = mapped(count, ItemReader=lines(), ItemBatcher={"MaxItemsPerBatch": 7})
        assert aws.output(only(state)) == [4, 3]
        small = {"MaxItemsPerBatch": 7, "MaxInputBytesPerBatch": 130_000}
        assert aws.output(only(mapped(count, ItemReader=lines(), ItemBatcher=small))) == [2, 2, 2, 1]


def failing(*numbers: int) -> Any:
    def work(event: int) -> int:
        if event in numbers:
            raise Failed("Bad", f"number {event}")
        return event

    return work


CHILD = task(Output="{% $states.result.Payload %}")


@pytest.mark.parametrize("tolerated", [{"ToleratedFailurePercentage": 50}, {"ToleratedFailureCount": 2}])
def test_given_tolerated_failures_then_they_stand_among_the_results(tolerated: dict[str, int]) -> None:
    with world() as aws:
        aws.functions["f"] = failing(1, 2)
        found = aws.output(only(mapped(CHILD, **tolerated)), given=[0, 1, 2, 3])
    assert (found[0], found[3]) == (0, 3)
    failed = found[1]
    assert (failed["Status"], failed["Error"], failed["Input"]) == ("FAILED", "Bad", "1")
    assert "number 1" in failed["Cause"]


@pytest.mark.parametrize(
    "tolerated", [{}, {"ToleratedFailurePercentage": "{% 24.9 %}"}, {"ToleratedFailureCount": 0}]
)
def test_given_too_many_failures_then_the_map_fails_and_can_be_caught(tolerated: dict[str, Any]) -> None:
    with world() as aws:
        aws.functions["f"] = failing(1)
        state = "Map", mapped(CHILD, Catch=CATCH, Next="Caught", **tolerated)
        caught = aws.output(state, CAUGHT, given=[0, 1, 2, 3])
    assert caught["Error"] == "States.ExceedToleratedFailureThreshold"


def test_given_a_failure_then_what_runs_is_stopped_and_the_rest_never_starts() -> None:
    started: list[int] = []

    def work(event: int) -> int:
        started.append(event)
        return failing(1)(event)

    child = {"Type": "Wait", "Seconds": "{% $states.input = 0 ? 80000 : 1 %}", "Next": "Work"}
    with world() as aws:
        aws.functions["f"] = work
        state = mapped(child, MaxConcurrency=2)
        state["ItemProcessor"]["States"]["Work"] = CHILD
        described = aws.run(only(state), given=[0, 1, 2, 3])
        kinds = [event["type"] for event in aws.history(described["executionArn"])]
    assert described["error"] == "States.ExceedToleratedFailureThreshold"
    assert started == [1]
    assert kinds[-4:] == ["MapRunStarted", "MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_given_a_limit_then_no_more_children_run_at_a_time() -> None:
    lock, running, most = threading.Lock(), [0], [0]
    together = threading.Barrier(3)

    def work(event: int) -> int:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        together.wait(10)
        with lock:
            running[0] -= 1
        return event

    with world() as aws:
        aws.functions["f"] = work
        state = mapped(CHILD, MaxConcurrency="{% $states.input.most %}", Items="{% [1..12] %}")
        assert aws.output(only(state), given={"most": 3}) == list(range(1, 13))
    assert most == [3]


def test_given_children_then_each_is_an_execution_of_its_own() -> None:
    seen = {
        "id": "{% $states.context.Execution.Id %}",
        "input": "{% $states.context.Execution.Input %}",
        "parent": "{% $exists($secret) %}",
    }
    with world() as aws:
        first = "First", give({}, Assign={"secret": "s"}, Output=[1, 2], Next="Map")
        found = aws.output(first, ("Map", mapped(give(seen), Label="L")))
    assert [child["input"] for child in found] == [1, 2]
    assert [child["parent"] for child in found] == [False, False]
    assert len({child["id"] for child in found}) == 2
    assert ":execution:m1/L:" in found[0]["id"]


def test_given_express_children_then_requests_are_counted_instead_of_transitions() -> None:
    with world() as aws:
        METER.reset()
        assert aws.output(only(mapped(ECHO, "EXPRESS")), given=[1, 2, 3]) == [1, 2, 3]
        counts = METER.snapshot()
    assert (counts["states.transitions"], counts[map_run.EXPRESS_REQUESTS]) == (1, 3)


def test_given_a_result_writer_then_results_and_manifest_are_files() -> None:
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Arguments": {"Bucket": BUCKET, "Prefix": "{% $states.input.to %}"},
    }
    with world() as aws:
        s3 = bucket()
        aws.functions["f"] = failing(2)
        state = mapped(CHILD, Items=[1, 2, 3], ResultWriter=writer, ToleratedFailureCount=1)
        output = aws.output(only(state), given={"to": "results/"})
        details = output["ResultWriterDetails"]
        manifest = json.loads(s3.get_object(Bucket=BUCKET, Key=details["Key"])["Body"].read())
        files = {
            status: json.loads(s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read())
            for status, entries in manifest["ResultFiles"].items()
            for entry in entries
        }
    assert details["Key"].startswith("results/")
    assert manifest["MapRunArn"] == output["MapRunArn"]
    assert manifest["ResultFiles"]["PENDING"] == []
    assert [record["Output"] for record in files["SUCCEEDED"]] == ["1", "3"]
    assert [record["Error"] for record in files["FAILED"]] == ["Bad"]


def test_given_a_flattening_writer_then_arrays_become_one() -> None:
    writer = {"WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSON"}}
    with world() as aws:
        assert aws.output(only(mapped(ECHO, ResultWriter=writer)), given=[[1, 2], [], 3]) == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "kind", "cause"),
    [
        (None, "JSON", "NoSuchKey"),
        ('{"a": 1}', "JSON", "non-iterable"),
        ("[1", "JSON", "no JSON"),
        ("1\nx", "JSONL", "line 2"),
        ("a,a\n1,2", "CSV", "duplicates"),
    ],
)
def test_given_an_unreadable_data_set_then_the_reader_failed(text: str | None, kind: str, cause: str) -> None:
    with world() as aws:
        bucket(**({} if text is None else {"key": text}))
        reader = lines("key", kind, CSVHeaderLocation="FIRST_ROW")
        caught = aws.output(("Map", mapped(ECHO, ItemReader=reader, Catch=CATCH, Next="Caught")), CAUGHT)
    assert caught["Error"] == "States.ItemReaderFailed"
    assert cause in caught["Cause"]


@pytest.mark.parametrize(
    "fields",
    [
        {"Items": "{% 5 %}"},
        {"MaxConcurrency": "{% 'many' %}"},
        {"MaxConcurrency": -1},
        {"ToleratedFailurePercentage": "{% $states.input.none %}"},
        {"ItemSelector": {"a": "{% $states.context.Map.Item.None %}"}},
    ],
)
def test_given_fields_that_make_no_sense_then_the_map_fails(fields: dict[str, Any]) -> None:
    with world() as aws:
        state = mapped(ECHO, Catch=CATCH, Next="Caught", **{"Items": [1], **fields})
        assert aws.output(("Map", state), CAUGHT, given={})["Error"] == "States.QueryEvaluationError"


@pytest.mark.parametrize("reader", [lines(kind="PARQUET"), {**lines(), "Resource": "arn:aws:states:::s3:headObject"}])
def test_given_a_reader_that_is_not_known_then_the_machine_is_refused(reader: dict[str, Any]) -> None:
    with world() as aws, pytest.raises(ClientError, match="InvalidDefinition"):
        aws.create(only(mapped(ECHO, ItemReader=reader)))


def test_given_a_stop_then_children_end_with_their_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_IDLE_SECONDS", 0.2)
    reached = threading.Semaphore(0)
    with world(speed=1) as aws:
        aws.functions["f"] = lambda event: reached.release() or {}
        before = threading.active_count()
        waiting = {**task(payload="{% $states.context.Task.Token %}")}
        waiting["Resource"] += ".waitForTaskToken"
        arn = aws.start(aws.create(only(mapped(waiting))), list(range(100)))
        for _ in range(map_run.MAX_CHILDREN):
            assert reached.acquire(timeout=10)
        aws.client.stop_execution(executionArn=arn)
        assert aws.end(arn, 5)["status"] == "ABORTED"
        eventually(lambda: threading.active_count() - before < 5)
        assert not reached.acquire(blocking=False)
