"""Batches that outlast their first runs: markers expire with their runs, the counters and what is expected stay."""

from __future__ import annotations

from typing import Any

from chalicelib.aws import transaction
from chalicelib.batches import create, retrying, store
from chalicelib.batches.batch import BatchStatus
from chalicelib.executions import close
from chalicelib.executions import store as runs
from chalicelib.executions.statuses import Status
from tests.chalicelib.batches.conftest import Machine, clip, read, run_ids, tell

Items = list[dict[str, Any]]


def finish(*ids: str) -> None:
    for run_id in ids:
        close.cancel(run_id, None, "me")
    tell(*ids)


def expire(batch_id: str, *ids: str) -> None:
    """DynamoDB removes runs and their markers, as it does some time after they have expired."""
    for run_id in ids:
        keys = store.member_key(batch_id, run_id), {"Id": run_id, "Part": runs.EXECUTION}
        transaction.commit([transaction.delete(runs.table(), key) for key in keys])


def test_a_retry_after_the_first_runs_have_expired_waits_for_the_one_that_it_retries(
    machine: Machine, clips: Items
) -> None:
    batch_id = create.create({"Name": "flow", "Inputs": clips}, "me").id
    machine.run()
    *early, late = run_ids(batch_id)
    finish(*early, late)
    assert read(batch_id).status is BatchStatus.COMPLETE
    expire(batch_id, *early)

    retrying.retry_batch(batch_id, None)
    machine.run()

    assert (read(batch_id).status, read(batch_id).expected) == (BatchStatus.RUNNING, 5)
    finish(late)
    assert read(batch_id).status is BatchStatus.COMPLETE
    assert read(batch_id).runs == {Status.CANCELED: 5}


def test_runs_that_expire_while_others_are_still_submitted_stay_expected(machine: Machine) -> None:
    def first_have_expired(event: dict[str, Any]) -> None:
        if event["Step"] == "submit" and event["Chunk"]["Line"] > 1:
            early = run_ids(event["Batch"])
            finish(*early)
            expire(event["Batch"], *early)

    machine.before_chunk = first_have_expired
    batch_id = create.create({"Name": "flow", "Inputs": [clip(number) for number in range(110)]}, "me").id
    machine.run()

    assert (read(batch_id).status, read(batch_id).expected) == (BatchStatus.RUNNING, 110)
    finish(*run_ids(batch_id))
    assert read(batch_id).status is BatchStatus.COMPLETE
