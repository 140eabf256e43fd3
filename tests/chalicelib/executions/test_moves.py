"""Runs through their moves on the tables: who holds slots, what late answers do, what a crash leaves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.assets import store as assets
from chalicelib.aws import clock, dynamodb, transaction
from chalicelib.definitions.revision import Revision
from chalicelib.definitions.stage_input import BranchOutput
from chalicelib.executions import admit, close, complete, media, moves, pools, queue, removal, store, submit
from chalicelib.executions.errors import (
    EndedExecutionError,
    LiveExecutionError,
    RunClosed,
    RunMoved,
    StageFailed,
    UnknownExecutionError,
)
from chalicelib.executions.parking import Candidate
from chalicelib.executions.statuses import Status
from chalicelib.web.errors import BadRequestError, ConflictError
from tests.chalicelib.executions.conftest import StepFunctions
from tests.chalicelib.executions.world import ENTERED, FAILED, OK, cap, completion, everything, make, run_of

pytestmark = pytest.mark.usefixtures("aws", "flow")


# -- the healthy path ------------------------------------------------------------------------------------------


def test_a_run_is_admitted_at_once_while_there_are_slots(clip: dict[str, Any], sfn: StepFunctions) -> None:
    run_id = make(clip)

    run = run_of(run_id)
    assert run.status is Status.STARTED
    assert len(run.slots) == 1
    assert json.loads(sfn.started[f"{run_id}-1"])["Plan"]["o1"]["Event"]["WorkflowExecutionId"] == run_id


def test_a_run_goes_through_its_stages_and_gives_everything_back(clip: dict[str, Any], sfn: StepFunctions) -> None:
    run_id = make(clip)

    following = complete.complete_stage(completion(run_id, 0, OK, OK))
    end = complete.complete_stage(completion(run_id, 1, OK))

    run = run_of(run_id)
    assert following["Plan"]["o1"]["Event"]["Name"] == "c"
    assert end == {}
    assert (run.status, run.slots, run.ended) == (Status.COMPLETE, (), ENTERED)
    assert pools.read("global").holders == ()
    assert queue.heads(10) == []
    asset = assets.get_asset(run.asset_id)
    assert asset is not None
    assert asset.active_run is None


def test_stage_completion_called_again_answers_the_same_and_changes_nothing(
    clip: dict[str, Any], sfn: StepFunctions
) -> None:
    run_id = make(clip)
    first = complete.complete_stage(completion(run_id, 0, OK, OK))
    before = everything()

    assert complete.complete_stage(completion(run_id, 0, FAILED, OK)) == first
    assert everything() == before

    complete.complete_stage(completion(run_id, 1, OK))
    before = everything()
    assert complete.complete_stage(completion(run_id, 1, FAILED)) == {}
    assert everything() == before


def test_a_failed_operation_closes_the_run_and_keeps_its_siblings(clip: dict[str, Any], sfn: StepFunctions) -> None:
    run_id = make(clip)

    with pytest.raises(StageFailed, match="operation a failed: ValueError: no"):
        complete.complete_stage(completion(run_id, 0, FAILED, OK))
    with pytest.raises(StageFailed):
        complete.complete_stage(completion(run_id, 0, OK, OK))

    stored = store.read_whole(run_id)
    assert stored is not None
    assert stored.run.status is Status.ERROR
    outputs = json.loads(stored.stages[0].outputs or "")
    assert [output["Status"] for output in outputs] == ["Error", "Complete"]
    assert pools.read("global").holders == ()


def test_metadata_beyond_what_travels_ends_the_run_naming_it(clip: dict[str, Any], sfn: StepFunctions) -> None:
    run_id = make(clip)
    large: BranchOutput = {"Do": "run", "Kept": {"Status": "Complete", "MetaData": {"words": "x" * 190_000}}}

    with pytest.raises(StageFailed, match=r"Stage second can't begin.*'words'"):
        complete.complete_stage(completion(run_id, 0, large, OK))

    stored = store.read_whole(run_id)
    assert stored is not None
    assert json.loads(stored.stages[0].outputs or "")[0]["MetaData"] == {"words": "x" * 190_000}


# -- the cap and the queue -------------------------------------------------------------------------------------


def test_runs_beyond_the_cap_wait_and_get_the_slot_of_the_next_that_ends(
    clip: dict[str, Any], sfn: StepFunctions
) -> None:
    cap(1)
    first, second, third = make(clip), make(clip), make(clip)
    assert [run_of(run).status for run in (first, second, third)] == ["Started", "Queued", "Queued"]

    complete.complete_stage(completion(first, 0, OK, OK))
    complete.complete_stage(completion(first, 1, OK))

    assert [run_of(run).status for run in (first, second, third)] == ["Complete", "Started", "Queued"]
    assert list(sfn.started) == [f"{first}-1", f"{second}-1"]


def test_a_lowered_cap_takes_no_new_slots_above_it(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "pick", min)
    low, *high = [make(clip) for _ in range(3)]
    cap(1)
    waiting = make(clip)

    for run_id in high:
        close.cancel(run_id, None, "me")
        admit.admit_waiting()
    assert run_of(waiting).status is Status.QUEUED

    close.cancel(low, None, "me")
    admit.admit_waiting()
    assert run_of(waiting).status is Status.STARTED
    assert [holder.slot.number for holder in pools.read("global").holders] == [1]


def test_a_slot_taken_meanwhile_is_not_taken_twice(clip: dict[str, Any], sfn: StepFunctions) -> None:
    cap(1)
    holder = make(clip)
    waiting = make(clip)
    entry = queue.heads(1)[0]

    admit._admit(Candidate(entry, {}), [1], {})

    assert run_of(waiting).status is Status.QUEUED
    assert [held.run_id for held in pools.read("global").holders] == [holder]


# -- ends from outside -----------------------------------------------------------------------------------------


def test_a_canceled_run_gives_everything_back_and_its_machine_is_stopped(
    clip: dict[str, Any], sfn: StepFunctions
) -> None:
    run_id = make(clip)

    run = close.cancel(run_id, "wrong file", "me")

    assert (run.status, run.message, run.ended_by, run.slots) == (Status.CANCELED, "Canceled: wrong file", "me", ())
    assert sfn.stopped == [f"{run_id}-1"]
    assert pools.read("global").holders == ()
    assert queue.stopping() == []
    assert close.cancel(run_id, "again", "you").ended_by == "me"


def test_a_queued_run_is_canceled_without_ever_starting(clip: dict[str, Any], sfn: StepFunctions) -> None:
    cap(1)
    make(clip)
    waiting = make(clip)

    close.cancel(waiting, None, "me")

    assert queue.heads(5) == []
    assert f"{waiting}-1" not in sfn.started
    assert sfn.stopped == []


def test_late_answers_of_a_canceled_run_change_nothing(clip: dict[str, Any], sfn: StepFunctions) -> None:
    run_id = make(clip)
    close.cancel(run_id, None, "me")
    before = everything()

    with pytest.raises(RunClosed):
        complete.complete_stage(completion(run_id, 0, OK, OK))
    assert close.ended_outside(run_id, 1, "ABORTED") is None
    assert everything() == before


def test_an_answer_of_another_attempt_is_refused(clip: dict[str, Any], sfn: StepFunctions) -> None:
    run_id = make(clip)

    with pytest.raises(RunClosed):
        complete.complete_stage(completion(run_id, 0, OK, OK, attempt=2))
    assert close.ended_outside(run_id, 2, "FAILED") is None
    assert run_of(run_id).status is Status.STARTED


def test_canceling_what_ended_otherwise_or_never_was_is_refused(clip: dict[str, Any], sfn: StepFunctions) -> None:
    run_id = make(clip)
    with pytest.raises(StageFailed):
        complete.complete_stage(completion(run_id, 0, FAILED, OK))

    with pytest.raises(EndedExecutionError, match="has ended with status Error"):
        close.cancel(run_id, None, "me")
    with pytest.raises(UnknownExecutionError):
        close.cancel("nobody", None, "me")


def test_outputs_that_never_reached_completion_are_saved_from_the_history(
    clip: dict[str, Any], sfn: StepFunctions
) -> None:
    run_id = make(clip)
    done = {"name": "S1 O2 b run", "output": json.dumps({**OK, "Kept": {"Status": "Complete", "MetaData": {"n": 1}}})}
    sfn.events = [{"type": "ParallelStateExited"}, {"type": "TaskStateExited", "stateExitedEventDetails": done}]

    assert close.ended_outside(run_id, 1, "State machine execution ended as FAILED: States.DataLimitExceeded")

    stored = store.read_whole(run_id)
    assert stored is not None
    outputs = json.loads(stored.stages[0].outputs or "")
    assert [(output["Name"], output["MetaData"]) for output in outputs] == [("b", {"n": 1})]
    assert stored.run.status is Status.ERROR
    assert "DataLimitExceeded" in (stored.run.message or "")


# -- one asset, one run ----------------------------------------------------------------------------------------


def test_an_asset_with_an_active_run_is_busy(clip: dict[str, Any], sfn: StepFunctions) -> None:
    run_id = make(clip)
    known = {"AssetId": run_of(run_id).asset_id}
    before = everything()

    with pytest.raises(ConflictError):
        make(known)
    assert everything() == before

    close.cancel(run_id, None, "me")
    assert run_of(make(known)).status is Status.STARTED


# -- refusals write nothing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"Name": "nowhere"},
        {"Stage": "first", "Name": "flow"},
        {"Name": "flow", "Configuration": {"x": {}}},
        {"Name": "flow", "Input": {"Media": {"Video": {"S3Bucket": "test-data", "S3Key": "nothing"}}}},
        {"Name": "flow", "Input": {"Media": {"Video": {"S3Bucket": "no.such_Bucket%", "S3Key": "x"}}}},
        {"Name": "flow", "Input": {"AssetId": "nobody"}},
        {"Name": "flow", "Input": {}},
    ],
)
def test_a_refused_run_leaves_nothing(body: dict[str, Any], clip: dict[str, Any], sfn: StepFunctions) -> None:
    with pytest.raises(BadRequestError):
        submit.submit({"Input": clip, **body})

    assert everything() == []
    assert dynamodb.client("dynamodb").scan(TableName="Assets")["Items"] == []


def test_a_dry_run_answers_the_run_and_writes_nothing(clip: dict[str, Any], sfn: StepFunctions) -> None:
    document = submit.submit({"Name": "flow", "Input": clip}, dry_run=True)

    assert document["Status"] == "Queued"
    assert everything() == []


# -- moves that meet -------------------------------------------------------------------------------------------------


def test_a_cancel_that_read_before_a_stage_ended_keeps_that_stages_outputs(
    clip: dict[str, Any], sfn: StepFunctions
) -> None:
    run_id = make(clip)
    read_before = run_of(run_id)
    complete.complete_stage(completion(run_id, 0, OK, OK))

    with pytest.raises(RunMoved):
        transaction.commit(moves.cancel(read_before, None, moves.End(clock.now()), "Canceled", "me"))
    close.cancel(run_id, None, "me")

    stored = store.read_whole(run_id)
    assert stored is not None
    assert stored.stages[0].status == "Complete"
    assert len(json.loads(stored.stages[0].outputs or "")) == 2


def test_a_refused_move_does_not_touch_the_winners_large_outputs(clip: dict[str, Any], sfn: StepFunctions) -> None:
    run_id = make(clip)
    read_before = run_of(run_id)
    large: BranchOutput = {"Do": "run", "Kept": {"Status": "Error", "MetaData": {"text": "x" * 40_000}}}
    with pytest.raises(StageFailed):
        complete.complete_stage(completion(run_id, 0, large, OK))

    salvaged = json.dumps([{"Name": "a", "text": "y" * 40_000}])
    with pytest.raises(RunMoved):
        transaction.commit(moves.cancel(read_before, salvaged, moves.End(clock.now()), "Canceled", "me"))

    stored = store.read_whole(run_id)
    assert stored is not None
    assert len(json.loads(stored.stages[0].outputs or "")) == 2


def test_a_refused_run_leaves_no_large_text_in_the_bucket(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = run_of(make(clip)).asset_id
    known = {"AssetId": asset_id}
    lock = assets.lock_for_run(asset_id, "another")
    resolved = media.RunInput(asset_id, {"Media": clip["Media"], "MetaData": {}}, [lock])
    # past the first look at the asset, so that the transaction itself refuses
    monkeypatch.setattr(media, "resolve", lambda *_: resolved)

    with pytest.raises(ConflictError):
        make(known, Configuration={"first": {"a": {"Note": "x" * 40_000}}})

    kept = dynamodb.client("s3").list_objects_v2(Bucket="test-data")["Contents"]
    assert [entry["Key"] for entry in kept] == ["uploads/clip.mp4"]


def test_a_dry_run_on_a_busy_asset_is_refused_too(clip: dict[str, Any], sfn: StepFunctions) -> None:
    known = {"AssetId": run_of(make(clip)).asset_id}

    with pytest.raises(ConflictError, match="active on AssetId"):
        submit.submit({"Name": "flow", "Input": known}, dry_run=True)


def test_one_who_looks_admits_one_and_the_scheduler_all(clip: dict[str, Any], sfn: StepFunctions) -> None:
    cap(1)
    make(clip)
    waiting = [make(clip) for _ in range(5)]
    cap(6)

    admit.look()
    assert [run_of(run).status for run in waiting].count(Status.STARTED) == 1

    assert admit.admit_waiting()
    assert [run_of(run).status for run in waiting].count(Status.STARTED) == 5


# -- deleting --------------------------------------------------------------------------------------------------


def test_a_run_is_deleted_once_it_has_ended(clip: dict[str, Any], sfn: StepFunctions, flow: Revision) -> None:
    run_id = make(clip, Configuration={"first": {"a": {"Note": "x" * 40_000}}})
    with pytest.raises(LiveExecutionError):
        removal.delete(run_id)
    close.cancel(run_id, None, "me")

    assert removal.delete(run_id)["Status"] == "Canceled"

    assert everything() == []
    kept = dynamodb.client("s3").list_objects_v2(Bucket="test-data")["Contents"]
    assert [entry["Key"] for entry in kept] == ["uploads/clip.mp4"]
    with pytest.raises(UnknownExecutionError):
        removal.delete(run_id)
