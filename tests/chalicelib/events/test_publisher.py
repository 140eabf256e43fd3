"""Batches of the Executions stream: what is told, in which order, and what a failure holds up."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chalicelib.aws import objects
from chalicelib.events import message, projections, publisher
from chalicelib.events.projections import Projection
from chalicelib.executions import removal
from chalicelib.executions.changes import Change
from tests.chalicelib.events import runs
from tests.chalicelib.events.conftest import Outside, Time
from tests.chalicelib.printed import total

pytestmark = pytest.mark.usefixtures("aws")


def publish(*records: dict[str, Any]) -> list[str]:
    """Hand the publisher a batch; the records that must come again."""
    answer = publisher.publish({"Records": list(records)})
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def life(run_id: str = runs.RUN_ID, first: int = 1, **members: Any) -> list[dict[str, Any]]:
    """The three records of a run that fails, and the run in the table."""
    queued = runs.run(run_id, **members)
    began = runs.started(queued)
    ended = runs.failed(began)
    runs.keep(ended)
    return [
        runs.record(queued, None, first),
        runs.record(began, queued, first + 1),
        runs.record(ended, began, first + 2),
    ]


def test_the_message_has_the_old_engines_members_first_and_then_ours(outside: Outside) -> None:
    assert publish(*life()) == []

    first, _, last = outside.messages
    assert list(last.items()) == list(
        {
            "EventTimestamp": 1795233909.5,
            "WorkflowExecutionId": runs.RUN_ID,
            "AssetId": "asset-1",
            "Status": "Error",
            "Globals": {"Media": runs.MEDIA, "MetaData": {}},
            "Configuration": {"first": {"a": {"Language": "fr"}}},
            "Created": "1795233906.000007",
            "EventId": f"{runs.RUN_ID}-3",
            "Sequence": 3,
            "PreviousStatus": "Started",
            "Workflow": {"Name": "flow"},
            "Trigger": "api",
            "Attempt": 1,
            "Message": "it broke",
        }.items()
    )
    assert (first["Status"], first["PreviousStatus"], first["EventId"]) == ("Queued", None, f"{runs.RUN_ID}-1")


def test_the_event_bus_gets_the_same_document_at_the_time_of_the_change(outside: Outside) -> None:
    publish(*life())

    assert [event["detail"] for event in outside.events] == outside.messages
    assert outside.events[1] | {"detail": None} == {
        "source": "mediawright",
        "detail-type": "Workflow Execution Status Change",
        "detail": None,
        "time": 1795233907.25,
    }


def test_a_run_that_is_gone_is_told_of_without_what_it_carried(outside: Outside) -> None:
    queued = runs.run()

    assert publish(runs.record(queued, None)) == []

    assert {"Globals", "Configuration"}.isdisjoint(outside.messages[0])
    assert outside.messages[0]["Status"] == "Queued"


def test_records_in_any_order_are_told_in_the_runs_order(outside: Outside) -> None:
    one, two, three = life()
    other = life("another", 10)

    assert publish(three, other[1], one, other[0], two, other[2]) == []

    for run_id in (runs.RUN_ID, "another"):
        told = [told["Sequence"] for told in outside.messages if told["WorkflowExecutionId"] == run_id]
        assert told == [1, 2, 3]


def test_a_record_told_twice_has_the_same_id_and_the_same_words(outside: Outside) -> None:
    records = life()

    publish(*records)
    publish(*records, *records)

    assert len(outside.messages) == 9
    assert {told["EventId"]: told for told in outside.messages} == {
        told["EventId"]: told for told in outside.messages[:3]
    }


def test_what_changes_no_status_and_what_users_delete_is_not_told(outside: Outside) -> None:
    began = runs.started(runs.run())

    assert publish(runs.record(began, began), runs.record(None, began, 2)) == []

    assert (outside.messages, outside.events) == ([], [])


@pytest.mark.parametrize("kind", ["message", "event"])
def test_a_failing_run_waits_with_what_follows_and_the_others_go_on(outside: Outside, kind: str) -> None:
    mine, other = life(first=100), life("another", 200)

    def refuse(what: str, told: Any) -> None:
        if what == kind and told["EventId"] == f"{runs.RUN_ID}-2":
            raise ConnectionError("throttled")

    outside.refuse = refuse

    failed = publish(other[0], mine[0], mine[1], other[1], mine[2], other[2])

    assert failed == ["101"]
    assert f"{runs.RUN_ID}-3" not in outside.ids
    assert [one for one in outside.ids if one.startswith("another")] == ["another-1", "another-2", "another-3"]


def test_of_several_failing_runs_the_earliest_record_comes_again(outside: Outside) -> None:
    mine, other = life(first=99), life("another", 1000)

    def refuse(_kind: str, _told: Any) -> None:
        raise ConnectionError("down")

    outside.refuse = refuse

    # as numbers: as texts, "1000" would come before "99"
    assert publish(*other, *mine) == ["99"]


def test_a_shuffled_failing_run_comes_again_from_its_earliest_unfinished_record(outside: Outside) -> None:
    one, two, three = life()
    one["dynamodb"]["SequenceNumber"], two["dynamodb"]["SequenceNumber"] = "2", "1"

    def refuse(_kind: str, told: Any) -> None:
        if told["Sequence"] == 1:
            raise ConnectionError("down")

    outside.refuse = refuse

    assert publish(two, one, three) == ["1"]


def test_a_record_that_cannot_be_read_goes_whole_to_the_dead_letters_and_blocks_nobody(
    outside: Outside, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, other = life(), life("another", 10)
    mine[1]["dynamodb"]["NewImage"]["Status"] = {"S": "Pondering"}

    assert publish(*mine, *other) == []

    assert [(dead["Records"], "Pondering" in dead["Reason"]) for dead in outside.dead] == [([mine[1]], True)]
    assert outside.ids == [f"{runs.RUN_ID}-1", f"{runs.RUN_ID}-3", "another-1", "another-2", "another-3"]
    assert total(capsys.readouterr().out, "DeadLetters") == 1


def test_a_dead_letter_is_a_batch_that_can_be_handed_in_again(outside: Outside) -> None:
    """As when a version that understands the record has been deployed."""
    record = life()[1]
    image = record["dynamodb"]["NewImage"]
    image["Sequence"] = {"N": "two"}
    publish(record)
    [letter] = outside.dead

    letter["Records"][0]["dynamodb"]["NewImage"]["Sequence"] = {"N": "2"}
    publisher.publish(letter)

    assert outside.ids == [f"{runs.RUN_ID}-2"]


def test_a_record_that_cannot_be_put_aside_comes_again(outside: Outside) -> None:
    mine, other = life(first=7), life("another", 10)
    del mine[0]["dynamodb"]["NewImage"]["Status"]

    def refuse(kind: str, _told: Any) -> None:
        if kind == "dead":
            raise ConnectionError("no queue")

    outside.refuse = refuse

    assert publish(*mine, *other) == ["7"]
    assert "another-3" in outside.ids


def broken(kind: str, event_id: str) -> Callable[[str, Any], None]:
    """Refuses to carry one event, or all."""

    def refuse(what: str, told: Any) -> None:
        if what == kind and event_id in ("all", told.get("EventId")):
            raise ConnectionError("no")

    return refuse


def test_an_event_that_keeps_failing_while_others_pass_is_put_aside_whole(
    outside: Outside, time: Time, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, other = life(), life("another", 10)
    outside.refuse = broken("message", f"{runs.RUN_ID}-2")
    assert publish(*mine, *other) == ["2"]
    time.pass_by(299)
    assert publish(*mine[1:], *other) == ["2"]
    assert outside.dead == []

    time.pass_by(1)
    assert publish(*mine[1:], *other) == []

    assert outside.dead == [{"Records": [mine[1]], "Reason": "ConnectionError: no"}]
    assert outside.ids[-1] == f"{runs.RUN_ID}-3"
    assert total(capsys.readouterr().out, "DeadLetters") == 1
    outside.refuse = lambda _kind, _told: None
    publisher.publish(outside.dead[0])
    assert outside.ids[-1] == f"{runs.RUN_ID}-2"


def test_what_follows_an_event_that_was_put_aside_has_a_time_of_its_own(outside: Outside, time: Time) -> None:
    mine, other = life(), life("another", 10)
    outside.refuse = lambda kind, told: (
        broken("message", told["EventId"])(kind, told) if told.get("WorkflowExecutionId") == runs.RUN_ID else None
    )
    assert publish(*mine, *other) == ["1"]
    time.pass_by(300)

    assert publish(*mine, *other) == ["2"]
    assert len(outside.dead) == 1


@pytest.mark.parametrize("kind", ["message", "event"])
def test_an_outage_that_passes_within_the_hour_puts_nothing_aside(outside: Outside, time: Time, kind: str) -> None:
    mine, other = life(), life("another", 10)
    outside.refuse = broken(kind, "all")
    for _ in range(11):
        assert publish(*mine, *other) == ["1"]
        time.pass_by(300)

    outside.refuse = lambda _kind, _told: None
    assert publish(*mine, *other) == []
    assert outside.dead == []


def test_an_outage_that_lasts_is_left_to_people_before_the_stream_forgets(outside: Outside, time: Time) -> None:
    mine = life()
    outside.refuse = broken("event", "all")
    assert publish(*mine) == ["1"]

    for left in (mine, mine[1:], mine[2:]):
        time.pass_by(3599)
        publish(*left)
        time.pass_by(1)
        publish(*left)

    assert [letter["Records"] for letter in outside.dead] == [[record] for record in mine]


def test_an_event_fails_anew_when_its_old_failure_is_forgotten(outside: Outside, time: Time) -> None:
    mine, other = life(), life("another", 10)
    outside.refuse = broken("message", f"{runs.RUN_ID}-1")
    publish(*mine, *other)
    time.pass_by(86_400)

    assert publish(*mine, *other) == ["1"]


def test_what_can_not_be_put_aside_comes_again(outside: Outside, time: Time) -> None:
    mine, other = life(), life("another", 10)
    outside.refuse = broken("message", f"{runs.RUN_ID}-1")
    publish(*mine, *other)
    time.pass_by(300)

    def refuse(kind: str, told: Any) -> None:
        broken("message", f"{runs.RUN_ID}-1")(kind, told)
        broken("dead", "all")(kind, told)

    outside.refuse = refuse
    assert publish(*mine, *other) == ["1"]


def test_a_run_that_can_not_be_counted_for_long_is_told_of_nevertheless(
    outside: Outside, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The books are made right by the sweep; the record that was put aside enters it again, too."""

    def enter(_book: str, _changes: Sequence[Change]) -> None:
        raise ConnectionError("no table")

    monkeypatch.setattr(projections, "PROJECTIONS", (Projection(lambda change: change.run.batch, enter),))
    mine, other = life(batch="night"), life("another", 10)
    assert publish(*mine, *other) == ["1"]
    time.pass_by(300)

    assert publish(*mine, *other) == []
    assert [letter["Records"] for letter in outside.dead] == [[mine[0]]]
    assert outside.ids[-2:] == [f"{runs.RUN_ID}-2", f"{runs.RUN_ID}-3"]


def test_an_expiry_that_keeps_failing_waits_for_other_expiries_to_pass(
    outside: Outside, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, other = runs.failed(runs.run()), runs.failed(runs.run("another"))
    forget, down, third = removal.forget_rest, [gone.id, other.id], life("third", 10)

    def forgets(run_id: str) -> None:
        if run_id in down:
            raise ConnectionError("down")
        forget(run_id)

    monkeypatch.setattr(removal, "forget_rest", forgets)
    for _ in range(2):
        assert publish(runs.expiry(gone), runs.expiry(other, 2), *third) == ["1"]
        time.pass_by(300)
    assert outside.dead == []

    down.remove(other.id)
    assert publish(runs.expiry(gone), runs.expiry(other, 2)) == []
    assert [letter["Records"] for letter in outside.dead] == [[runs.expiry(gone)]]


def test_projections_are_told_in_their_order_and_before_the_outside(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str, list[str], int]] = []

    def projection(name: str) -> Projection:
        def note(book: str, changes: Sequence[Change]) -> None:
            told.append((name, book, [change.event_id for change in changes], len(outside.messages)))

        return Projection(lambda change: change.run.batch, note)

    monkeypatch.setattr(projections, "PROJECTIONS", (projection("first"), projection("second")))
    one, two, _ = life(batch="night")
    other, third = life("another", 10, batch="night")[0], life("third", 20, batch="day")[0]

    publish(two, other, one, third, life("alone", 30)[0])

    night = [f"{runs.RUN_ID}-1", f"{runs.RUN_ID}-2", "another-1"]
    assert told == [
        ("first", "night", night, 0),
        ("first", "day", ["third-1"], 0),
        ("second", "night", night, 0),
        ("second", "day", ["third-1"], 0),
    ]
    assert len(outside.messages) == 5


def test_a_failing_projection_holds_back_only_the_runs_of_its_book(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = []

    def enter(book: str, _changes: Sequence[Change]) -> None:
        if book == "night":
            raise ConnectionError("no table")

    of_batch = Projection(lambda change: change.run.batch, enter)
    of_all = Projection(lambda _change: "all", lambda _book, told: later.extend(told))
    monkeypatch.setattr(projections, "PROJECTIONS", (of_batch, of_all))

    assert publish(*life("another", 10, batch="night"), *life(batch="day")) == ["10"]
    assert {change.run.id for change in later} == {runs.RUN_ID}
    assert outside.ids == [f"{runs.RUN_ID}-{n}" for n in (1, 2, 3)]


def test_a_message_too_large_refers_to_globals_in_the_bucket(outside: Outside) -> None:
    metadata = {"words": 'quoted "words" é ' * 9_000}
    queued = runs.run()
    runs.keep(queued, metadata)

    assert publish(runs.record(queued, None)) == []

    [told] = outside.messages
    key = f"private/executions/{runs.RUN_ID}/events/1-globals.json"
    assert told["Globals"] == {"$ref": f"s3://test-data/{key}"}
    assert told["Configuration"] == {"first": {"a": {"Language": "fr"}}}
    assert json.loads(objects.get_text(key)) == {"Media": runs.MEDIA, "MetaData": metadata}


def test_what_still_does_not_fit_refers_to_the_configuration_too(outside: Outside) -> None:
    queued = runs.run()
    runs.keep(queued, {"words": "x" * 300_000}, json.dumps({"first": {"a": {"Text": "y" * 300_000}}}))

    publish(runs.record(queued, None))

    [told] = outside.messages
    assert told["Configuration"] == {
        "$ref": f"s3://test-data/private/executions/{runs.RUN_ID}/events/1-configuration.json"
    }
    assert message.fits(told)


@pytest.mark.parametrize(("characters", "is_inline"), [(190_000, True), (200_000, False)])
def test_the_limit_is_200_kb_of_what_the_topic_is_given(outside: Outside, characters: int, is_inline: bool) -> None:
    queued = runs.run()
    runs.keep(queued, {"words": "x" * characters})

    publish(runs.record(queued, None))

    assert ("MetaData" in outside.messages[0]["Globals"]) is is_inline


def test_an_expired_run_is_forgotten_and_nothing_is_told(outside: Outside) -> None:
    ended = runs.failed(runs.run())
    runs.keep(ended)
    from chalicelib.aws import transaction
    from chalicelib.executions import store

    transaction.commit([store.delete_part(ended.id, "execution")])

    assert publish(runs.expiry(ended)) == []

    assert (runs.parts(), outside.messages) == ([], [])


def test_an_expired_run_that_cannot_be_forgotten_comes_again(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_prefix: str) -> None:
        raise ConnectionError("down")

    monkeypatch.setattr(objects, "delete_under", down)

    assert publish(runs.expiry(runs.failed(runs.run()), 42), *life("another", 50)) == ["42"]
    assert len(outside.messages) == 3
