"""PutRule, PutEvents and TestEventPattern answer as AWS's do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infrastructure.local.events.rules import install
from tests.infrastructure.local.lambdas.embedded_lambda import EmbeddedLambda, embedded_lambda, until

EVENT = {
    "id": "1",
    "account": "123456789012",
    "source": "my.app",
    "time": "2026-11-21T04:05:06Z",
    "region": "us-east-1",
    "resources": [],
    "detail-type": "thing",
    "detail": {"size": 5},
}


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedLambda]:
    with embedded_lambda() as running:
        rules = install(running.functions)
        yield running
        rules.stop()


@pytest.fixture
def events(aws: EmbeddedLambda) -> Any:
    return aws.client("events")


@pytest.mark.parametrize(
    "pattern",
    [
        "{",
        "[]",
        '"text"',
        '{"source": "my.app"}',
        '{"source": []}',
        '{"source": [["my.app"]]}',
        '{"source": [{"prefx": "my"}]}',
        '{"detail": {"size": [{"numeric": [">"]}]}}',
        '{"detail": {"size": [{"numeric": [">", "5"]}]}}',
        '{"detail": {"size": [{"exists": "yes"}]}}',
    ],
)
def test_a_bad_pattern_is_refused_wherever_it_comes(events: Any, pattern: str) -> None:
    with pytest.raises(events.exceptions.InvalidEventPatternException, match="Event pattern is not valid"):
        events.put_rule(Name="bad", EventPattern=pattern)
    with pytest.raises(events.exceptions.InvalidEventPatternException):
        events.test_event_pattern(EventPattern=pattern, Event=json.dumps(EVENT))

    assert events.list_rules()["Rules"] == []


@pytest.mark.parametrize(
    "expression", ["cron(0 12 * * *)", "cron(61 12 * * ? *)", "rate(0 minutes)", "at(2026-01-01)"]
)
def test_a_bad_schedule_is_refused(events: Any, expression: str) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*Parameter ScheduleExpression is not valid\."):
        events.put_rule(Name="bad", ScheduleExpression=expression)

    assert events.list_rules()["Rules"] == []


def test_a_pattern_can_be_tried(events: Any) -> None:
    def result(pattern: dict[str, Any]) -> bool:
        answer = events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(EVENT))
        return bool(answer["Result"])

    assert result({"detail": {"size": [{"numeric": [">", 4, "<=", 5]}]}})
    assert not result({"source": ["other.app"]})
    with pytest.raises(ClientError, match=r"ValidationException.*source"):
        events.test_event_pattern(
            EventPattern='{"source": ["x"]}', Event=json.dumps({k: v for k, v in EVENT.items() if k != "source"})
        )


def test_entries_are_taken_one_by_one(events: Any) -> None:
    good = {"Source": "s", "DetailType": "t", "Detail": "{}"}

    answer = events.put_events(Entries=[good, {**good, "Detail": "[]"}, {**good, "Source": ""}, good])

    assert answer["FailedEntryCount"] == 2
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [
        None,
        "MalformedDetail",
        "InvalidArgument",
        None,
    ]
    with pytest.raises(ClientError, match="ValidationException"):
        events.put_events(Entries=[good] * 11)


def test_events_are_put_while_rules_come_and_go(aws: EmbeddedLambda, events: Any) -> None:
    received: list[Any] = []
    aws.functions.register_in_process("target", lambda event, context: received.append(event["detail"]["n"]))
    events.put_rule(Name="kept", EventPattern='{"source": ["my.app"]}')
    arn = "arn:aws:lambda:us-east-1:123456789012:function:target"
    events.put_targets(Rule="kept", Targets=[{"Id": "one", "Arn": arn}])
    over = threading.Event()

    def come_and_go() -> None:
        client = aws.client("events")
        number = 0
        while not over.is_set():
            client.put_rule(Name=f"passing-{number % 5}", EventPattern='{"source": ["none"]}')
            client.delete_rule(Name=f"passing-{(number + 2) % 5}")
            number += 1

    passing = threading.Thread(target=come_and_go)
    passing.start()
    try:
        for number in range(30):
            events.put_events(Entries=[{"Source": "my.app", "DetailType": "t", "Detail": json.dumps({"n": number})}])
    finally:
        over.set()
        passing.join()

    until(lambda: len(received) == 30)
    assert sorted(received) == list(range(30))
