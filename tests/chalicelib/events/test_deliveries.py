"""Deliveries to webhooks: at least once, retried for a day, then listed as dead; secrets are seen by nobody."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws import clock, dynamodb, transaction
from chalicelib.events import deliveries, entrances, publisher, sending, store
from chalicelib.events.deliveries import MOST_ATTEMPTS, PAUSES
from chalicelib.events.sending import Result
from chalicelib.events.webhooks import MOST_UNANSWERED, Webhook
from chalicelib.executions import removal, webhooks
from chalicelib.executions.changes import Change
from tests.chalicelib.api import serve
from tests.chalicelib.events import runs
from tests.chalicelib.events.conftest import Outside, Time
from tests.chalicelib.printed import total

pytestmark = pytest.mark.usefixtures("aws", "time")

SECRET = "stack-secret-0123456789"
RUN_SECRET = "run-secret-0123456789"
URL = "https://hooks.example/stack"
RUN_URL = "https://hooks.example/run"
EVENT = f"{runs.RUN_ID}-1"


class Receiver:
    """What `sending.post` was asked to send, and what it answers."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, str]]] = []
        self.result = Result(200)

    def post(self, url: str, body: str, headers: dict[str, str]) -> Result:
        self.sent.append((url, body, headers))
        return self.result


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    made = Receiver()
    monkeypatch.setattr(sending, "post", made.post)
    monkeypatch.setattr(clock, "jitter", lambda ceiling: ceiling)
    return made


def subscribe(name: str = "mine", webhook_id: str = "id-1", **members: Any) -> None:
    assert store.put_webhook(Webhook(name, webhook_id, URL, SECRET, clock.now(), **members))


def happen(metadata: Any = None, secret: str | None = None) -> None:
    """A run is queued, and the publisher hears of it."""
    queued = runs.run()
    runs.keep(queued, metadata)
    if secret:
        transaction.commit([webhooks.put(queued.id, {"Url": RUN_URL, "Secret": secret})])
    tell()


def tell() -> None:
    assert publisher.publish({"Records": [runs.record(runs.run(), None)]}) == {"batchItemFailures": []}


def attempt_all(outside: Outside) -> list[str]:
    """Make the attempts that were asked for; what came of each."""
    asked, outside.attempts = outside.attempts, []
    return [entrances.webhook_delivery(event)["Outcome"] for event in asked]


def pending() -> list[store.Delivery]:
    """The deliveries on their way; of each, and of nothing else, there is told when it is due."""
    names = [item["Name"] for item in dynamodb.query("System", dynamodb.equals("Kind", "delivery"))]
    found = [one for name in names if (one := store.delivery(name))]
    due = [item["Name"] for item in dynamodb.query("System", dynamodb.equals("Kind", "delivery-due"))]
    assert sorted(due) == sorted(one.due_key["Name"] for one in found)
    return found


def dead() -> list[dict[str, Any]]:
    found, _ = store.dead(100, None)
    return [one.answer() for one in found]


def test_an_event_goes_to_every_webhook_that_wants_it_and_then_its_delivery_is_gone(
    outside: Outside, receiver: Receiver
) -> None:
    subscribe("all")
    subscribe("other", statuses=("Error",))

    happen(secret=RUN_SECRET)

    assert {one.name for one in pending()} == {f"{EVENT}#all", f"{EVENT}#@run"}
    assert attempt_all(outside) == ["delivered: 200", "delivered: 200"]
    assert pending() == []
    assert {url for url, _, _ in receiver.sent} == {URL, RUN_URL}
    for _, body, headers in receiver.sent:
        assert json.loads(body) == outside.messages[0]
        assert headers["X-Mediawright-Event"] == EVENT
        assert headers["X-Mediawright-Timestamp"] == "1795233600"


def test_without_a_webhook_nothing_is_stored(outside: Outside) -> None:
    happen()

    assert (pending(), outside.attempts) == ([], [])


def test_an_event_that_is_on_its_way_is_not_sent_again_when_it_is_told_again(
    outside: Outside, receiver: Receiver
) -> None:
    subscribe()
    happen()

    tell()

    assert len(outside.attempts) == 1


def test_an_attempt_that_is_asked_for_twice_is_made_once(outside: Outside, receiver: Receiver) -> None:
    receiver.result = Result(500, "it answered 500")
    subscribe()
    happen()
    outside.attempts *= 2

    assert attempt_all(outside) == ["failed: it answered 500", "nothing to do"]
    assert len(receiver.sent) == 1


def test_two_attempts_that_begin_at_once_are_one(
    outside: Outside, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe()
    happen()
    [before] = pending()
    assert deliveries.attempt(before.name, 1) == "delivered: 200"
    assert store.put_delivery(before)
    assert deliveries.attempt(before.name, 1) == "delivered: 200"

    # the other one begins between our look and our claim
    assert store.put_delivery(before)
    monkeypatch.setattr(store, "delivery", lambda _name: before)
    assert store.change_delivery(before, replace(before, attempts=1))
    assert deliveries.attempt(before.name, 1) == "nothing to do"


def test_failures_are_retried_with_growing_pauses_and_die_after_the_last(
    outside: Outside, receiver: Receiver, time: Time, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.result = Result(503, "it answered 503")
    subscribe()
    happen()

    for pause in PAUSES:
        assert attempt_all(outside) == ["failed: it answered 503"]
        time.pass_by(pause * 1.1 - 2)
        assert deliveries.retry_due() == 0
        time.pass_by(2)
        assert deliveries.retry_due() == 1
    assert dead() == []
    assert attempt_all(outside) == ["failed: it answered 503"]

    assert pending() == []
    [found] = dead()
    assert {**found, "Created": None, "Died": None} == {
        "Webhook": "mine",
        "EventId": EVENT,
        "WorkflowExecutionId": runs.RUN_ID,
        "Attempts": MOST_ATTEMPTS,
        "Created": None,
        "Died": None,
        "LastStatus": 503,
        "LastReason": "it answered 503",
    }
    assert len(receiver.sent) == MOST_ATTEMPTS == 8
    assert total(capsys.readouterr().out, "DeadLetters") == 1
    assert deliveries.retry_due() == 0


def test_a_success_after_failures_ends_it(outside: Outside, receiver: Receiver, time: Time) -> None:
    receiver.result = Result(None, "it refuses connections")
    subscribe()
    happen()
    attempt_all(outside)
    [failed] = pending()
    assert (failed.attempts, failed.last_status, failed.last_reason) == (1, None, "it refuses connections")

    receiver.result = Result(204)
    time.pass_by(120)
    deliveries.retry_due()

    assert attempt_all(outside) == ["delivered: 204"]
    assert (pending(), dead()) == ([], [])


# -- receivers that answer nothing ------------------------------------------------------------------------------


NO_ANSWER = Result(None, "it didn't answer within 10 s")


def unanswered() -> int:
    found = store.webhook("mine")
    assert found is not None
    return found.unanswered


def happens_to(count: int) -> None:
    """So many runs are queued, each of which a webhook is to be told of."""
    for _ in range(count):
        queued = replace(runs.run(), id=str(uuid.uuid4()))
        deliveries.begin(Change(queued, None), "{}", store.webhooks(), of_the_run=False)


def test_events_for_a_receiver_that_never_answers_wait_for_the_sweep_until_it_does(
    outside: Outside, receiver: Receiver, time: Time
) -> None:
    """each of them kept a function waiting for ten seconds: a thousand at a time, of a hundred events a second"""
    receiver.result = NO_ANSWER
    subscribe()
    happens_to(MOST_UNANSWERED)
    assert len(outside.attempts) == MOST_UNANSWERED
    attempt_all(outside)

    happens_to(30)

    assert outside.attempts == []
    assert deliveries.retry_due(each=20) == 20
    assert attempt_all(outside) == ["failed: it didn't answer within 10 s"] * 20
    assert unanswered() == MOST_UNANSWERED
    receiver.result = Result(200)
    time.pass_by(300)
    assert deliveries.retry_due() == MOST_UNANSWERED + 30
    assert set(attempt_all(outside)) == {"delivered: 200"}
    assert (pending(), unanswered()) == ([], 0)
    happens_to(1)
    assert len(outside.attempts) == 1


@pytest.mark.parametrize("answer", [Result(200), Result(503, "it answered 503")])
def test_a_receiver_that_answers_now_and_then_is_told_at_once(
    outside: Outside, receiver: Receiver, answer: Result
) -> None:
    subscribe()
    for _ in range(3):
        receiver.result = NO_ANSWER
        happens_to(MOST_UNANSWERED - 1)
        attempt_all(outside)
        assert unanswered() == MOST_UNANSWERED - 1
        receiver.result = answer
        happens_to(1)
        assert len(outside.attempts) == 1
        attempt_all(outside)
        assert unanswered() == 0


def test_the_silence_of_a_webhook_is_not_that_of_the_next_one_of_its_name(
    outside: Outside, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe()
    happens_to(1)

    def replaced(*_: Any) -> Result:
        gone = store.webhook("mine")
        assert gone is not None
        assert store.delete_webhook(gone)
        subscribe(webhook_id="another")
        return NO_ANSWER

    monkeypatch.setattr(sending, "post", replaced)
    attempt_all(outside)

    assert unanswered() == 0


# -- what a crash leaves -----------------------------------------------------------------------------------------


def test_a_first_attempt_that_was_lost_is_made_by_the_sweep(outside: Outside, receiver: Receiver, time: Time) -> None:
    subscribe()
    happen()
    outside.attempts.clear()

    assert deliveries.retry_due() == 0
    time.pass_by(300)
    assert deliveries.retry_due() == 1

    assert attempt_all(outside) == ["delivered: 200"]


def test_when_lambda_refuses_the_publisher_goes_on_and_the_sweep_comes_back(
    outside: Outside, receiver: Receiver, time: Time, log: pytest.LogCaptureFixture
) -> None:
    def refuse(kind: str, _told: Any) -> None:
        if kind == "attempt":
            raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": ""}}, "Invoke")

    outside.refuse = refuse
    subscribe()
    happen()
    assert "waits for the sweep" in log.text

    outside.refuse = lambda _kind, _told: None
    time.pass_by(300)
    deliveries.retry_due()

    assert attempt_all(outside) == ["delivered: 200"]


def test_an_attempt_that_dies_while_it_sends_is_followed_by_the_next(
    outside: Outside, receiver: Receiver, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Any) -> Result:
        raise SystemExit

    subscribe()
    happen()
    with monkeypatch.context() as patched:
        patched.setattr(sending, "post", dies)
        with pytest.raises(SystemExit):
            attempt_all(outside)

    time.pass_by(70)
    assert deliveries.retry_due() == 1
    assert outside.attempts == [{"Name": f"{EVENT}#mine", "Attempt": 2}]
    assert attempt_all(outside) == ["delivered: 200"]


def test_a_last_attempt_that_dies_makes_a_dead_delivery(outside: Outside, time: Time) -> None:
    subscribe()
    happen()
    [one] = pending()
    assert store.change_delivery(one, replace(one, attempts=MOST_ATTEMPTS))

    time.pass_by(301)
    assert deliveries.retry_due() == 1

    assert pending() == []
    assert [found["LastReason"] for found in dead()] == ["the last attempt was not heard of again"]


def test_a_late_failure_does_not_bury_what_another_attempt_delivered(
    outside: Outside, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe()
    happen()
    [one] = pending()
    assert store.change_delivery(one, replace(one, attempts=MOST_ATTEMPTS - 1))

    def slow(_url: str, _body: str, _headers: Any) -> Result:
        store.drop_delivery(one)
        return Result(None, "it didn't answer within 10 s")

    monkeypatch.setattr(sending, "post", slow)
    deliveries.attempt(one.name, MOST_ATTEMPTS)

    assert (pending(), dead()) == ([], [])


def test_a_sweep_takes_so_many_at_most(outside: Outside, time: Time) -> None:
    for number in range(5):
        subscribe(f"hook-{number}")
    happen()
    outside.attempts.clear()
    time.pass_by(300)

    assert deliveries.retry_due(3) == 3
    assert len(outside.attempts) == 3


def flood(name: str, count: int, due: int) -> None:
    """So many deliveries are on their way to a webhook, and due."""
    for number in range(count):
        one = store.Delivery(
            f"run-{number:05}-1", f"run-{number:05}", name, "id-1", clock.now(), due, text="x" * 30_000
        )
        assert store.put_delivery(one)


def test_a_receiver_that_is_down_takes_no_other_ones_turn(outside: Outside, time: Time) -> None:
    """Its deliveries have been due for the longest, and there are more of them than a sweep takes."""
    flood("down", 30, 1_795_233_000)
    flood("up", 2, 1_795_233_500)
    flood("up-too", 1, 1_795_233_500)

    assert deliveries.retry_due(most=10, each=6) == 9

    asked = [attempt["Name"] for attempt in outside.attempts]
    assert asked[:3] == ["run-00000-1#down", "run-00000-1#up", "run-00000-1#up-too"]
    assert sum(name.endswith("#down") for name in asked) == 6
    assert deliveries.retry_due(most=4, each=6) == 4


def test_the_sweep_reads_no_body_and_nothing_that_is_not_due(
    outside: Outside, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood("down", 20, 1_795_233_700)
    flood("up", 5, 1_795_233_600)
    read: list[dict[str, Any]] = []
    query_page = dynamodb.query_page

    def noted(*arguments: Any, **options: Any) -> Any:
        page = query_page(*arguments, **options)
        read.extend(page.items)
        return page

    monkeypatch.setattr(dynamodb, "query_page", noted)
    monkeypatch.setattr(dynamodb, "get", None)

    assert deliveries.retry_due() == 5

    # what is due, and one item for each webhook to find it
    assert len(read) == 5 + 2
    assert len(json.dumps(read)) < 1024


def test_what_is_due_is_left_to_the_next_sweep_when_the_time_is_up(
    outside: Outside, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood("mine", 10, 1_795_233_600)
    outside.refuse = lambda _kind, _told: time.pass_by(10)

    assert deliveries.retry_due(seconds=30) == 3


def test_a_delivery_that_succeeds_is_gone_even_if_the_next_attempt_was_begun(
    outside: Outside, receiver: Receiver, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe()
    happen()
    [one] = pending()

    def slow(_url: str, _body: str, _headers: Any) -> Result:
        [begun] = pending()
        assert store.change_delivery(begun, replace(begun, attempts=2, next_at=begun.next_at + 300))
        return Result(200)

    monkeypatch.setattr(sending, "post", slow)

    assert deliveries.attempt(one.name, 1) == "delivered: 200"
    assert pending() == []


# -- webhooks and runs that go meanwhile -------------------------------------------------------------------------


def test_what_is_on_its_way_to_a_deleted_webhook_is_dropped(outside: Outside, receiver: Receiver) -> None:
    subscribe()
    happen()
    gone = store.webhook("mine")
    assert gone is not None
    assert store.delete_webhook(gone)
    subscribe(webhook_id="another")

    assert attempt_all(outside) == ["dropped: the webhook or the run is gone"]
    assert (pending(), receiver.sent) == ([], [])


def test_a_runs_own_webhook_goes_with_the_run(outside: Outside, receiver: Receiver) -> None:
    happen(secret=RUN_SECRET)
    for part in runs.parts():
        transaction.commit([transaction.delete("Executions", {"Id": runs.RUN_ID, "Part": part})])

    assert attempt_all(outside) == ["dropped: the webhook or the run is gone"]
    assert pending() == []


@pytest.mark.parametrize("forgets", [False, True])
def test_a_large_body_rides_in_the_bucket_and_goes_with_the_run(
    outside: Outside, receiver: Receiver, forgets: bool
) -> None:
    subscribe()
    happen(metadata={"words": "x" * 40_000})
    [one] = pending()
    assert (one.text, one.ref) == (None, f"private/executions/{runs.RUN_ID}/events/1.json")
    if forgets:
        transaction.commit([transaction.delete("Executions", {"Id": runs.RUN_ID, "Part": "execution"})])
        removal.forget_rest(runs.RUN_ID)

    outcome = attempt_all(outside)

    if forgets:
        assert (outcome, receiver.sent) == (["dropped: the webhook or the run is gone"], [])
    else:
        assert json.loads(receiver.sent[0][1]) == outside.messages[0]


# -- what is seen ------------------------------------------------------------------------------------------------


def test_no_secret_is_in_events_answers_logs_or_deliveries(
    outside: Outside, receiver: Receiver, log: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.result = Result(None, "it refuses connections")
    subscribe()
    happen(secret=RUN_SECRET)
    attempt_all(outside)
    system = dynamodb.client("dynamodb").scan(TableName="System")["Items"]
    seen = json.dumps(
        [
            outside.messages,
            outside.events,
            outside.attempts,
            [body for _, body, _ in receiver.sent],
            [headers for _, _, headers in receiver.sent],
            [item for item in system if item["Kind"]["S"] != "webhook"],
            log.text,
            capsys.readouterr().out,
        ]
    )

    assert SECRET not in seen
    assert RUN_SECRET not in seen


def test_the_dead_are_listed_by_pages_the_latest_first_until_their_time_is_over(outside: Outside, time: Time) -> None:
    api = serve()
    for number in range(3):
        subscribe(f"hook-{number}")
    happen(secret=RUN_SECRET)
    for one in pending():
        store.bury(one, clock.now())
        time.pass_by(60)

    listed = api("GET", "/system/webhook/dead")
    first = api("GET", "/system/webhook/dead?limit=3")
    second = api("GET", first.headers["Link"].split("<")[1].split(">")[0])

    assert [found.get("Webhook") for found in listed.body] == ["hook-2", "hook-1", "hook-0", None]
    assert first.body + second.body == listed.body
    assert "Link" not in second.headers
    expiries = [item["ExpiresAt"] for item in dynamodb.query("System", dynamodb.equals("Kind", "dead-delivery"))]
    assert [expiry - 1_795_233_600 for expiry in expiries] == [30 * 86_400 + 60 * n for n in range(4)]
    # the items stand until DynamoDB comes round, and are not shown
    time.pass_by(30 * 86_400 - 90)
    assert [found.get("Webhook") for found in api("GET", "/system/webhook/dead").body] == ["hook-2"]
    assert api("GET", "/system/webhook/dead?limit=x").status == 400
    assert api("GET", "/system/webhook/dead?cursor=x").status == 400
