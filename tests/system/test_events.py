"""Events as the outside gets them: by the topic's queue, by the event bus, and by webhooks on a real server."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.local.clock import CLOCK
from infrastructure.local.dynamodb import expiry
from infrastructure.local.faults import FAULTS
from tests.chalicelib.events.receiver import Receiver, receiving
from tests.system.conftest import Engine

Event = dict[str, Any]
SECRET = "a secret that signs"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as served:
        yield served


@pytest.fixture
def webhook(engine: Engine, receiver: Receiver) -> Iterator[str]:
    """The name of a webhook that leads to the receiver."""
    body = {"Name": f"hook-{receiver.port}", "Url": receiver.url(), "Secret": SECRET}
    engine.ok("POST", "system/webhook", body)
    yield str(body["Name"])
    engine.ok("DELETE", f"system/webhook/{body['Name']}")


@pytest.fixture
def bus(engine: Engine) -> Iterator[str]:
    """The URL of a queue that a rule of the default bus fills with our events."""
    sqs, events = engine.aws.client("sqs"), engine.aws.client("events")
    url: str = sqs.create_queue(QueueName="events-of-runs")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["mediawright"], "detail-type": ["Workflow Execution Status Change"]}
    events.put_rule(Name="runs", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="runs", Targets=[{"Id": "queue", "Arn": arn}])
    yield url
    events.remove_targets(Rule="runs", Ids=["queue"])
    events.delete_rule(Name="runs")
    sqs.delete_queue(QueueUrl=url)


def queue_named(engine: Engine, part: str) -> str:
    [url] = [url for url in engine.aws.client("sqs").list_queues()["QueueUrls"] if part in url]
    return str(url)


@pytest.fixture(scope="module", autouse=True)
def emptied(running: Engine) -> None:
    """Other tests' runs have left thousands of messages, which to take out one by one would take minutes."""
    running.aws.wait_idle()
    running.aws.client("sqs").purge_queue(QueueUrl=running.aws.outputs["MieSQSQueue"])


def drained(engine: Engine, url: str) -> list[Any]:
    """All messages of a queue, in the order in which it gave them."""
    sqs, found = engine.aws.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found.append(json.loads(message["Body"]))
    return found


def from_topic(engine: Engine) -> list[Event]:
    """What the subscribed queue has got."""
    envelopes = drained(engine, engine.aws.outputs["MieSQSQueue"])
    return [json.loads(envelope["Message"]) for envelope in envelopes]


def settle(engine: Engine) -> None:
    """Until all that was written has been read, published and sent."""
    engine.aws.wait_idle()


def statuses(events: list[Event], run_id: str) -> list[str]:
    return [event["Status"] for event in events if event["WorkflowExecutionId"] == run_id]


def test_every_change_reaches_the_queue_the_bus_and_the_webhook_alike(
    engine: Engine, receiver: Receiver, webhook: str, bus: str
) -> None:
    drained(engine, engine.aws.outputs["MieSQSQueue"])
    workflow = engine.workflow([engine.operation("echo", Make={"words": 3})], [engine.operation("echo")])

    run = engine.run(workflow)
    settle(engine)

    by_topic, by_bus = from_topic(engine), drained(engine, bus)
    assert statuses(by_topic, run["Id"]) == ["Queued", "Started", "Complete"]
    assert [event["Sequence"] for event in by_topic] == [1, 2, 3]
    assert [event["detail"] for event in by_bus] == by_topic
    last = by_topic[-1]
    assert last["Globals"] == run["Globals"]
    assert last["AssetId"] == run["AssetId"]
    assert last["Workflow"] == {"Name": workflow}
    assert (last["PreviousStatus"], last["EventId"]) == ("Started", f"{run['Id']}-3")
    sent = {got.headers["X-Mediawright-Event"]: got for got in receiver.got}
    assert {event: json.loads(got.body) for event, got in sent.items()} == {
        event["EventId"]: event for event in by_topic
    }
    for got in receiver.got:
        signed = f"{got.headers['X-Mediawright-Timestamp']}.{got.body}".encode()
        mac = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        assert got.headers["X-Mediawright-Signature"] == f"v1={mac}"


def test_a_failed_and_a_cancelled_run_are_told_with_their_reasons(engine: Engine) -> None:
    drained(engine, engine.aws.outputs["MieSQSQueue"])
    bad = engine.run(engine.workflow([engine.operation("raises")]))
    engine.cap(1)
    sleeper = engine.start(engine.workflow([engine.operation("begin", monitor="look")]))
    queued = engine.start(engine.workflow([engine.operation("echo")]))
    engine.ok("POST", f"workflow/execution/{queued}/cancel", {"Reason": "not needed"})
    engine.ended(sleeper)
    settle(engine)

    events = from_topic(engine)
    assert statuses(events, bad["Id"]) == ["Queued", "Started", "Error"]
    assert statuses(events, queued) == ["Queued", "Canceled"]
    reasons = {event["WorkflowExecutionId"]: event.get("Message", "") for event in events}
    assert reasons[bad["Id"]] == bad["Message"]
    assert "not needed" in reasons[queued]


def test_records_that_come_twice_and_out_of_order_lose_and_invent_nothing(engine: Engine, bus: str) -> None:
    drained(engine, engine.aws.outputs["MieSQSQueue"])
    workflow = engine.workflow([engine.operation("echo")])
    FAULTS.duplicate_stream_records = 1.0
    FAULTS.shuffle_stream_records = 0.2
    FAULTS.shuffle_within_items = 0.5

    runs = {run_id: engine.ended(run_id) for run_id in [engine.start(workflow) for _ in range(8)]}
    settle(engine)

    for events in (from_topic(engine), [event["detail"] for event in drained(engine, bus)]):
        assert len(events) > 24
        by_id = {event["EventId"]: event for event in events}
        assert set(by_id) == {f"{run_id}-{sequence}" for run_id in runs for sequence in (1, 2, 3)}
        for run_id in runs:
            told = sorted((event for event in by_id.values() if event["WorkflowExecutionId"] == run_id), key=sequence)
            assert [(event["PreviousStatus"], event["Status"]) for event in told] == [
                (None, "Queued"),
                ("Queued", "Started"),
                ("Started", "Complete"),
            ]


def sequence(event: Event) -> int:
    return int(event["Sequence"])


def test_a_receiver_that_was_down_is_told_by_a_later_sweep(engine: Engine, receiver: Receiver, webhook: str) -> None:
    receiver.status = 503
    run = engine.run(engine.workflow([engine.operation("echo")]))
    settle(engine)
    assert len(receiver.got) == 3

    receiver.status = 200
    CLOCK.move(90)
    sweep = engine.aws.client("lambda").invoke(FunctionName="mediawright-Sweep", Payload=b"{}")
    settle(engine)

    assert json.loads(sweep["Payload"].read()) == {"Repairs": {}, "DeliveriesAttempted": 3}
    again = [got.headers["X-Mediawright-Event"] for got in receiver.got[3:]]
    assert sorted(again) == [f"{run['Id']}-{n}" for n in (1, 2, 3)]
    assert engine.ok("GET", "system/webhook/dead") == []


def test_a_run_brings_a_webhook_of_its_own_which_is_told_of_that_run_alone(
    engine: Engine, receiver: Receiver
) -> None:
    workflow = engine.workflow([engine.operation("echo")])
    webhook = {"Url": receiver.url(), "Secret": SECRET}

    run = engine.run(workflow, Webhook=webhook)
    engine.run(workflow)
    settle(engine)

    got = sorted(received.headers["X-Mediawright-Event"] for received in receiver.got)
    assert got == [f"{run['Id']}-{n}" for n in (1, 2, 3)]
    assert SECRET not in json.dumps(engine.get(run["Id"]))


@pytest.mark.parametrize(
    "webhook",
    [
        {"Secret": SECRET},
        {"Url": "https://hooks.example/"},
        {"Url": "https://hooks.example/", "Secret": "secret-too-few"},
        {"Url": "https://hooks.example/", "Secret": "secret-é" * 4},
        {"Url": "https://10.0.0.1/", "Secret": SECRET},
        {"Url": "https://hooks.example/", "Secret": SECRET, "Method": "PUT"},
        "https://hooks.example/",
    ],
)
def test_a_wrong_webhook_makes_no_run_and_its_secret_is_not_repeated(engine: Engine, webhook: Any) -> None:
    workflow = engine.workflow([engine.operation("echo")])
    body = {"Name": workflow, "Input": engine.video(), "Webhook": webhook}

    answer = engine.http.post("workflow/execution", json=body)

    assert (answer.status_code, answer.json()["Message"].count("secret")) == (400, 0)
    assert "Webhook" in answer.json()["Message"]
    runs = engine.ok("GET", "workflow/execution?view=summary")
    assert workflow not in {run["Workflow"]["Name"] for run in runs}


def test_a_webhook_inside_the_network_is_not_reached_unless_allowed(engine: Engine) -> None:
    for url in ("http://10.0.0.1/", "https://169.254.169.254/latest/", "https://[::1]/"):
        answer = engine.http.post("system/webhook", json={"Name": "inside", "Url": url})
        assert (answer.status_code, answer.json()["Message"].startswith("Url: ")) == (400, True)


def test_a_record_that_cannot_be_read_waits_in_the_dead_letters_while_runs_go_on(engine: Engine) -> None:
    letters = queue_named(engine, "PublisherDeadLetters")
    drained(engine, letters)
    drained(engine, engine.aws.outputs["MieSQSQueue"])
    poison = {"Id": {"S": "poison"}, "Part": {"S": "execution"}, "Status": {"S": "Pondering"}}
    table = engine.aws.outputs["ExecutionsTable"]
    engine.aws.client("dynamodb").put_item(TableName=table, Item=poison)

    run = engine.run(engine.workflow([engine.operation("echo")]))
    settle(engine)

    [letter] = drained(engine, letters)
    assert letter["Records"][0]["dynamodb"]["NewImage"] == poison
    assert statuses(from_topic(engine), run["Id"]) == ["Queued", "Started", "Complete"]


def test_a_run_that_expires_leaves_nothing_and_is_not_announced(engine: Engine) -> None:
    large = {"text": "x" * 40_000}
    run = engine.run(engine.workflow([engine.operation("echo", Make=large)], [engine.operation("echo")]))
    settle(engine)
    drained(engine, engine.aws.outputs["MieSQSQueue"])
    table, database = engine.aws.outputs["ExecutionsTable"], engine.aws.client("dynamodb")
    prefix = f"private/executions/{run['Id']}/"
    listed = engine.aws.client("s3").list_objects_v2(Bucket=engine.bucket, Prefix=prefix)
    assert listed["KeyCount"] > 0

    database.update_item(
        TableName=table,
        Key={"Id": {"S": run["Id"]}, "Part": {"S": "execution"}},
        UpdateExpression="SET ExpiresAt = :t",
        ExpressionAttributeValues={":t": {"N": str(int(time.time()) - 60)}},
    )
    expiry.expire(CLOCK.now())
    settle(engine)

    left = database.query(
        TableName=table, KeyConditionExpression="Id = :id", ExpressionAttributeValues={":id": {"S": run["Id"]}}
    )
    assert left["Items"] == []
    versions = engine.aws.client("s3").list_object_versions(Bucket=engine.bucket, Prefix=prefix)
    assert "Versions" not in versions
    assert "DeleteMarkers" not in versions
    assert from_topic(engine) == []
    assert engine.http.get(f"workflow/execution/{run['Id']}").status_code == 404
