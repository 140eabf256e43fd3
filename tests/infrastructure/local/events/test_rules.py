"""Rules bring events to their targets, and fire by schedule."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from infrastructure.local.clock import CLOCK
from infrastructure.local.events.rules import EventRules, install
from infrastructure.local.faults import FAULTS
from tests.infrastructure.local.lambdas.embedded_lambda import EmbeddedLambda, embedded_lambda, until

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"
STATUS = {
    "source": "aws.states",
    "detail-type": "Step Functions Execution Status Change",
    "detail": {"status": "FAILED", "stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:a-mw1-x"},
}


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedLambda]:
    with embedded_lambda() as running:
        yield running


@pytest.fixture
def rules(aws: EmbeddedLambda) -> Iterator[EventRules]:
    running = install(aws.functions)
    yield running
    running.stop()
    events = aws.client("events")
    for rule in events.list_rules()["Rules"]:
        targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        events.remove_targets(Rule=rule["Name"], Ids=[target["Id"] for target in targets])
        events.delete_rule(Name=rule["Name"])


@pytest.fixture
def received(aws: EmbeddedLambda) -> list[Any]:
    events: list[Any] = []
    aws.functions.register_in_process("target", lambda event, context: events.append(event))
    return events


@pytest.fixture
def queue(aws: EmbeddedLambda) -> Iterator[str]:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def reset_clock() -> Iterator[None]:
    yield
    CLOCK.reset()


QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:events"


def rule(
    aws: EmbeddedLambda, pattern: dict[str, Any] | None = None, target: dict[str, Any] | None = None, **settings: Any
) -> None:
    events = aws.client("events")
    if pattern:
        settings["EventPattern"] = json.dumps(pattern)
    events.put_rule(Name="rule", **settings)
    events.put_targets(Rule="rule", Targets=[{"Id": "one", "Arn": f"{ARN}target", **(target or {})}])


def messages(aws: EmbeddedLambda, url: str) -> list[dict[str, Any]]:
    answer = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    return list(answer.get("Messages", []))


def test_a_published_event_reaches_the_function_of_a_matching_rule(
    aws: EmbeddedLambda, rules: EventRules, received: list[Any]
) -> None:
    rule(
        aws,
        {
            "source": ["aws.states"],
            "detail": {
                "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                "stateMachineArn": [{"wildcard": "*:stateMachine:*-mw1-*"}],
            },
        },
    )

    rules.publish({**STATUS, "detail": {**STATUS["detail"], "status": "SUCCEEDED"}})  # type: ignore[dict-item]
    rules.publish(STATUS)

    [event] = until(lambda: received)
    assert event["detail"] == STATUS["detail"]
    assert event["account"] == "123456789012"
    assert len(event["id"]) == 36
    assert event["time"].endswith("Z")


def test_put_events_takes_the_same_way(aws: EmbeddedLambda, rules: EventRules, received: list[Any]) -> None:
    rule(aws, {"source": ["my.app"]})

    answer = aws.client("events").put_events(
        Entries=[{"Source": "my.app", "DetailType": "thing", "Detail": '{"a": 1}', "Resources": ["r"]}]
    )

    [event] = until(lambda: received)
    assert answer["FailedEntryCount"] == 0
    assert answer["Entries"][0]["EventId"] == event["id"]
    assert (event["detail-type"], event["detail"], event["resources"]) == ("thing", {"a": 1}, ["r"])
    assert "ingestion-time" not in event
    assert event["time"].endswith("Z")


def test_a_disabled_rule_takes_nothing(aws: EmbeddedLambda, rules: EventRules, queue: str) -> None:
    rule(aws, {"source": ["aws.states"]}, {"Arn": QUEUE_ARN}, State="DISABLED")

    rules.publish(STATUS)

    assert messages(aws, queue) == []


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({"Input": '{"fixed": true}'}, {"fixed": True}),
        ({"InputPath": "$.detail.status"}, "FAILED"),
        ({"InputPath": "$.detail.missing"}, None),
        (
            {"InputTransformer": {"InputPathsMap": {"s": "$.detail.status"}, "InputTemplate": '{"was": "<s>"}'}},
            {"was": "FAILED"},
        ),
    ],
)
def test_a_target_gets_the_input_it_asks_for(
    aws: EmbeddedLambda, rules: EventRules, received: list[Any], setting: dict[str, Any], expected: Any
) -> None:
    rule(aws, {"source": ["aws.states"]}, setting)

    rules.publish(STATUS)

    assert until(lambda: received) == [expected]


def test_queues_and_topics_are_targets_too(aws: EmbeddedLambda, rules: EventRules, queue: str) -> None:
    sns = aws.client("sns")
    topic = sns.create_topic(Name="events")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN, Attributes={"RawMessageDelivery": "true"})
    rule(aws, {"source": ["aws.states"]}, {"Arn": QUEUE_ARN})
    aws.client("events").put_targets(Rule="rule", Targets=[{"Id": "two", "Arn": topic}])

    rules.publish({**STATUS, "id": "known"})

    bodies = [json.loads(message["Body"]) for message in messages(aws, queue)]
    assert [body["id"] for body in bodies] == ["known", "known"]


def test_a_failing_function_is_tried_three_times(
    aws: EmbeddedLambda, rules: EventRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CLOCK, "speed", 5000.0)
    tries: list[int] = []

    def handler(event: Any, context: Any) -> None:
        tries.append(1)
        raise ValueError("no")

    aws.functions.register_in_process("target", handler)
    rule(aws, {"source": ["aws.states"]})

    rules.publish(STATUS)

    until(lambda: len(tries) == 3)


def test_an_event_for_a_missing_function_is_a_dead_letter(aws: EmbeddedLambda, rules: EventRules, queue: str) -> None:
    rule(aws, {"source": ["aws.states"]}, {"Arn": f"{ARN}missing", "DeadLetterConfig": {"Arn": QUEUE_ARN}})

    rules.publish(STATUS)

    [message] = until(lambda: messages(aws, queue))
    assert json.loads(message["Body"])["detail"] == STATUS["detail"]
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "NO_RESOURCE"
    assert attributes["RULE_ARN"].endswith(":rule/rule")
    assert attributes["TARGET_ARN"] == f"{ARN}missing"


def test_a_schedule_outlives_a_target_that_is_gone(
    aws: EmbeddedLambda, rules: EventRules, queue: str, reset_clock: None
) -> None:
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:gone"
    rule(
        aws,
        target={
            "Arn": machine,
            "RoleArn": "arn:aws:iam::123456789012:role/r",
            "DeadLetterConfig": {"Arn": QUEUE_ARN},
        },
        ScheduleExpression="rate(5 minutes)",
    )

    CLOCK.move(301)
    CLOCK.move(301)

    letters = messages(aws, queue)
    assert [letter["MessageAttributes"]["TARGET_ARN"]["StringValue"] for letter in letters] == [machine] * 2


def test_a_scheduled_rule_fires_again_and_again(
    aws: EmbeddedLambda, rules: EventRules, received: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CLOCK, "speed", 3000.0)
    rule(aws, ScheduleExpression="rate(5 minutes)")

    until(lambda: len(received) >= 3)

    assert received[0]["source"] == "aws.events"
    assert received[0]["detail-type"] == "Scheduled Event"
    assert received[0]["resources"] == ["arn:aws:events:us-east-1:123456789012:rule/rule"]


def test_a_cron_rule_fires(
    aws: EmbeddedLambda, rules: EventRules, received: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CLOCK, "speed", 3000.0)
    rule(aws, ScheduleExpression="cron(* * * * ? *)", target={"Input": '"tick"'})

    assert until(lambda: received)[0] == "tick"


def test_an_event_comes_twice_when_told(aws: EmbeddedLambda, rules: EventRules, queue: str) -> None:
    rule(aws, {"source": ["aws.states"]}, {"Arn": QUEUE_ARN})
    FAULTS.duplicate_events = 1.0
    try:
        rules.publish({**STATUS, "id": "one"})
    finally:
        FAULTS.reset()

    assert [json.loads(message["Body"])["id"] for message in messages(aws, queue)] == ["one", "one"]


def test_a_moved_clock_makes_a_rule_due_once(
    aws: EmbeddedLambda, rules: EventRules, received: list[Any], reset_clock: None
) -> None:
    rule(aws, ScheduleExpression="rate(5 minutes)")
    CLOCK.move(200)
    assert received == []

    CLOCK.move(3600)

    [event] = until(lambda: received)
    CLOCK.move(60)
    assert received == [event]
    moment = datetime.fromisoformat(event["time"]).timestamp()
    assert moment == pytest.approx(time.time() + 3800, abs=30)


def test_a_disabled_schedule_never_fires(
    aws: EmbeddedLambda, rules: EventRules, received: list[Any], reset_clock: None
) -> None:
    rule(aws, ScheduleExpression="rate(5 minutes)", State="DISABLED")

    CLOCK.move(3600)
    aws.functions.invoke_async("target", b'"last"')

    assert until(lambda: received) == ["last"]


def test_a_scheduled_rule_takes_no_events_and_waits_its_time(
    aws: EmbeddedLambda, rules: EventRules, received: list[Any], queue: str
) -> None:
    rule(aws, ScheduleExpression="rate(5 minutes)")
    events = aws.client("events")
    events.put_rule(Name="other", EventPattern='{"source": ["aws.states"]}')
    events.put_targets(Rule="other", Targets=[{"Id": "one", "Arn": QUEUE_ARN}])

    rules.publish(STATUS)

    assert until(lambda: messages(aws, queue))
    assert received == []


def test_an_uploaded_object_reaches_a_function(aws: EmbeddedLambda, rules: EventRules, received: list[Any]) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="watched")
    s3.put_bucket_notification_configuration(
        Bucket="watched", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    rule(aws, {"source": ["aws.s3"], "detail-type": ["Object Created"]})

    s3.put_object(Bucket="watched", Key="upload/film.mp4", Body=b"film")

    [event] = until(lambda: received)
    assert event["detail"]["object"]["key"] == "upload/film.mp4"


def test_objects_events_tell_versions_reasons_and_their_order(
    aws: EmbeddedLambda, rules: EventRules, received: list[Any]
) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="versioned")
    s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket="versioned", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    rule(aws, {"detail-type": ["Object Created"], "detail": {"bucket": {"name": ["versioned"]}}})
    part = {"Bucket": "versioned", "Key": "parts"}

    versions = [s3.put_object(Bucket="versioned", Key="a b/ü", Body=b"1234")["VersionId"] for _ in range(2)]
    s3.copy_object(Bucket="versioned", Key="copy", CopySource="versioned/a b/ü")
    upload = s3.create_multipart_upload(**part)["UploadId"]
    tag = s3.upload_part(**part, UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    s3.complete_multipart_upload(**part, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})

    until(lambda: len(received) == 4)
    objects = sorted((event["detail"]["object"] for event in received), key=lambda found: found["sequencer"])
    assert [found["key"] for found in objects] == ["a b/ü", "a b/ü", "copy", "parts"]
    assert [found["version-id"] for found in objects[:2]] == versions
    assert objects[0]["size"] == 4
    assert objects[0]["etag"] == "81dc9bdb52d04dc20036dbd8313ed055"
    assert len({found["sequencer"] for found in objects}) == 4
    assert {event["detail"]["reason"] for event in received} == {
        "PutObject",
        "CopyObject",
        "CompleteMultipartUpload",
    }


def test_stopping_ends_the_scheduler(aws: EmbeddedLambda) -> None:
    running = install(aws.functions)
    install(aws.functions).stop()

    running.stop()

    assert not [thread for thread in threading.enumerate() if thread.name == "event-schedules"]
