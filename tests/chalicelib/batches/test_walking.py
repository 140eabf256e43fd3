"""Walks over the runs of batches: they go on where they stopped, and keep to the time that the sweep has for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws import clock, objects, transaction
from chalicelib.batches import bucket, continuing, create, ending, entrances, forgetting, retrying, store
from chalicelib.batches.batch import Batch
from chalicelib.executions import close, retention
from chalicelib.executions import store as runs
from chalicelib.executions.statuses import Status
from chalicelib.executions.submit import submit
from tests.chalicelib.batches.conftest import Machine, clip, missing, read, run_ids, tell

Items = list[dict[str, Any]]


class Time:
    """The time of day, which stands still but for what the work takes."""

    def __init__(self) -> None:
        self.seconds = clock.seconds()

    def costs(self, work: Callable[..., Any], seconds: float) -> Callable[..., Any]:
        """The work, which takes so long."""

        def slow(*arguments: Any) -> Any:
            self.seconds += seconds
            return work(*arguments)

        return slow


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    passing = Time()
    monkeypatch.setattr(clock, "time_source", lambda: passing.seconds)
    return passing


@pytest.fixture
def visited(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs that walks came to, in their order."""
    seen: list[str] = []
    members = store.members

    def noted(*arguments: Any) -> Any:
        page = members(*arguments)
        seen.extend(member.run_id for member in page[0])
        return page

    monkeypatch.setattr(store, "members", noted)
    return seen


def make(machine: Machine, items: Items) -> str:
    batch_id = create.create({"Name": "flow", "Inputs": items}, "me").id
    machine.run()
    return batch_id


def broken_off(machine: Machine, batch_id: str) -> None:
    """A batch is canceled, and the machine that was to cancel its runs breaks off at once."""
    ending.cancel(batch_id, None, "me")
    machine.ended[f"{batch_id}-close-0"] = {"status": "FAILED"}


def sweep(time: Time) -> float:
    """A sweep five minutes later; how long it took."""
    time.seconds += 300
    began = time.seconds
    continuing.continue_batches()
    return time.seconds - began


def still_open(*batch_ids: str) -> int:
    found = [run_id for batch_id in batch_ids for run_id in run_ids(batch_id)]
    return sum(run.status is not Status.CANCELED for run in runs.read_runs(found, consistent=True))


def test_a_sweep_has_one_deadline_for_all_batches_and_the_next_goes_on_where_it_stopped(
    machine: Machine, clips: Items, time: Time, monkeypatch: pytest.MonkeyPatch, visited: list[str]
) -> None:
    batches = [make(machine, clips) for _ in range(3)]
    ids = [run_id for batch_id in batches for run_id in run_ids(batch_id)]
    for batch_id in batches:
        broken_off(machine, batch_id)
    monkeypatch.setattr(ending, "PAGE", 1)
    monkeypatch.setattr(close, "cancel", time.costs(close.cancel, 15))
    visited.clear()

    passes = [sweep(time) for _ in range(3)]
    # three runs of 15 s, until 40 s are over; each batch has its turn, though the first alone would take all the time
    assert [still_open(batch_id) for batch_id in batches] == [2, 2, 2]
    del visited[9:]
    passes += [sweep(time) for _ in range(4)]

    assert max(passes) == 45
    assert sorted(visited) == sorted(ids)
    assert still_open(*batches) == 0
    assert store.noted(None, 10) == []


def test_a_batch_that_kills_the_sweep_keeps_no_other_from_its_turn(
    machine: Machine, clips: Items, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make(machine, clips), make(machine, clips)
    for batch_id in (first, second):
        broken_off(machine, batch_id)
    cancel = ending.close_page

    def kills(batch_id: str) -> bool:
        if batch_id == first:
            raise SystemExit
        return cancel(batch_id)

    monkeypatch.setattr(ending, "close_page", kills)
    time.seconds += 300
    for _ in range(2):
        try:
            continuing.continue_batches(limit=1)
        except SystemExit:
            continue

    assert still_open(second) == 0


@pytest.mark.parametrize("work", ["close", "retry"])
def test_while_the_machine_walks_the_sweep_doesnt(
    machine: Machine, clips: Items, time: Time, visited: list[str], work: str
) -> None:
    batch_id = make(machine, clips)
    if work == "retry":
        broken_off(machine, batch_id)
        sweep(time)
        retrying.retry_batch(batch_id, None)
    else:
        ending.cancel(batch_id, None, "me")
    visited.clear()

    sweep(time)

    assert visited == []


def test_the_machines_task_walks_for_a_minute_and_the_sweep_goes_on_after_it(
    machine: Machine, time: Time, monkeypatch: pytest.MonkeyPatch, visited: list[str]
) -> None:
    """So the 25,000 events of one execution last for any batch, and one that breaks off loses nothing."""
    batch_id = make(machine, [clip(number) for number in range(12)])
    ids = run_ids(batch_id)
    ending.cancel(batch_id, None, "me")
    monkeypatch.setattr(ending, "PAGE", 2)
    monkeypatch.setattr(close, "cancel", time.costs(close.cancel, 10))
    visited.clear()

    answer = entrances.batch_items({"Step": "close", "Batch": batch_id, "Round": 0})
    assert answer == {"Step": "close", "Batch": batch_id, "Round": 0, "More": True}
    assert visited == ids[:6]
    machine.ended[f"{batch_id}-close-0"] = {"status": "FAILED"}
    sweep(time)
    sweep(time)

    assert visited == ids
    assert (still_open(batch_id), read(batch_id).walked_to, read(batch_id).closing) == (0, None, None)


def test_a_walk_that_was_overtaken_does_not_carry_the_next_one_past_its_runs(
    machine: Machine, clips: Items, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = make(machine, clips)
    ending.cancel(batch_id, None, "me")
    monkeypatch.setattr(ending, "PAGE", 2)
    move = ending.markers.move

    def overtaken(*arguments: Any) -> None:
        """The rest of the walk is done by another one, and a round of retries begins, while this page is slow."""
        monkeypatch.setattr(ending.markers, "move", move)
        move(*arguments)
        while ending.close_page(batch_id):
            pass
        retrying.retry_batch(batch_id, None)

    monkeypatch.setattr(ending.markers, "move", overtaken)
    assert ending.close_page(batch_id)
    machine.run()

    assert {run.attempt for run in runs.read_runs(run_ids(batch_id), consistent=True)} == {2}


def test_a_retry_that_broke_off_goes_on_where_it_stopped(
    machine: Machine, clips: Items, time: Time, monkeypatch: pytest.MonkeyPatch, visited: list[str]
) -> None:
    batch_id = make(machine, clips)
    ids = run_ids(batch_id)
    for run_id in ids:
        close.cancel(run_id, None, "me")
    tell(*ids)
    retrying.retry_batch(batch_id, None)
    monkeypatch.setattr(retrying, "_PAGE", 2)
    machine.ended[f"{batch_id}-retry-1"] = {"status": "FAILED"}
    visited.clear()
    assert retrying.retry_page(batch_id, 1)

    sweep(time)

    assert visited == ids
    assert read(batch_id).retrying is None
    assert {run.attempt for run in runs.read_runs(ids, consistent=True)} == {2}


def test_a_straggler_behind_a_long_walk_is_canceled_by_another_walk(
    machine: Machine, clips: Items, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A walk that began while runs could still come isn't the last one, however late it ends."""
    batch = create.create({"Name": "flow", "Inputs": clips}, "me")
    ending.cancel(batch.id, None, "me")
    time.seconds += ending.STRAGGLERS_SECONDS - 1
    members = store.members

    def slow(*arguments: Any) -> Any:
        page = members(*arguments)
        time.seconds += 10
        return page

    with monkeypatch.context() as patch:
        patch.setattr(store, "members", slow)
        assert not ending.close_page(batch.id)
    assert read(batch.id).closing is not None

    assert not ending.close_page(batch.id)
    assert read(batch.id).closing is None


def test_who_waits_for_a_slot_gets_that_of_a_canceled_run(machine: Machine, clips: Items) -> None:
    head = {"Id": "pool#global", "Part": "pool", "Max": 1}
    transaction.commit([transaction.put(runs.table(), head)])
    batch_id = make(machine, clips[:1])
    waiting = submit({"Name": "flow", **clips[1]})["Id"]
    assert runs.read_runs([waiting], consistent=True)[0].status is Status.QUEUED

    ending.cancel(batch_id, None, "me")
    machine.run()

    assert runs.read_runs([waiting], consistent=True)[0].status is Status.STARTED


# -- what is left of a batch whose time is over --------------------------------------------------------------------


@pytest.fixture
def kept_for_a_day(aws: None) -> Any:
    retention.forget()
    setting = {"Kind": "configuration", "Name": "RetentionDays", "Text": '{"Value": 1}'}
    transaction.commit([transaction.put(store.system(), setting)])
    yield
    retention.forget()


def held(batch: Batch) -> list[str]:
    return [key for key, _ in objects.versions(bucket.prefix(batch.id))]


def finish(*ids: str) -> None:
    for run_id in ids:
        assert close.ended_outside(run_id, runs.read_runs([run_id], consistent=True)[0].attempt, "it failed")
    tell(*ids)


@pytest.mark.usefixtures("kept_for_a_day")
@pytest.mark.parametrize("how", ["complete", "canceled", "rejected"])
def test_the_objects_of_a_batch_go_when_its_time_is_over(
    machine: Machine, clips: Items, time: Time, how: str
) -> None:
    batch = read(make(machine, [missing(1)] if how == "rejected" else clips))
    other = read(make(machine, [clip(7)]))
    if how == "complete":
        finish(*run_ids(batch.id))
    elif how == "canceled":
        ending.cancel(batch.id, None, "me")
    assert held(batch)

    time.seconds += 86_399
    assert forgetting.forget_expired() == 0
    assert held(batch)
    time.seconds += 1
    entrances.sweeping()

    assert held(batch) == []
    assert held(other)
    assert list(store.expired(int(time.seconds), 10)) == []


@pytest.mark.usefixtures("kept_for_a_day")
def test_a_batch_that_is_taken_up_again_keeps_its_objects_until_its_next_end(
    machine: Machine, clips: Items, time: Time
) -> None:
    batch = read(make(machine, clips[:1]))
    finish(*run_ids(batch.id))
    time.seconds += 3600
    retrying.retry_batch(batch.id, None)
    machine.run()

    time.seconds += 86_400
    assert forgetting.forget_expired() == 0
    assert held(batch)
    finish(*run_ids(batch.id))
    time.seconds += 86_400
    assert forgetting.forget_expired() == 1
    assert held(batch) == []


@pytest.mark.usefixtures("kept_for_a_day")
def test_a_deletion_that_fails_or_takes_too_long_goes_on_with_the_next_sweep(
    machine: Machine, clips: Items, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = [read(make(machine, clips[:1])) for _ in range(2)]
    for batch in batches:
        finish(*run_ids(batch.id))
    time.seconds += 86_400

    def refused(_entries: Any) -> None:
        raise objects.DeletionIncomplete("SlowDown")

    with monkeypatch.context() as patch:
        patch.setattr(objects, "delete_versions", refused)
        with pytest.raises(objects.DeletionIncomplete):
            entrances.sweeping()
    monkeypatch.setattr(objects, "delete_versions", time.costs(objects.delete_versions, 30))
    assert [forgetting.forget_expired() for _ in range(5)][-1] == 0

    assert [held(batch) for batch in batches] == [[], []]
