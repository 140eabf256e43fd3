"""Lists of runs: newest first, page after page, over months, and never more than one answer holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws import clock, dynamodb, objects, transaction
from chalicelib.executions import close, document, index, listing, store, submit
from chalicelib.executions.statuses import Status
from chalicelib.web.documents import compact

pytestmark = pytest.mark.usefixtures("aws", "flow", "sfn")


Position = dict[str, Any] | None


def at(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


def make(clip: dict[str, Any], **body: Any) -> str:
    made: str = submit.submit({"Name": "flow", "Input": clip, **body})["Id"]
    return made


@pytest.fixture
def months(clip: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Seven runs in three months, newest first; the newest month is the present one."""
    index.ensure_month.cache_clear()
    made = []
    for month, count in (("2026-08", 2), ("2026-10", 2), ("2026-11", 3)):
        for day in range(count):
            at(monkeypatch, f"{month}-0{day + 1}T00:00:00.000000Z")
            made.append(make(clip))
    return made[::-1]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7, 50])
def test_pages_of_any_size_show_every_run_once(months: list[str], limit: int) -> None:
    seen: list[str] = []
    position: dict[str, Any] | None = None
    for _ in range(20):
        listed = listing.by_time(limit, position)
        assert len(listed.runs) <= limit
        seen += [run.id for run in listed.runs]
        position = listed.position
        if position is None:
            break

    assert seen == months


def test_a_status_is_listed_over_months(months: list[str]) -> None:
    close.cancel(months[0], None, "me")
    close.cancel(months[-1], None, "me")

    assert [run.id for run in listing.by_status(Status.CANCELED, 10, None).runs] == [months[0], months[-1]]


def test_what_the_index_shows_too_long_is_dropped(months: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The index still shows a run under a status that it has left."""
    page = listing.by_status(Status.STARTED, 10, None)
    stale = index.IndexPage([run.id for run in page.runs], None)
    close.cancel(page.runs[0].id, None, "me")
    monkeypatch.setattr(index, "page", lambda *_: stale)
    monkeypatch.setattr(index, "months", lambda: ["2026-11"])

    assert page.runs[0].id not in [run.id for run in listing.by_status(Status.STARTED, 10, None).runs]


def test_live_runs_are_found_however_late_the_index_is(clip: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    transaction.commit([transaction.put(store.table(), {"Id": "pool#global", "Part": "pool", "Max": 1})])
    runs = [make(clip) for _ in range(3)]
    monkeypatch.setattr(index, "page", lambda *_: index.IndexPage([], None))

    assert sorted(listing.live_runs("flow")) == sorted(runs)
    close.cancel(runs[1], None, "me")
    assert sorted(listing.live_runs("flow")) == sorted([runs[0], runs[2]])
    assert listing.live_runs("other") == []


def test_a_page_ends_before_it_outgrows_an_answer(clip: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [make(clip, Configuration={"first": {"a": {"Text": "x" * 9_000}}}) for _ in range(5)]
    monkeypatch.setattr(listing, "ANSWER_BYTES", 100_000)

    seen: list[str] = []
    position: dict[str, Any] | None = None
    while True:
        found, position = listing.documents(listing.by_time(50, position))
        assert 1 <= len(found) < 5
        seen += [entry["Id"] for entry in found]
        if position is None:
            break

    assert seen == runs[::-1]


def by_time(position: Position) -> listing.Listed:
    return listing.by_time(50, position)


def by_status(position: Position) -> listing.Listed:
    return listing.by_status(Status.CANCELED, 50, position)


@pytest.mark.parametrize("lists", [by_time, by_status])
def test_a_page_of_summaries_ends_before_it_outgrows_an_answer(
    months: list[str], monkeypatch: pytest.MonkeyPatch, lists: Callable[[Position], listing.Listed]
) -> None:
    for run_id in months:
        close.cancel(run_id, "\u2014" * 1000, "me")
    monkeypatch.setattr(listing, "ANSWER_BYTES", 15_000)

    assert pages(lists) == [months[:2], months[2:4], months[4:6], months[6:]]


def test_so_does_a_page_of_an_asset_s_runs(clip: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [make(clip)]
    asset = store.read_runs(runs)[0].asset_id
    for _ in range(4):
        close.cancel(runs[-1], "\u2014" * 1000, "me")
        runs.append(make({"AssetId": asset}))
    close.cancel(runs[-1], "\u2014" * 1000, "me")
    monkeypatch.setattr(listing, "ANSWER_BYTES", 15_000)
    newest = runs[::-1]

    assert pages(lambda position: listing.by_asset(asset, 50, position)) == [newest[:2], newest[2:4], newest[4:]]


def pages(lists: Callable[[Position], listing.Listed]) -> list[list[str]]:
    found: list[list[str]] = []
    position: Position = None
    while True:
        shown, position = listing.summaries(lists(position))
        found.append([entry["Id"] for entry in shown])
        assert len(compact(shown)) <= listing.ANSWER_BYTES + 100
        if position is None:
            return found


def test_a_page_of_documents_reads_no_objects_of_runs_that_it_does_not_show(
    clip: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        make(clip, Configuration={"first": {"a": {"Text": "x" * 40_000}}})
    monkeypatch.setattr(listing, "ANSWER_BYTES", 100_000)
    read, get_text = [], objects.get_text

    def noted(key: str) -> str:
        read.append(key.split("/")[2])
        return get_text(key)

    monkeypatch.setattr(objects, "get_text", noted)

    found, position = listing.documents(listing.by_time(50, None))

    assert position is not None
    assert len(set(read)) == len(found) + 1 < 4


def test_stages_of_many_runs_are_read_in_groups(clip: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [store.read_runs([make(clip)])[0] for _ in range(5)]
    monkeypatch.setattr(dynamodb, "MOST_KEYS", 2)

    found = list(store.read_stages(runs))

    assert [(run.id, list(stages)) for run, stages in found] == [(run.id, [0]) for run in runs]


def test_a_large_input_is_not_repeated_by_every_output(clip: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.executions import complete
    from tests.chalicelib.executions.world import OK, completion

    run_id = make(clip)
    complete.complete_stage(completion(run_id, 0, OK, OK))

    def outputs() -> list[dict[str, Any]]:
        found, _ = listing.documents(listing.by_time(1, None))
        made: list[dict[str, Any]] = found[0]["Workflow"]["Stages"]["first"]["Outputs"]
        return made

    assert all(output["Input"]["Media"] == clip["Media"] for output in outputs())
    monkeypatch.setattr(document, "ECHOED_CHARACTERS", 100)
    assert all("Input" not in output for output in outputs())
