"""Triggers over HTTP: what is made on AWS's side, what is refused, what is left when a step fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws import clock, eventbridge, objects
from chalicelib.aws.clients import client
from chalicelib.definitions import revisions
from chalicelib.triggers import changes, entrances, resources, sources, store
from chalicelib.web import idempotency
from chalicelib.web.errors import BadRequestError, ConflictError, GoneError
from tests.chalicelib.api import Api
from tests.chalicelib.triggers.conftest import (
    CLIP,
    FUNCTION,
    GROUP,
    items,
    messages,
    pattern,
    rules,
    schedule,
    schedules,
    subscriptions,
)
from tests.chalicelib.triggers.conftest import objects as arriving

UNKNOWN = "0b1f6d0e-6c0a-4c52-9d3b-6a5a8f3f6f01"


def made(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    reply = api("POST", "/workflow/trigger", body)
    assert reply.status == 200, reply.body
    answer: dict[str, Any] = reply.body
    return answer


def test_an_s3_trigger_is_a_rule_that_wraps_the_event_with_its_id(api: Api) -> None:
    trigger = made(api, {**arriving(Suffix=".mp4"), "Name": "clips"})

    [rule] = rules()
    assert rule["Name"] == f"mediawright-ab12cd-trigger-{trigger['Id']}"
    assert len(rule["Name"]) <= 64
    assert json.loads(rule["EventPattern"])["detail"]["object"] == {"key": [{"wildcard": "incoming/*.mp4"}]}
    [target] = client("events").list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target["Arn"] == FUNCTION
    template = target["InputTransformer"]["InputTemplate"]
    assert template == f'{{"Trigger":"{trigger["Id"]}","Event":<aws.events.event.json>}}'
    assert target["DeadLetterConfig"]["Arn"].endswith("dead-letters")
    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 21_600
    assert (trigger["Kind"], trigger["Enabled"], trigger["Status"]) == ("S3", True, "Active")
    assert api("GET", f"/workflow/trigger/{trigger['Id']}").body == trigger
    assert items() == [("trigger", trigger["Id"]), ("trigger-name", "clips")]


def test_an_event_trigger_is_a_rule_with_the_users_pattern(api: Api) -> None:
    made(api, pattern())

    assert json.loads(rules()[0]["EventPattern"]) == {"source": ["archive"], "detail-type": ["Master delivered"]}


def test_a_schedule_is_in_the_stacks_group_and_says_when_it_was_to_fire(api: Api) -> None:
    trigger = made(api, schedule("cron(30 2 * * ? *)", Timezone="Europe/Berlin"))

    found = client("scheduler").get_schedule(GroupName=GROUP, Name=schedules()[0])
    assert found["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert found["Target"]["RoleArn"].endswith("role/test-trigger-schedules")
    text = json.loads(found["Target"]["Input"])
    assert text["Trigger"] == trigger["Id"]
    assert text["Schedule"]["ScheduledTime"] == "<aws.scheduler.scheduled-time>"


def test_triggers_of_one_topic_share_its_subscription_until_the_last_is_gone(api: Api, topic: str) -> None:
    first, second = made(api, messages(topic)), made(api, messages(topic))
    assert subscriptions() == [FUNCTION]

    api("DELETE", f"/workflow/trigger/{first['Id']}")
    assert subscriptions() == [FUNCTION]

    api("DELETE", f"/workflow/trigger/{second['Id']}")
    assert subscriptions() == []
    assert items() == []


def test_put_changes_rule_name_and_state(api: Api) -> None:
    trigger = made(api, {**arriving(), "Name": "one"})

    reply = api(
        "PUT", f"/workflow/trigger/{trigger['Id']}", {**arriving(Prefix="in/"), "Name": "two", "Enabled": False}
    )

    assert reply.status == 200, reply.body
    assert (reply.body["Name"], reply.body["Enabled"]) == ("two", False)
    assert reply.body["Created"] == trigger["Created"]
    [rule] = rules()
    assert rule["State"] == "DISABLED"
    assert json.loads(rule["EventPattern"])["detail"]["object"] == {"key": [{"prefix": "in/"}]}
    assert items() == [("trigger", trigger["Id"]), ("trigger-name", "two")]


def test_put_changes_a_schedule(api: Api) -> None:
    trigger = made(api, schedule())

    assert api("PUT", f"/workflow/trigger/{trigger['Id']}", schedule("rate(1 day)")).status == 200

    [name] = schedules()
    assert client("scheduler").get_schedule(GroupName=GROUP, Name=name)["ScheduleExpression"] == "rate(1 day)"


@pytest.mark.parametrize("body", [arriving(), pattern(), schedule()], ids=["S3", "EventPattern", "Schedule"])
def test_delete_leaves_nothing(api: Api, body: dict[str, Any]) -> None:
    trigger = made(api, {**body, "Name": "gone"})

    reply = api("DELETE", f"/workflow/trigger/{trigger['Id']}")

    assert (reply.status, reply.body["Status"]) == (200, "Deleting")
    assert (rules(), schedules(), items()) == ([], [], [])
    assert api("GET", f"/workflow/trigger/{trigger['Id']}").status == 404
    assert api("DELETE", f"/workflow/trigger/{trigger['Id']}").status == 404


def test_the_list_comes_in_pages(api: Api) -> None:
    ids = {made(api, pattern())["Id"] for _ in range(3)}

    first = api("GET", "/workflow/trigger?limit=2")
    rest = api("GET", first.headers["Link"].split(">")[0].lstrip("<").removeprefix("/api"))

    assert len(first.body) == 2
    assert {one["Id"] for one in first.body + rest.body} == ids
    assert api("GET", "/workflow/trigger?limit=0").status == 400


def test_a_dry_run_checks_and_writes_nothing(api: Api) -> None:
    reply = api("POST", "/workflow/trigger?dryRun=true", arriving())
    assert (reply.status, reply.body["Kind"]) == (200, "S3")
    assert api("POST", "/workflow/trigger?dryRun=true", schedule("rate(0 days)")).status == 400
    assert (rules(), items()) == ([], [])

    trigger = made(api, arriving())
    reply = api("PUT", f"/workflow/trigger/{trigger['Id']}?dryRun=true", arriving(Prefix="other/"))
    assert reply.body["S3"]["Prefix"] == "other/"
    assert api("GET", f"/workflow/trigger/{trigger['Id']}").body["S3"]["Prefix"] == "incoming/"


# -- bad input -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "Workflow"),
        ([], "body"),
        ({"Workflow": "flow"}, "S3, EventPattern, SNS, Schedule"),
        ({**arriving(), **pattern()}, "S3, EventPattern, SNS, Schedule"),
        ({**arriving(), "Workflow": "missing"}, "no workflow named 'missing'"),
        ({**arriving(), "Workflow": 5}, "Workflow"),
        ({**arriving(), "Configuration": {"nowhere": {}}}, "Configuration"),
        ({**arriving(), "Configuration": []}, "Configuration"),
        ({**arriving(), "Configuration": {"first": {"a": {"x": "y" * 40_000}}}}, "Configuration"),
        ({**arriving(), "Priority": 10}, "Priority"),
        ({**arriving(), "Priority": True}, "Priority"),
        ({**arriving(), "Enabled": "yes"}, "Enabled"),
        ({**arriving(), "Name": "a b"}, "Name"),
        ({**arriving(), "Name": "x" * 65}, "Name"),
        ({**arriving(), "Nmae": "x"}, ""),
        ({**arriving(), "Input": CLIP}, "Input"),
        (arriving(Prefix="x" * 513), "S3.Prefix"),
        (arriving(Prefix=5), "S3.Prefix"),
        (arriving(Prefix=""), "S3.Prefix"),
        (arriving(Prefix="p"), "S3.Prefix"),
        (arriving(Prefix="private/assets/"), "S3.Prefix"),
        (arriving(Prefix="definitions/"), "S3.Prefix"),
        (arriving(Bucket="No_Bucket"), "S3.Bucket"),
        (arriving(Bucket="nobodys-bucket"), "S3.Bucket: there is no bucket"),
        (arriving(MediaType=""), "S3.MediaType"),
        (pattern(Input=None), "Input"),
        ({"Workflow": "flow", "EventPattern": {"Pattern": {"source": ["a"]}}}, "Input"),
        (pattern(Input={}), "Input"),
        (pattern(Input={"AssetId": "a", **CLIP}), "Input"),
        (pattern(Input={"AssetId": {"Pointer": "no-slash"}}), "Input.AssetId"),
        (pattern(Input={"AssetId": {"Pointer": "/a~2"}}), "Input.AssetId"),
        (pattern(Input={"Media": {"Video": {"S3Bucket": "test-data"}}}), "Input.Media.Video"),
        (pattern(EventPattern={"Pattern": {"source": "archive"}}), "EventPattern.Pattern.source"),
        (pattern(EventPattern={"Pattern": "text"}), "EventPattern.Pattern"),
        (schedule("cron(bad)"), "Schedule.Expression"),
        (schedule(Timezone="Mars/Olympus"), "Schedule.Timezone"),
        (schedule("x" * 257), "Schedule.Expression"),
        (messages("news"), "SNS.TopicArn"),
        (messages("arn:aws:sns:us-east-1:123456789012:news.fifo"), "SNS.TopicArn"),
        (messages("arn:aws:sns:eu-west-1:123456789012:news"), "SNS.TopicArn"),
        (messages("arn:aws:sns:us-east-1:210987654321:news"), "SNS.TopicArn"),
        (messages("arn:aws:sns:us-east-1:123456789012:nobody"), "SNS.TopicArn: there is no topic"),
        (messages("arn:aws:sns:us-east-1:123456789012:news\n"), "SNS.TopicArn"),
    ],
)
def test_a_wrong_definition_is_400_names_the_field_and_writes_nothing(api: Api, body: Any, field: str) -> None:
    reply = api("POST", "/workflow/trigger", body)

    assert reply.status == 400, reply.body
    assert field in reply.body["Message"]
    assert (rules(), schedules(), subscriptions(), items()) == ([], [], [], [])


def test_a_bucket_of_others_must_send_its_events(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="theirs")
    assert "EventBridge" in api("POST", "/workflow/trigger", arriving(Bucket="theirs")).body["Message"]

    # moto leaves it out of what it answers
    monkeypatch.setattr(s3, "get_bucket_notification_configuration", lambda **_: {"EventBridgeConfiguration": {}})
    assert made(api, {"Workflow": "flow", "S3": {"Bucket": "theirs"}})["S3"] == {"Bucket": "theirs"}

    s3.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert "eu-west-1" in api("POST", "/workflow/trigger", arriving(Bucket="far")).body["Message"]


def test_a_bucket_of_another_account_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(bucket: str) -> None:
        raise objects.BucketClosed(bucket)

    monkeypatch.setattr(objects, "events_of", closed)

    reply = api("POST", "/workflow/trigger", arriving(Bucket="other-account"))

    assert (reply.status, "S3.Bucket" in reply.body["Message"]) == (400, True)


def test_an_unknown_id_is_404(api: Api) -> None:
    for trigger_id in (UNKNOWN, "nothing", "%2e%2e", "x" * 300):
        assert api("GET", f"/workflow/trigger/{trigger_id}").status == 404
        assert api("PUT", f"/workflow/trigger/{trigger_id}", arriving()).status == 404
        assert api("DELETE", f"/workflow/trigger/{trigger_id}").status == 404


def test_a_taken_name_is_409(api: Api) -> None:
    made(api, {**pattern(), "Name": "one"})
    other = made(api, {**pattern(), "Name": "two"})

    assert api("POST", "/workflow/trigger", {**pattern(), "Name": "one"}).status == 409
    reply = api("PUT", f"/workflow/trigger/{other['Id']}", {**pattern(), "Name": "one"})

    assert (reply.status, "Name" in reply.body["Message"]) == (409, True)
    assert len(rules()) == 2
    assert ("trigger-change", other["Id"]) not in items()


def test_a_trigger_keeps_its_kind_and_its_topic(api: Api, topic: str) -> None:
    trigger = made(api, messages(topic))
    another = client("sns").create_topic(Name="other")["TopicArn"]

    assert api("PUT", f"/workflow/trigger/{trigger['Id']}", pattern()).status == 400
    assert api("PUT", f"/workflow/trigger/{trigger['Id']}", messages(another)).status == 400


# -- the same request again -----------------------------------------------------------------------------------


def test_the_same_key_and_body_make_one_trigger(api: Api) -> None:
    claimed = idempotency.claim("triggers", {idempotency.HEADER: "k-1"}, pattern())

    first = changes.create(pattern(), claimed=claimed)

    assert changes.create(pattern(), claimed=claimed) == first
    assert len(rules()) == 1
    with pytest.raises(ConflictError):
        changes.create(schedule(), claimed=idempotency.claim("triggers", {idempotency.HEADER: "k-1"}, schedule()))
    changes.delete(first.id)
    with pytest.raises(GoneError):
        changes.create(pattern(), claimed=claimed)


@pytest.mark.parametrize("name", [{}, {"Name": "one"}], ids=["unnamed", "named"])
def test_equal_requests_side_by_side_make_one_trigger(
    api: Api, monkeypatch: pytest.MonkeyPatch, name: dict[str, str]
) -> None:
    """The second is carried out between the first one's look and its writes."""
    body = pattern(**name)
    claimed = idempotency.claim("triggers", {idempotency.HEADER: "k-2"}, body)
    check, beside = sources.check, list[Any]()

    def overtaken(document: dict[str, Any], before: Any) -> None:
        check(document, before)
        if not beside:
            beside.append(None)
            beside[0] = changes.create(body, claimed=claimed)

    monkeypatch.setattr(sources, "check", overtaken)

    assert changes.create(body, claimed=claimed) == beside[0]
    assert len(rules()) == 1
    assert items() == sorted([("trigger", beside[0].id), *(("trigger-name", one) for one in name.values())])


# -- steps that fail -------------------------------------------------------------------------------------------


def test_the_quota_of_rules_is_409_and_leaves_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_rule: eventbridge.Rule) -> None:
        raise eventbridge.TooManyRules

    monkeypatch.setattr(eventbridge, "put", full)

    reply = api("POST", "/workflow/trigger", {**pattern(), "Name": "late"})

    assert (reply.status, "300" in reply.body["Message"]) == (409, True)
    assert items() == []


def test_a_change_that_aws_refuses_leaves_the_trigger_as_it_was(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    trigger = made(api, {**pattern(), "Name": "kept"})
    put, refusals = eventbridge.put, [eventbridge.InvalidPattern("no such thing")]

    def picky(rule: eventbridge.Rule) -> None:
        if refusals:
            raise refusals.pop()
        put(rule)

    monkeypatch.setattr(eventbridge, "put", picky)
    body = pattern(EventPattern={"Pattern": {"source": ["other"]}}, Name="renamed")

    assert api("PUT", f"/workflow/trigger/{trigger['Id']}", body).status == 400

    assert api("GET", f"/workflow/trigger/{trigger['Id']}").body == trigger
    assert json.loads(rules()[0]["EventPattern"])["source"] == ["archive"]
    assert items() == [("trigger", trigger["Id"]), ("trigger-name", "kept")]


class Crash(BaseException):
    """The process dies: nothing below catches it."""


class Clock:
    """The time of day, which a test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 1_800_000_000.0
        monkeypatch.setattr(clock, "now", lambda: clock.iso(self.seconds))


def crashing(monkeypatch: pytest.MonkeyPatch, at: int, *, after: bool) -> list[str]:
    """Let the process die before or after its call number `at` that changes AWS; answers what was called."""
    called: list[str] = []

    def intercept(service: str, method: str) -> None:
        original = getattr(client(service), method)

        def call(*args: Any, **kwargs: Any) -> Any:
            called.append(method)
            if len(called) == at and not after:
                raise Crash
            try:
                return original(*args, **kwargs)
            finally:
                if len(called) == at:
                    raise Crash

        monkeypatch.setattr(client(service), method, call)

    for service, methods in {
        "dynamodb": ("transact_write_items", "put_item", "update_item", "delete_item"),
        "events": ("put_rule", "put_targets", "remove_targets", "delete_rule"),
        "scheduler": ("create_schedule", "update_schedule", "delete_schedule"),
        "sns": ("subscribe", "unsubscribe"),
    }.items():
        for method in methods:
            intercept(service, method)
    return called


BODIES = {
    "EventPattern": pattern(),
    "Schedule": schedule(),
    "SNS": messages("arn:aws:sns:us-east-1:123456789012:news"),
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("act", ["create", "update", "delete"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_crash_at_any_call_leaves_what_the_sweep_makes_whole(
    api: Api, topic: str, monkeypatch: pytest.MonkeyPatch, kind: str, act: str, after: bool
) -> None:
    moved = Clock(monkeypatch)
    body = {**BODIES[kind], "Name": "it"}
    for at in range(1, 20):
        trigger_id = changes.create(body).id if act != "create" else ""
        with monkeypatch.context() as patch:
            called = crashing(patch, at, after=after)
            acts = {
                "create": lambda: changes.create(body),
                "update": lambda i=trigger_id: changes.update(i, {**body, "Enabled": False, "Name": "new"}),
                "delete": lambda i=trigger_id: changes.delete(i),
            }
            try:
                acts[act]()
            except Crash:
                crashed = True
            else:
                crashed = False
        moved.seconds += changes.HOLD_SECONDS + 1

        changes.sweep()

        assert_whole()
        for found in store.page(100, None)[0]:
            changes.delete(found.id)
        assert_whole()
        if not crashed:
            assert at == len(called) + 1 > 2
            return
    pytest.fail("the act never came to its end")


def assert_whole() -> None:
    """AWS's side has just what the items say, and no item is left over."""
    found = store.page(100, None)[0]
    topics = {one.topic for one in found if one.topic}
    assert [rule["Name"] for rule in rules()] == [
        resources.resource_name(one.id) for one in found if one.kind == "EventPattern"
    ]
    for rule in rules():
        [owner] = found
        assert (rule["State"] == "ENABLED") == owner.enabled
        assert len(client("events").list_targets_by_rule(Rule=rule["Name"])["Targets"]) == 1
    assert schedules() == [resources.resource_name(one.id) for one in found if one.kind == "Schedule"]
    assert len(subscriptions()) == len(topics)
    expected = [("trigger", one.id) for one in found] + [("trigger-name", one.name) for one in found]
    expected += [(f"trigger-topic#{one.topic}", one.id) for one in found if one.topic]
    assert items() == sorted(expected)


def test_a_request_repeats_what_a_crashed_one_began(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = Clock(monkeypatch)
    trigger = changes.create(pattern())
    with monkeypatch.context() as patch:
        crashing(patch, 2, after=False)
        with pytest.raises(Crash):
            changes.delete(trigger.id)
    assert api("GET", f"/workflow/trigger/{trigger.id}").body["Status"] == "Deleting"
    assert api("DELETE", f"/workflow/trigger/{trigger.id}").status == 409

    moved.seconds += changes.HOLD_SECONDS + 1

    assert api("DELETE", f"/workflow/trigger/{trigger.id}").status == 200
    assert (rules(), items()) == ([], [])


def test_the_sweep_goes_on_past_a_repair_that_fails_and_says_so(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = Clock(monkeypatch)
    for _ in range(2):
        with monkeypatch.context() as patch:
            crashing(patch, 2, after=True)
            with pytest.raises(Crash):
                changes.create(pattern())
    assert len(rules()) == 2
    moved.seconds += changes.HOLD_SECONDS + 1
    remove, refusals = eventbridge.remove, [ClientError({"Error": {"Code": "InternalException"}}, "RemoveTargets")]

    def failing(name: str) -> None:
        if refusals:
            raise refusals.pop()
        remove(name)

    monkeypatch.setattr(eventbridge, "remove", failing)

    with pytest.raises(changes.RepairsFailed):
        entrances.sweeping()
    assert len(rules()) == 1
    moved.seconds += changes.SWEEP_HOLD_SECONDS + 1
    assert entrances.sweeping() == {"triggers": 1}
    assert (rules(), items()) == ([], [])
    assert entrances.sweeping() == {"triggers": 0}


@pytest.mark.parametrize(
    ("expression", "options"),
    [
        ("at(2020-01-01T00:00:00)", {}),
        ("at(2026-11-21T05:00:00)", {"Timezone": "UTC"}),
        ("at(2026-11-21T06:30:00)", {"Timezone": "Europe/Berlin"}),
    ],
)
def test_a_moment_that_is_over_is_refused_in_its_own_zone(
    api: Api, monkeypatch: pytest.MonkeyPatch, expression: str, options: dict[str, str]
) -> None:
    """such a trigger was made, and never fired"""
    monkeypatch.setattr(clock, "time_source", lambda: clock.epoch("2026-11-21T05:45:00Z"))

    reply = api("POST", "/workflow/trigger", schedule(expression, **options))

    assert reply.status == 400
    assert reply.body["Message"].startswith("Schedule.Expression: ")
    assert "is over" in reply.body["Message"]
    assert (schedules(), items()) == ([], [])


def test_a_moment_ahead_is_taken_and_may_be_disabled_when_it_is_over(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "time_source", lambda: clock.epoch("2026-11-21T05:00:00Z"))
    body = schedule("at(2026-11-21T06:30:00)", Timezone="Europe/Berlin")
    trigger = made(api, body)
    monkeypatch.setattr(clock, "time_source", lambda: clock.epoch("2026-11-21T07:00:00Z"))

    path = f"/workflow/trigger/{trigger['Id']}"
    assert api("PUT", path, {**body, "Enabled": False}).status == 200
    assert api("PUT", path, schedule("at(2026-11-21T06:31:00)", Timezone="Europe/Berlin")).status == 400


def workflow_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> None:
        raise BadRequestError(f"Name: no workflow named '{name}'")

    monkeypatch.setattr(revisions, "current", unknown)


def topic_goes(_monkeypatch: pytest.MonkeyPatch) -> None:
    for entry in client("sns").list_topics()["Topics"]:
        client("sns").delete_topic(TopicArn=entry["TopicArn"])


def bucket_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "events_of", lambda _bucket: None)


@pytest.mark.parametrize(
    ("kind", "goes", "elsewhere"),
    [
        ("S3", workflow_goes, {"Priority": 1, "Configuration": {"first": {"a": {"x": 1}}}}),
        ("SNS", workflow_goes, {"Workflow": "other"}),
        ("SNS", topic_goes, {"Enabled": True}),
        ("S3", bucket_goes, {"S3": {"Bucket": "theirs", "Prefix": "other/"}}),
    ],
)
def test_a_trigger_whose_workflow_or_source_is_gone_can_be_disabled(
    api: Api,
    topic: str,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    goes: Callable[[pytest.MonkeyPatch], None],
    elsewhere: dict[str, Any],
) -> None:
    monkeypatch.setattr(objects, "events_of", lambda _bucket: ("us-east-1", True))
    body = messages(topic) if kind == "SNS" else arriving(Bucket="theirs")
    path = f"/workflow/trigger/{made(api, body)['Id']}"
    goes(monkeypatch)

    reply = api("PUT", path, {**body, "Enabled": False})

    assert (reply.status, reply.body["Enabled"]) == (200, False)
    assert [rule["State"] for rule in rules()] == (["DISABLED"] if kind == "S3" else [])
    # what is new is asked about, and what is enabled must be there
    assert api("PUT", path, {**body, "Enabled": False, **elsewhere}).status == 400
    assert api("DELETE", path).status == 200
    assert (rules(), subscriptions(), items()) == ([], [], [])


def test_a_trigger_of_a_topic_that_was_made_disabled_listens_once_it_is_enabled(api: Api, topic: str) -> None:
    path = f"/workflow/trigger/{made(api, {**messages(topic), 'Enabled': False})['Id']}"
    assert subscriptions() == []

    assert api("PUT", path, messages(topic)).status == 200

    assert subscriptions() == [FUNCTION]


def test_an_asset_that_there_is_not_is_refused_by_its_name(api: Api) -> None:
    reply = api("POST", "/workflow/trigger", {**schedule("rate(1 day)"), "Input": {"AssetId": UNKNOWN}})

    assert (reply.status, reply.body["Message"]) == (400, f"Input.AssetId: there is no asset '{UNKNOWN}'")
    assert (schedules(), items()) == ([], [])
