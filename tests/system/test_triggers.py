"""Triggers of every kind over the embedded AWS: what happens outside makes runs, each once."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.local.faults import FAULTS
from infrastructure.local.iam.denials import DENIALS
from tests.system.conftest import Engine


@pytest.fixture
def workflow(engine: Engine) -> str:
    return engine.workflow([engine.operation("echo", MediaType="Video")])


@pytest.fixture
def prefix() -> str:
    return f"incoming/{uuid.uuid4().hex[:8]}/"


@pytest.fixture
def trigger(engine: Engine) -> Iterator[Any]:
    """Makes triggers, and deletes them when the test is over."""
    made = list[str]()

    def make(body: dict[str, Any]) -> str:
        made.append(engine.ok("POST", "workflow/trigger", body)["Id"])
        return made[-1]

    yield make
    for trigger_id in made:
        engine.ok("DELETE", f"workflow/trigger/{trigger_id}")


def runs_of(engine: Engine, trigger_id: str) -> list[dict[str, Any]]:
    """The newest runs that a trigger made."""
    listed = engine.ok("GET", "workflow/execution?limit=50")
    return [run for run in listed if run["Trigger"] == f"trigger/{trigger_id}"]


def first_run(engine: Engine, trigger_id: str) -> dict[str, Any]:
    """The run that a trigger made, once it has ended."""
    found = engine.until(lambda: runs_of(engine, trigger_id), bool)
    return engine.ended(found[0]["Id"])


def put(engine: Engine, key: str, body: bytes = b"video") -> None:
    engine.aws.client("s3").put_object(Bucket=engine.bucket, Key=key, Body=body, ContentType="video/mp4")


def test_an_object_that_arrives_is_the_medium_of_one_run_though_it_is_told_twice(
    engine: Engine, workflow: str, prefix: str, trigger: Any
) -> None:
    trigger_id = trigger({"Workflow": workflow, "S3": {"Bucket": engine.bucket, "Prefix": prefix, "Suffix": ".mp4"}})
    FAULTS.duplicate_events = 1.0
    put(engine, f"{prefix}notes.txt")

    put(engine, f"{prefix}a clip.mp4")

    run = first_run(engine, trigger_id)
    engine.aws.wait_idle()
    assert run["Status"] == "Complete"
    assert run["Globals"]["Media"] == {"Video": {"S3Bucket": engine.bucket, "S3Key": f"{prefix}a clip.mp4"}}
    assert [one["Id"] for one in runs_of(engine, trigger_id)] == [run["Id"]]
    document = engine.ok("GET", f"workflow/trigger/{trigger_id}")
    assert document["LastRun"] == run["Id"]
    assert "LastError" not in document


def test_a_disabled_trigger_starts_nothing_until_it_is_enabled(
    engine: Engine, workflow: str, prefix: str, trigger: Any
) -> None:
    body = {"Workflow": workflow, "S3": {"Bucket": engine.bucket, "Prefix": prefix}}
    trigger_id = trigger({**body, "Enabled": False})
    put(engine, f"{prefix}first.mp4")
    engine.aws.wait_idle()
    assert runs_of(engine, trigger_id) == []

    engine.ok("PUT", f"workflow/trigger/{trigger_id}", body)
    put(engine, f"{prefix}second.mp4")

    assert first_run(engine, trigger_id)["Globals"]["Media"]["Video"]["S3Key"] == f"{prefix}second.mp4"
    assert len(runs_of(engine, trigger_id)) == 1


def test_another_bucket_that_sends_its_events_triggers_too(engine: Engine, workflow: str, trigger: Any) -> None:
    s3, bucket = engine.aws.client("s3"), f"theirs-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    refused = engine.http.post("workflow/trigger", json={"Workflow": workflow, "S3": {"Bucket": bucket}})
    assert (refused.status_code, "EventBridge" in refused.json()["Message"]) == (400, True)
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    trigger_id = trigger({"Workflow": workflow, "S3": {"Bucket": bucket, "MediaType": "Video"}})

    s3.put_object(Bucket=bucket, Key="x", Body=b"video")

    assert first_run(engine, trigger_id)["Status"] == "Complete"
    # the stack may not look into a bucket that is not its own: it takes the event's word for the object
    refused_looks = {(denial.action, denial.resource) for denial in DENIALS.take()}
    assert refused_looks == {("s3:GetObject", f"arn:aws:s3:::{bucket}/x")}


def test_an_event_of_an_application_says_what_to_run_on(engine: Engine, workflow: str, trigger: Any) -> None:
    source = f"archive-{uuid.uuid4().hex[:8]}"
    place = {"S3Bucket": {"Pointer": "/detail/bucket"}, "S3Key": {"Pointer": "/detail/key"}}
    trigger_id = trigger(
        {
            "Workflow": workflow,
            "EventPattern": {"Pattern": {"source": [source], "detail": {"ready": [True]}}},
            "Input": {"Media": {"Video": place}},
        }
    )
    put(engine, "masters/m.mp4")

    def tell(**detail: Any) -> None:
        entry = {"Source": source, "DetailType": "Master delivered", "Detail": json.dumps(detail)}
        assert engine.aws.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0

    tell(ready=False, bucket=engine.bucket, key="masters/m.mp4")
    tell(ready=True, bucket=engine.bucket, key="masters/m.mp4")
    assert first_run(engine, trigger_id)["Globals"]["Media"]["Video"]["S3Key"] == "masters/m.mp4"
    assert len(runs_of(engine, trigger_id)) == 1

    tell(ready=True, bucket=engine.bucket)
    error = engine.until(
        lambda: engine.ok("GET", f"workflow/trigger/{trigger_id}").get("LastError"), lambda found: found is not None
    )
    assert error["Message"] == "Input.Media.Video.S3Key: the event has nothing at '/detail/key'"


def test_a_message_of_a_topic_reaches_both_of_its_triggers(engine: Engine, workflow: str, trigger: Any) -> None:
    sns = engine.aws.client("sns")
    topic = sns.create_topic(Name=f"again-{uuid.uuid4().hex[:8]}")["TopicArn"]
    place = {"S3Bucket": engine.bucket, "S3Key": {"Pointer": "/Message/key"}}
    body = {"Workflow": workflow, "SNS": {"TopicArn": topic}, "Input": {"Media": {"Video": place}}}
    ids = [trigger(body), trigger(body)]
    put(engine, "masters/n.mp4")

    sns.publish(TopicArn=topic, Message=json.dumps({"key": "masters/n.mp4"}))

    for trigger_id in ids:
        assert first_run(engine, trigger_id)["Globals"]["Media"]["Video"]["S3Key"] == "masters/n.mp4"
    assert [len(runs_of(engine, trigger_id)) for trigger_id in ids] == [1, 1]


def test_a_schedule_makes_a_run_each_time(engine: Engine, workflow: str, trigger: Any) -> None:
    """A minute of schedules takes 1.2 s at this speed."""
    FAULTS.duplicate_events = 1.0
    trigger_id = trigger(
        {"Workflow": workflow, "Schedule": {"Expression": "rate(1 minute)"}, "Input": engine.video()}
    )

    found = engine.until(lambda: runs_of(engine, trigger_id), lambda runs: len(runs) >= 2)

    moments = [engine.ended(run["Id"])["Created"] for run in found]
    assert len({round(float(moment)) for moment in moments}) == len(moments)


def test_a_deleted_workflow_is_noted_on_the_trigger(engine: Engine, workflow: str, prefix: str, trigger: Any) -> None:
    trigger_id = trigger({"Workflow": workflow, "S3": {"Bucket": engine.bucket, "Prefix": prefix}})
    engine.ok("DELETE", f"workflow/{workflow}")

    put(engine, f"{prefix}late.mp4")

    error = engine.until(
        lambda: engine.ok("GET", f"workflow/trigger/{trigger_id}").get("LastError"), lambda found: found is not None
    )
    assert "no workflow named" in error["Message"]


def test_a_deleted_trigger_starts_nothing(engine: Engine, workflow: str, prefix: str) -> None:
    body = {"Workflow": workflow, "S3": {"Bucket": engine.bucket, "Prefix": prefix}}
    trigger_id = engine.ok("POST", "workflow/trigger", body)["Id"]
    engine.ok("DELETE", f"workflow/trigger/{trigger_id}")

    put(engine, f"{prefix}late.mp4")
    engine.aws.wait_idle()

    assert runs_of(engine, trigger_id) == []
    assert engine.http.get(f"workflow/trigger/{trigger_id}").status_code == 404
