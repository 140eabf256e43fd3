"""What stands in the queue: what it waits for, what a lowered cap lets pass, and what nobody waits for."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws import transaction
from chalicelib.executions import admit, close, entrances, moves, pools, queue, standing, store
from chalicelib.executions.run import Fence
from chalicelib.executions.statuses import Status
from tests.chalicelib.api import Api, serve
from tests.chalicelib.executions.conftest import StepFunctions
from tests.chalicelib.executions.world import cap, inconsistencies, make, run_of, statuses

pytestmark = pytest.mark.usefixtures("aws", "flow")


@pytest.fixture
def api(aws: None) -> Api:
    return serve()


# -- what it waits for ---------------------------------------------------------------------------------------------


def test_a_queued_run_waits_for_a_slot_of_all_runs(clip: dict[str, Any], sfn: StepFunctions, api: Api) -> None:
    cap(1)
    started, queued = make(clip), make(clip)

    answer = api("GET", f"/workflow/execution/{queued}").body
    assert answer["WaitsFor"] == {"Pool": "global", "Used": 1, "Max": 1}
    assert "WaitsFor" not in api("GET", f"/workflow/execution/{started}").body


@pytest.mark.usefixtures("capped")
def test_a_parked_run_waits_for_a_slot_of_its_operation(clip: dict[str, Any], sfn: StepFunctions) -> None:
    first, second = make(clip, "of-a"), make(clip, "of-a")

    assert statuses(first, second) == ["Started", "Queued"]
    assert standing.waits_for(run_of(second)) == {"Pool": "operation:a", "Used": 1, "Max": 1}
    close.cancel(second, None, "me")
    assert standing.waits_for(run_of(second)) is None


# -- a lowered cap -------------------------------------------------------------------------------------------------


def test_those_above_a_lowered_cap_count_until_they_have_ended(clip: dict[str, Any], sfn: StepFunctions) -> None:
    """A cap lowered from 5 to 2 beside three runs with the numbers 3 to 5 let two more begin."""
    cap(5)
    runs = {run_of(run_id).slots[0].number: run_id for run_id in (make(clip) for _ in range(5))}
    cap(2)
    waiting = [make(clip) for _ in range(2)]

    for left, number in ((4, 1), (3, 2), (2, 3)):
        close.cancel(runs[number], None, "me")
        admit.admit_waiting()
        assert len(pools.read("global").holders) == left
        assert statuses(*waiting) == ["Queued", "Queued"]

    close.cancel(runs[4], None, "me")
    admit.admit_waiting()
    assert statuses(*waiting) == ["Started", "Queued"]
    assert len(pools.read("global").holders) == 2
    assert inconsistencies() == []


# -- items without a run ---------------------------------------------------------------------------------------------


def orphan(created: str, priority: int = 0) -> queue.QueueEntry:
    gone = "0e6d2c51-3d5c-4ad0-9d0a-6a1b2c3d4e5f"
    entry = queue.QueueEntry(Fence(gone, 1, created), "arn:m", f"{priority}#{created}#{gone}")
    transaction.commit([queue.put(entry)])
    return entry


def test_an_item_without_a_run_holds_nobody_up(clip: dict[str, Any], sfn: StepFunctions) -> None:
    """The scheduler failed again and again over it until the sweep took it away."""
    cap(1)
    holder, waiting = make(clip), make(clip)
    orphan(run_of(holder).created)
    close.cancel(holder, None, "me")

    assert entrances.scheduler({"Records": []}) == {"batchItemFailures": []}

    assert run_of(waiting).status is Status.STARTED
    assert queue.heads(10) == []


def test_an_item_alone_without_a_run_is_taken_away(sfn: StepFunctions) -> None:
    orphan("2026-11-21T00:00:00.000000Z")

    entrances.scheduler({"Records": []})

    assert queue.heads(10) == []


def test_an_item_of_a_run_that_has_begun_is_taken_away(clip: dict[str, Any], sfn: StepFunctions) -> None:
    run_id = make(clip)
    transaction.commit([queue.put(queue.entry_of(run_of(run_id)))])

    entrances.scheduler({"Records": []})

    assert queue.heads(10) == []
    assert run_of(run_id).status is Status.STARTED
    assert len(pools.read("global").holders) == 1


def test_competitors_who_take_every_slot_take_no_item_away(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    cap(1)
    holder, waiting = make(clip), make(clip)
    monkeypatch.setattr(moves, "admit", lambda *_: [store.demand(Fence("nobody", 1, ""), (Status.QUEUED,))])
    close.cancel(holder, None, "me")

    with pytest.raises(transaction.StillContended):
        entrances.scheduler({"Records": []})

    assert [entry.fence.run_id for entry in queue.heads(10)] == [waiting]
