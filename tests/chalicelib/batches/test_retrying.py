"""Retries of batches that broke off before a run was made of every item: they go on where they broke off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws import clock, stepfunctions
from chalicelib.aws.clients import client
from chalicelib.batches import continuing, create, ending, entrances, items, retrying, store
from chalicelib.batches.batch import BatchStatus
from chalicelib.batches.document import batch_document
from chalicelib.executions import close
from chalicelib.executions import store as runs
from chalicelib.executions.run import Run
from chalicelib.web import idempotency
from chalicelib.web.documents import stored_document
from tests.chalicelib.batches.conftest import Machine, clip, missing, read, run_ids, tell

Items = list[dict[str, Any]]
Task = dict[str, Any]
LINES = 150
"""Two chunks, of which the first is submitted before the batch breaks off."""


def at_second_chunk(does: Callable[[str], Any], step: str = "submit") -> Callable[[Task], None]:
    """What happens as the first of the lines after the hundredth are to be submitted for the first time."""

    def before_chunk(task: Task) -> None:
        if (task["Step"], task["Round"]) == (step, 0) and task["Chunk"]["Line"] > 1:
            does(task["Batch"])

    return before_chunk


def cancel(batch_id: str) -> None:
    ending.cancel(batch_id, None, "me")


def fail(batch_id: str) -> None:
    """More of a batch's runs fail than it tolerates."""
    failed = [run for run in runs_of(batch_id) if run.started is not None][:20]
    for run in failed:
        assert close.ended_outside(run.id, run.attempt, "it failed")
    tell(*(run.id for run in failed))


def runs_of(batch_id: str) -> list[Run]:
    return runs.read_runs(run_ids(batch_id), consistent=True)


def broken_off(machine: Machine, does: Callable[[str], Any] = cancel, **body: Any) -> str:
    """A batch of 150 lines that breaks off after the first hundred."""
    machine.before_chunk = at_second_chunk(does)
    inputs = [clip(number % 5) for number in range(LINES)]
    batch_id = create.create({"Name": "flow", "Inputs": inputs, **body}, "me").id
    machine.run()
    assert len(run_ids(batch_id)) == 100
    return batch_id


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    moment = clock.iso(clock.epoch(clock.now()) + seconds)
    monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.mark.parametrize(("does", "status"), [(cancel, BatchStatus.CANCELED), (fail, BatchStatus.FAILED)])
def test_the_lines_that_were_not_submitted_are_and_the_others_run_again(
    machine: Machine, does: Callable[[str], Any], status: BatchStatus
) -> None:
    batch_id = broken_off(machine, does, ToleratedFailurePercentage=2)
    assert read(batch_id).status is status

    assert retrying.retry_batch(batch_id, None).status is BatchStatus.SUBMITTING
    machine.run()

    batch = read(batch_id)
    assert (batch.status, batch.expected, batch.round) == (BatchStatus.RUNNING, LINES, 1)
    assert sorted(run.attempt for run in runs_of(batch_id)) == [1] * 50 + [2] * 100
    lines = [member.place["Line"] for member in store.members(batch_id, 1000, None)[0]]
    assert sorted(lines) == list(range(1, LINES + 1))
    for run_id in run_ids(batch_id):
        close.cancel(run_id, None, "me")
    tell(*run_ids(batch_id))
    counts = batch_document(read(batch_id))["Counts"]
    assert read(batch_id).status is BatchStatus.COMPLETE
    assert {name: number for name, number in counts.items() if number} == {
        "Total": LINES,
        "Submitted": LINES,
        "Canceled": LINES,
    }


def test_a_batch_that_was_canceled_before_a_line_was_checked_is_checked_and_submitted(machine: Machine) -> None:
    batch_id = create.create({"Name": "flow", "Inputs": [clip(1), missing(2)], "OnBadLine": "skip"}, "me").id
    cancel(batch_id)
    machine.run()

    assert retrying.retry_batch(batch_id, None).status is BatchStatus.CHECKING
    machine.run()

    batch = read(batch_id)
    assert (batch.status, batch.total, batch.refused, batch.expected) == (BatchStatus.RUNNING, 2, 1, 1)


def test_a_batch_may_break_off_in_every_round(machine: Machine) -> None:
    batch_id = broken_off(machine)
    retrying.retry_batch(batch_id, None)
    cancel(batch_id)
    machine.run()

    retrying.retry_batch(batch_id, None)
    machine.run()

    assert machine.stopped == [batch_id, f"{batch_id}-plan-1"]
    assert (read(batch_id).status, len(run_ids(batch_id))) == (BatchStatus.RUNNING, LINES)


def test_a_retrys_configuration_is_also_that_of_the_runs_which_it_makes(machine: Machine) -> None:
    batch_id = broken_off(machine, Configuration={"first": {"a": {"Level": 1, "Deep": True}}})

    retrying.retry_batch(batch_id, {"first": {"a": {"Level": 2}}})
    machine.run()

    found = [stored_document(part.override or "") for part in map(first_stage, run_ids(batch_id))]
    assert found == [{"first": {"a": {"Level": 2, "Deep": True}}}] * LINES


def first_stage(run_id: str) -> Any:
    stored = runs.read_whole(run_id)
    assert stored is not None
    return stored.stages[0]


def test_objects_that_arrived_meanwhile_are_not_counted_twice(machine: Machine) -> None:
    for number in range(4):
        clip(number)
    prefix = {"S3Bucket": "test-data", "S3Prefix": "uploads/"}
    machine.before_chunk = lambda task: (
        cancel(task["BatchInput"]["Batch"]) if is_second_page_submitted(task) else None
    )
    batch_id = create.create({"Name": "flow", "Prefix": prefix}, "me").id
    machine.run()
    assert len(run_ids(batch_id)) == 3
    client("s3").put_object(Bucket="test-data", Key="uploads/.first.mp4", Body=b"clip")

    retrying.retry_batch(batch_id, None)
    machine.run()

    batch = read(batch_id)
    assert (batch.status, batch.total, batch.expected) == (BatchStatus.RUNNING, 5, 5)


def is_second_page_submitted(task: Task) -> bool:
    given = task["BatchInput"]
    return (given["Step"], given["Round"]) == ("submit", 0) and task["Items"][0]["Key"] == "uploads/3.mp4"


# -- who dies, and who comes late ------------------------------------------------------------------------------


def unstartable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    start = stepfunctions.start

    def refuse(arn: str, execution: str, text: str) -> None:
        if execution == name:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "StartExecution")
        start(arn, execution, text)

    monkeypatch.setattr(stepfunctions, "start", refuse)


def test_a_submission_whose_start_was_lost_is_begun_by_the_sweep(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = broken_off(machine)
    with monkeypatch.context() as patch:
        unstartable(patch, f"{batch_id}-plan-1")
        retrying.retry_batch(batch_id, None)
        machine.run()
    assert read(batch_id).status is BatchStatus.SUBMITTING

    later(monkeypatch, 61)
    assert continuing.continue_batches() == 1
    machine.run()

    assert (read(batch_id).status, len(run_ids(batch_id))) == (BatchStatus.RUNNING, LINES)


def test_a_walk_that_breaks_off_is_continued_before_the_submission_is(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = broken_off(machine)
    retrying.retry_batch(batch_id, None)
    machine.ended[f"{batch_id}-retry-1"] = {"status": "FAILED"}

    later(monkeypatch, 61)
    assert continuing.continue_batches() == 1
    assert {run.attempt for run in runs_of(batch_id)} == {2}
    machine.run()

    assert (read(batch_id).status, len(run_ids(batch_id))) == (BatchStatus.RUNNING, LINES)


def test_a_repeat_of_the_request_that_made_the_batch_starts_nothing_while_it_is_retried(machine: Machine) -> None:
    body = {"Name": "flow", "Inputs": [clip(1)]}
    claim = idempotency.claim("POST batch", {"idempotency-key": "night-1"}, body)
    batch_id = create.create(body, "me", claim).id
    cancel(batch_id)
    machine.run()
    retrying.retry_batch(batch_id, None)

    assert create.create(body, "me", claim).id == batch_id

    assert f"{batch_id}-plan-1" not in machine.started
    machine.run()
    assert read(batch_id).status is BatchStatus.RUNNING


def test_what_is_left_of_an_earlier_rounds_execution_changes_nothing(machine: Machine) -> None:
    batch_id = broken_off(machine)
    retrying.retry_batch(batch_id, None)
    while entrances.batch_items({"Step": "retry", "Batch": batch_id, "Round": 1})["More"]:
        continue
    chunk = {"Begin": 0, "End": 1, "Line": 1}
    late: list[Task] = [
        {"Step": "plan"},
        {"Step": "submit", "Chunk": chunk},
        {"Step": "decide", "Of": "submit"},
        {"Step": "failed", "Why": {"Error": "States.TaskFailed"}},
    ]
    before = read(batch_id)

    # an execution of before the rounds were told says none
    answers = [entrances.batch_items({"Batch": batch_id, **task}) for task in late]

    assert [answer.get("Kind", "none") for answer in answers] == ["none"] * 4
    assert read(batch_id) == before
    assert list(store.chunks(before, "submit")) == []


def test_a_function_that_is_slow_to_see_its_batch_broken_off_leaves_the_rest_to_the_next_round(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was submitting when the batch broke off, and looks up again once the batch is submitted anew."""
    batch_id = create.create({"Name": "flow", "Inputs": [clip(number) for number in range(5)]}, "me").id
    submit = items.submit

    def overtaken(*arguments: Any, **options: Any) -> Any:
        if options["dry_run"]:
            return submit(*arguments, **options)
        monkeypatch.setattr(items, "submit", submit)
        answer = submit(*arguments, **options)
        cancel(batch_id)
        while ending.close_page(batch_id):
            continue
        tell(*run_ids(batch_id))
        retrying.retry_batch(batch_id, None)
        while retrying.retry_page(batch_id, 1):
            continue
        return answer

    monkeypatch.setattr(items, "submit", overtaken)
    event = {"Step": "plan", "Batch": batch_id, "Round": 0}
    assert event == machine.started[batch_id]
    machine._read(event)

    assert len(run_ids(batch_id)) == 1
    assert list(store.chunks(read(batch_id), "submit")) == []
    machine.ended[batch_id] = {"status": "ABORTED"}
    machine.run()
    assert (read(batch_id).status, len(run_ids(batch_id))) == (BatchStatus.RUNNING, 5)
