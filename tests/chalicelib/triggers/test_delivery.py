"""What the Trigger function makes of what rules, schedules and topics hand over."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.aws import clock, transaction
from chalicelib.aws.clients import client
from chalicelib.definitions import revisions
from chalicelib.executions import store as runs
from chalicelib.executions import submit
from chalicelib.triggers import changes, entrances, store
from chalicelib.triggers.trigger import Trigger
from chalicelib.web.errors import BadRequestError, UnavailableError
from tests.chalicelib.api import Api
from tests.chalicelib.triggers.conftest import messages, objects, pattern, schedule


def arrive(key: str, trigger: Trigger, bucket: str = "test-data", **place: Any) -> dict[str, Any]:
    """What a rule hands over of an object that was created."""
    detail = {"bucket": {"name": bucket}, "object": {"key": key, "sequencer": "00AB", "version-id": "v1", **place}}
    event = {"id": clock.new_id(), "source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    return {"Trigger": trigger.id, "Event": event}


def say(topic: str, message: str, message_id: str = "m-1") -> dict[str, Any]:
    facts = {"MessageId": message_id, "TopicArn": topic, "Subject": None, "Timestamp": "2026-11-21T00:00:00Z"}
    return {"Records": [{"EventSource": "aws:sns", "Sns": {**facts, "Message": message}}]}


def put(key: str, content_type: str = "video/mp4") -> None:
    client("s3").put_object(Bucket="test-data", Key=key, Body=b"x", ContentType=content_type)


def deliver(event: Any) -> list[str]:
    made: list[str] = entrances.trigger(event)["Runs"]
    return made


def run_of(run_id: str) -> Any:
    stored = runs.read_whole(run_id)
    assert stored is not None
    return stored.run, json.loads(stored.stages[0].input)["Input"]["Media"]


def failure(trigger: Trigger) -> str:
    found = changes.read(trigger.id).last_error
    assert found is not None
    return found.message


def test_an_object_becomes_the_medium_of_one_run_however_often_it_is_told(api: Api) -> None:
    trigger = changes.create({**objects(), "Configuration": {"first": {"a": {"x": 1}}}})
    put("incoming/a b+c.mp4")

    first = deliver(arrive("incoming/a b+c.mp4", trigger))
    again = deliver(arrive("incoming/a b+c.mp4", trigger))

    assert first == again
    run, media = run_of(first[0])
    assert run.trigger == f"trigger/{trigger.id}"
    assert media == {"Video": {"S3Bucket": "test-data", "S3Key": "incoming/a b+c.mp4"}}
    document = api("GET", f"/workflow/execution/{first[0]}").body
    assert document["Trigger"] == f"trigger/{trigger.id}"
    assert document["Configuration"] == {"first": {"a": {"x": 1}}}
    assert len(api("GET", "/workflow/execution?view=summary").body) == 1
    found = changes.read(trigger.id)
    assert (found.last_run, found.last_error) == (first[0], None)


def test_another_write_of_the_same_key_is_another_run(api: Api) -> None:
    trigger = changes.create(objects())
    put("incoming/a.mp4")

    made = {deliver(arrive("incoming/a.mp4", trigger, **{"sequencer": number}))[0] for number in ("00AB", "00AC")}

    assert len(made) == 2


def test_the_given_media_type_wins_over_what_the_object_says(api: Api) -> None:
    trigger = changes.create(objects(MediaType="Captions"))
    put("incoming/a.mp4")

    assert list(run_of(deliver(arrive("incoming/a.mp4", trigger))[0])[1]) == ["Captions"]


def test_an_object_that_vanished_or_is_of_no_kind_is_noted_and_not_tried_again(api: Api) -> None:
    trigger = changes.create(objects())

    assert deliver(arrive("incoming/gone.mp4", trigger)) == []
    assert "has vanished" in failure(trigger)
    put("incoming/odd", "application/octet-stream")
    assert deliver(arrive("incoming/odd", trigger)) == []
    assert "S3.MediaType" in failure(trigger)
    body = api("GET", f"/workflow/trigger/{trigger.id}").body
    assert body["LastError"]["Message"] == failure(trigger)
    assert "LastFired" not in body


@pytest.mark.parametrize("key", ["elsewhere/a.mp4", "incoming/folder/", "incoming/a.mov"])
def test_what_the_trigger_is_not_about_starts_nothing(api: Api, key: str) -> None:
    trigger = changes.create(objects(Suffix=".mp4") if key.endswith("mov") else objects())
    put(key)

    assert deliver(arrive(key, trigger)) == []
    assert deliver(arrive("incoming/a.mp4", trigger, bucket="other")) == []
    assert changes.read(trigger.id).last_error is None


def test_a_disabled_or_unknown_trigger_starts_nothing(api: Api) -> None:
    trigger = changes.create({**objects(), "Enabled": False})
    put("incoming/a.mp4")

    assert deliver(arrive("incoming/a.mp4", trigger)) == []
    changes.delete(trigger.id)
    assert deliver(arrive("incoming/a.mp4", trigger)) == []


def test_an_events_own_id_names_its_run_and_pointers_its_medium(api: Api) -> None:
    place = {"S3Bucket": {"Pointer": "/detail/bucket"}, "S3Key": {"Pointer": "/detail/keys/0"}}
    trigger = changes.create(pattern(Input={"Media": {"Video": place}}))
    put("masters/m.mp4")
    event = {"id": "e-1", "source": "archive", "detail": {"bucket": "test-data", "keys": ["masters/m.mp4"]}}

    made = deliver({"Trigger": trigger.id, "Event": event})

    assert made == deliver({"Trigger": trigger.id, "Event": event})
    assert run_of(made[0])[1] == {"Video": {"S3Bucket": "test-data", "S3Key": "masters/m.mp4"}}


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({"bucket": "test-data"}, "Input.Media.Video.S3Key: the event has nothing at '/detail/key'"),
        ({"bucket": "test-data", "key": 5}, "Input.Media.Video.S3Key"),
        ({"bucket": "test-data", "key": ["a"]}, "Input.Media.Video.S3Key"),
        ({"bucket": "test-data", "key": "x" * 1_025}, "Input.Media.Video.S3Key"),
        ({"bucket": "Not A Bucket", "key": "a"}, "Input.Media.Video.S3Bucket"),
        ("text", "the event has nothing at '/detail/bucket'"),
    ],
)
def test_an_event_without_what_the_input_needs_is_noted(api: Api, detail: Any, words: str) -> None:
    place = {"S3Bucket": {"Pointer": "/detail/bucket"}, "S3Key": {"Pointer": "/detail/key"}}
    trigger = changes.create(pattern(Input={"Media": {"Video": place}}))

    assert deliver({"Trigger": trigger.id, "Event": {"id": "e-1", "source": "archive", "detail": detail}}) == []

    assert words in failure(trigger)


def test_a_schedule_makes_one_run_for_each_time(api: Api) -> None:
    trigger = changes.create(schedule())
    put("uploads/clip.mp4")

    def fire(moment: str, execution: str) -> list[str]:
        return deliver({"Trigger": trigger.id, "Schedule": {"ScheduledTime": moment, "ExecutionId": execution}})

    first = fire("2026-11-21T04:05:00Z", "a")
    assert fire("2026-11-21T04:05:00Z", "b") == first
    assert fire("2026-11-21T04:10:00Z", "c") != first


def test_a_message_reaches_every_trigger_of_its_topic_and_only_those(api: Api, topic: str) -> None:
    place = {"S3Bucket": "test-data", "S3Key": {"Pointer": "/Message/key"}}
    told = [changes.create(messages(topic, Input={"Media": {"Video": place}})) for _ in range(2)]
    other = client("sns").create_topic(Name="other")["TopicArn"]
    changes.create(messages(other))
    put("masters/m.mp4")

    made = deliver(say(topic, json.dumps({"key": "masters/m.mp4"})))

    assert len(set(made)) == 2
    assert {run_of(run_id)[0].trigger for run_id in made} == {f"trigger/{one.id}" for one in told}
    assert sorted(deliver(say(topic, json.dumps({"key": "masters/m.mp4"})))) == sorted(made)


def test_a_message_that_is_no_json_is_text(api: Api, topic: str) -> None:
    trigger = changes.create(messages(topic, Input={"AssetId": {"Pointer": "/Message"}}))

    assert deliver(say(topic, "no such asset")) == []
    assert "Unable to retrieve asset: 'no such asset'" in failure(trigger)


def test_a_busy_asset_is_noted_but_not_for_the_delivery_that_made_it_busy(api: Api) -> None:
    put("uploads/clip.mp4")
    first = changes.create(schedule())
    [run_id] = deliver({"Trigger": first.id, "Schedule": {"ScheduledTime": "t1"}})
    asset_id = run_of(run_id)[0].asset_id
    trigger = changes.create({**schedule(), "Input": {"AssetId": asset_id}})

    assert deliver({"Trigger": trigger.id, "Schedule": {"ScheduledTime": "t1"}}) == []
    assert run_id in failure(trigger)

    api("POST", f"/workflow/execution/{run_id}/cancel", {})
    later = deliver({"Trigger": trigger.id, "Schedule": {"ScheduledTime": "t2"}})
    assert deliver({"Trigger": trigger.id, "Schedule": {"ScheduledTime": "t2"}}) == later
    assert run_id in failure(trigger)


def test_two_deliveries_side_by_side_make_one_run_and_no_error(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both look for the run before either has made it."""
    trigger = changes.create(objects())
    put("incoming/a.mp4")
    event = arrive("incoming/a.mp4", trigger)
    post, beside = submit.submit, list[list[str]]()

    def overtaken(body: dict[str, Any], **options: Any) -> Any:
        if not beside:
            beside.append([])
            beside[0] = deliver(event)
        return post(body, **options)

    monkeypatch.setattr(submit, "submit", overtaken)

    assert deliver(event) == beside[0]
    assert changes.read(trigger.id).last_error is None
    assert len(api("GET", "/workflow/execution?view=summary").body) == 1


def test_a_delivery_after_its_object_has_gone_finds_its_run(api: Api) -> None:
    trigger = changes.create(objects())
    put("incoming/a.mp4")
    first = deliver(arrive("incoming/a.mp4", trigger))
    client("s3").delete_object(Bucket="test-data", Key="incoming/a.mp4")

    assert deliver(arrive("incoming/a.mp4", trigger)) == first
    assert changes.read(trigger.id).last_error is None


def test_a_workflow_that_is_gone_is_noted(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    trigger = changes.create(objects())
    put("incoming/a.mp4")

    def gone(name: str) -> Any:
        raise BadRequestError(f"Name: no workflow named {name!r}")

    monkeypatch.setattr(revisions, "current", gone)

    assert deliver(arrive("incoming/a.mp4", trigger)) == []
    assert "no workflow named 'flow'" in failure(trigger)


@pytest.mark.parametrize("passing", [UnavailableError("throttled"), transaction.StillContended("conflicts")])
def test_what_may_pass_is_raised_so_that_it_is_delivered_again(
    api: Api, monkeypatch: pytest.MonkeyPatch, passing: Exception
) -> None:
    trigger = changes.create(objects())
    put("incoming/a.mp4")

    def fails(*_: Any, **__: Any) -> Any:
        raise passing

    with monkeypatch.context() as patch:
        patch.setattr(submit, "submit", fails)
        with pytest.raises(entrances.DeliveriesFailed) as raised:
            deliver(arrive("incoming/a.mp4", trigger))

    assert raised.value.__cause__ is passing
    assert changes.read(trigger.id).last_error is None
    assert len(deliver(arrive("incoming/a.mp4", trigger))) == 1


def test_a_trigger_that_fails_every_time_starves_no_other_of_its_topic(
    api: Api, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("uploads/clip.mp4")
    told = sorted(changes.create(messages(topic)).id for _ in range(3))
    post = submit.submit

    def fails_for_the_first(body: dict[str, Any], **options: Any) -> Any:
        if options["origin"].trigger == f"trigger/{told[0]}":
            raise UnavailableError("throttled")
        return post(body, **options)

    with monkeypatch.context() as patch:
        patch.setattr(submit, "submit", fails_for_the_first)
        for _ in range(2):
            with pytest.raises(entrances.DeliveriesFailed, match="1 of 3"):
                deliver(say(topic, "news"))

    made = api("GET", "/workflow/execution").body
    assert sorted(run["Trigger"] for run in made) == [f"trigger/{one}" for one in told[1:]]
    assert len(deliver(say(topic, "news"))) == 3


def test_a_busy_trigger_is_not_written_for_each_of_its_runs(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    trigger = changes.create(objects())
    put("incoming/a.mp4")
    noted = list[str]()
    note = store.note_run
    monkeypatch.setattr(store, "note_run", lambda *facts: noted.append(facts[1]) or note(*facts))

    for number in range(5):
        deliver(arrive("incoming/a.mp4", trigger, sequencer=f"{number:04}"))

    assert len(noted) == 1


def test_a_trigger_that_is_deleted_while_it_fires_is_not_brought_back(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = changes.create(objects())
    put("incoming/a.mp4")
    post = submit.submit

    def deleted_meanwhile(body: dict[str, Any], **options: Any) -> Any:
        changes.delete(trigger.id)
        return post(body, **options)

    monkeypatch.setattr(submit, "submit", deleted_meanwhile)

    assert len(deliver(arrive("incoming/a.mp4", trigger))) == 1
    assert store.read(trigger.id) is None
