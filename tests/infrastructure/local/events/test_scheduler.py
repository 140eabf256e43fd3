"""EventBridge Scheduler's schedules fire by the embedded clock, with the input that AWS documents."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infrastructure.local.clock import CLOCK
from infrastructure.local.events.scheduler import install
from infrastructure.local.faults import FAULTS
from tests.infrastructure.local.lambdas.embedded_lambda import EmbeddedLambda, embedded_lambda, until

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:target"
ROLE = "arn:aws:iam::123456789012:role/scheduler"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:letters"
OFF = {"Mode": "OFF"}


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedLambda]:
    with embedded_lambda() as running:
        running.client("scheduler").create_schedule_group(Name="group")
        yield running


@pytest.fixture
def scheduler(aws: EmbeddedLambda) -> Iterator[Any]:
    running = install(aws.functions)
    client = aws.client("scheduler")
    yield client
    running.stop()
    CLOCK.reset()
    FAULTS.reset()
    for schedule in client.list_schedules()["Schedules"]:
        client.delete_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])


@pytest.fixture
def received(aws: EmbeddedLambda) -> list[Any]:
    events: list[Any] = []
    aws.functions.register_in_process("target", lambda event, context: events.append(event))
    return events


def create(client: Any, expression: str, *, target: dict[str, Any] | None = None, **members: Any) -> None:
    client.create_schedule(
        Name=members.pop("Name", "one"),
        GroupName="group",
        ScheduleExpression=expression,
        FlexibleTimeWindow=OFF,
        Target={"Arn": FUNCTION, "RoleArn": ROLE, **(target or {})},
        **members,
    )


def settled(aws: EmbeddedLambda, received: list[Any]) -> list[Any]:
    until(lambda: not aws.functions.pending())
    return list(received)


def test_a_cron_fires_when_the_clock_gets_there_and_says_for_when(
    aws: EmbeddedLambda, scheduler: Any, received: list[Any]
) -> None:
    text = '{"at": "<aws.scheduler.scheduled-time>", "id": "<aws.scheduler.execution-id>", "of": "%s", "n": %s}'
    create(
        scheduler,
        "cron(0 12 * * ? *)",
        target={"Input": text % ("<aws.scheduler.schedule-arn>", "<aws.scheduler.attempt-number>")},
    )
    assert settled(aws, received) == []

    CLOCK.move(86400)

    [event] = until(lambda: received)
    assert event["at"].endswith("T12:00:00Z")
    assert abs(datetime.fromisoformat(event["at"]).timestamp() - time.time()) <= 86401
    assert event["of"] == "arn:aws:scheduler:us-east-1:123456789012:schedule/group/one"
    assert (len(event["id"]), event["n"]) == (16, 1)


def test_a_rate_fires_at_once_then_at_its_pace(aws: EmbeddedLambda, scheduler: Any, received: list[Any]) -> None:
    create(scheduler, "rate(1 hour)", target={"Input": '"tick"'})
    until(lambda: received == ["tick"])

    CLOCK.move(3500)
    assert settled(aws, received) == ["tick"]
    CLOCK.move(200)

    until(lambda: received == ["tick", "tick"])


def test_a_rate_waits_for_its_start_and_ends(aws: EmbeddedLambda, scheduler: Any, received: list[Any]) -> None:
    now = time.time()
    create(
        scheduler,
        "rate(1 hour)",
        target={"Input": '"tick"'},
        StartDate=datetime.fromtimestamp(now + 600, UTC),
        EndDate=datetime.fromtimestamp(now + 5000, UTC),
    )
    assert settled(aws, received) == []

    for seconds, ticks in ((601, 1), (3600, 2), (3600, 2), (86400, 2)):
        CLOCK.move(seconds)
        assert len(settled(aws, received)) == ticks


def test_a_single_moment_is_fired_once_and_deleted_if_asked_for(
    aws: EmbeddedLambda, scheduler: Any, received: list[Any]
) -> None:
    moment = datetime.fromtimestamp(time.time() + 3600, UTC).strftime("at(%Y-%m-%dT%H:%M:%S)")
    create(scheduler, moment, Name="kept")
    create(scheduler, moment, Name="deleted", ActionAfterCompletion="DELETE")

    CLOCK.move(3601)
    CLOCK.move(86400)

    events = settled(aws, received)
    assert sorted(event["resources"][0].rpartition("/")[2] for event in events) == ["deleted", "kept"]
    assert {(event["detail-type"], event["source"]) for event in events} == {("Scheduled Event", "aws.scheduler")}
    assert [schedule["Name"] for schedule in scheduler.list_schedules()["Schedules"]] == ["kept"]


def test_only_enabled_schedules_fire_and_a_deleted_one_never(
    aws: EmbeddedLambda, scheduler: Any, received: list[Any]
) -> None:
    create(scheduler, "cron(* * * * ? *)", Name="off", State="DISABLED")
    create(scheduler, "cron(* * * * ? *)", Name="gone")
    scheduler.delete_schedule(Name="gone", GroupName="group")

    CLOCK.move(3600)

    assert settled(aws, received) == []


def test_what_cannot_be_handed_over_is_a_dead_letter(aws: EmbeddedLambda, scheduler: Any) -> None:
    url = aws.client("sqs").create_queue(QueueName="letters")["QueueUrl"]
    target = {"Arn": FUNCTION + "-missing", "Input": '{"a": 1}', "DeadLetterConfig": {"Arn": QUEUE}}
    create(scheduler, "cron(* * * * ? *)", target=target)

    CLOCK.move(60)

    def letters() -> Any:
        return aws.client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages")

    [letter] = until(letters)
    attributes = {name: one["StringValue"] for name, one in letter["MessageAttributes"].items()}
    assert letter["Body"] == '{"a": 1}'
    assert attributes["TARGET_ARN"] == FUNCTION + "-missing"
    assert attributes["ERROR_CODE"] == "AWS.Lambda.ResourceNotFoundException"


def test_a_firing_comes_twice_when_told(aws: EmbeddedLambda, scheduler: Any, received: list[Any]) -> None:
    FAULTS.duplicate_events = 1.0
    create(scheduler, "cron(0 0 1 1 ? *)", target={"Input": '"<aws.scheduler.scheduled-time>"'})

    CLOCK.move(366 * 86400)

    until(lambda: len(received) == 2)
    assert received[0] == received[1]


@pytest.mark.parametrize(
    ("members", "code", "says"),
    [
        ({"ScheduleExpression": "cron(61 * * * ? *)"}, "ValidationException", "Invalid Schedule Expression cron"),
        ({"ScheduleExpression": "every day"}, "ValidationException", "Invalid Schedule Expression every day."),
        ({"ScheduleExpressionTimezone": "Moon/Sea"}, "ValidationException", "Timezone"),
        ({"GroupName": "nowhere"}, "ResourceNotFoundException", "nowhere"),
    ],
)
def test_what_aws_refuses_is_refused(scheduler: Any, members: dict[str, str], code: str, says: str) -> None:
    request: dict[str, Any] = {
        "Name": "one",
        "GroupName": "group",
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": OFF,
        "Target": {"Arn": FUNCTION, "RoleArn": ROLE},
    }

    with pytest.raises(ClientError, match=says) as refused:
        scheduler.create_schedule(**{**request, **members})

    assert refused.value.response["Error"]["Code"] == code
    assert scheduler.list_schedules()["Schedules"] == []
    scheduler.create_schedule(**request)
    with pytest.raises(ClientError, match="ValidationException"):
        scheduler.update_schedule(**{**request, "ScheduleExpression": "rate(1 moon)"})


def test_stopping_ends_the_thread(aws: EmbeddedLambda) -> None:
    running = install(aws.functions)
    install(aws.functions).stop()

    running.stop()

    assert not [thread for thread in threading.enumerate() if thread.name == "scheduler"]
