"""What a stage's branches hand on becomes outputs, a status, a message and the next globals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.definitions.stage_input import BranchOutput, Globals, StageInput
from chalicelib.executions import rollup
from tests.chalicelib.executions.conftest import operation, stage

GLOBALS: Globals = {"Media": {"Video": {"S3Bucket": "b", "S3Key": "k"}}, "MetaData": {"old": 1}}
GIVEN: StageInput = {"Input": GLOBALS, "Plan": {"o1": {"Do": "run", "TimeoutSeconds": 7}, "o2": {"Do": "run"}}}
PLACE = {"S3Bucket": "b", "S3Key": "made"}


def kept(**members: Any) -> BranchOutput:
    return {"Do": "run", "Kept": members, "Entered": "2026-11-21T00:00:00Z", "Left": "2026-11-21T00:00:01Z"}


def judged(branch: BranchOutput, kind: str = "Sync") -> dict[str, Any]:
    return rollup.output(operation("a", type=kind), branch, 1)


def test_complete_operations_merge_their_media_and_metadata() -> None:
    branches = [kept(Status="Complete", Media={"Audio": PLACE}, MetaData={"n": 0.1}), kept(Status="Complete")]

    result = rollup.roll_up(stage("s", operation("a"), operation("b")), GIVEN, branches)

    assert result.status == "Complete"
    assert result.message is None
    assert result.globals == {
        "Media": {"Video": {"S3Bucket": "b", "S3Key": "k"}, "Audio": PLACE},
        "MetaData": {"old": 1, "n": 0.1},
    }


def test_a_skipped_operation_does_not_fail_its_stage() -> None:
    branches: list[BranchOutput] = [{"Do": "skip"}, kept(Status="Complete")]

    result = rollup.roll_up(stage("s", operation("a"), operation("b")), GIVEN, branches)

    assert [output["Status"] for output in result.outputs] == ["Skipped", "Complete"]
    assert result.status == "Complete"


def test_a_failure_keeps_its_siblings_outputs_and_names_the_operation() -> None:
    failed: BranchOutput = {"Do": "run", "Failed": {"Error": "ValueError", "Cause": '{"errorMessage": "no sound"}'}}

    result = rollup.roll_up(
        stage("s", operation("a"), operation("b")), GIVEN, [failed, kept(Status="Complete", MetaData={"kept": True})]
    )

    assert result.status == "Error"
    assert result.message == "Stage s: operation a failed: ValueError: no sound"
    assert result.outputs[1]["MetaData"] == {"kept": True}
    assert result.globals["MetaData"] == {"old": 1, "kept": True, "aError": "ValueError"}


def test_two_operations_that_make_the_same_medium_fail_the_stage() -> None:
    branches = [kept(Status="Complete", Media={"Audio": PLACE}), kept(Status="Complete", Media={"Audio": PLACE})]

    result = rollup.roll_up(stage("s", operation("a"), operation("b")), GIVEN, branches)

    assert result.message == "Stage s: operations a and b both made the medium 'Audio'"


def test_a_later_stage_may_replace_a_medium() -> None:
    result = rollup.roll_up(stage("s", operation("a")), GIVEN, [kept(Status="Complete", Media={"Video": PLACE})])

    assert result.globals["Media"] == {"Video": PLACE}


@pytest.mark.parametrize(
    ("branch", "error", "words"),
    [
        (kept(Status="Error"), "OperationError", "returned Status 'Error'"),
        (kept(Status=None), "OperationError", "returned Status None"),
        (kept(), "OperationError", "returned no Status"),
        (kept(Status="Complete", Media=[1]), "InvalidOutput", "Media is not an object"),
        (kept(Status="Complete", Media={"Audio": "x"}), "InvalidOutput", "'Audio' is not an object"),
        (kept(Status="Complete", Media={"Audio": {"S3Bucket": "b"}}), "InvalidOutput", "no S3Bucket or no S3Key"),
        (kept(Status="Complete", MetaData="x"), "InvalidOutput", "MetaData is not an object"),
        ({"Do": "run", "Result": None}, "InvalidOutput", "returned None, not an object"),
        ({"Do": "run", "Result": [1, 2]}, "InvalidOutput", "returned [1, 2], not an object"),
        ({"Do": "run", "TooLarge": 300_000}, "OutputTooLarge", "returned 300000 bytes"),
        ({"Do": "run", "Failed": {"Error": "Sandbox.Timedout", "Cause": "cut {"}}, "Sandbox.Timedout", "cut {"),
    ],
)
def test_what_is_no_success_says_why(branch: BranchOutput, error: str, words: str) -> None:
    output = judged(branch)

    assert output["Status"] == "Error"
    assert output["Error"] == error
    assert words in output["Cause"]


def test_media_and_metadata_may_be_null() -> None:
    output = judged(kept(Status="Complete", Media=None, MetaData=None))

    assert (output["Status"], output["Media"], output["MetaData"]) == ("Complete", {}, {})


def test_an_asynchronous_operation_that_still_executes_has_timed_out() -> None:
    output = judged(kept(Status="Executing", MetaData={"JobId": "7"}), "Async")

    assert output["Error"] == "States.Timeout"
    assert output["Cause"] == "the operation was still executing after 900 seconds"
    assert output["MetaData"] == {"JobId": "7"}


def test_the_old_exception_hands_its_metadata_over() -> None:
    old = repr({"Name": "a", "Status": "Error", "MetaData": {"TranscribeError": "bad 'quote'"}, "Media": {}})
    cause = json.dumps({"errorMessage": old, "errorType": "MasExecutionError"})

    output = judged({"Do": "run", "Failed": {"Error": "MasExecutionError", "Cause": cause}})

    assert output["MetaData"] == {"TranscribeError": "bad 'quote'"}


@pytest.mark.parametrize(
    "message", ["{'MetaData': {'x': ", "[]", "{'MetaData': {1, 2}}", "__import__('os')", "{'a': 1}"]
)
def test_an_old_exception_that_does_not_parse_keeps_its_text(message: str) -> None:
    cause = json.dumps({"errorMessage": message})

    output = judged({"Do": "run", "Failed": {"Error": "MasExecutionError", "Cause": cause}})

    assert output["Cause"] == message
    assert output["MetaData"] == {"aError": "MasExecutionError"}


def test_what_an_earlier_attempt_completed_counts_as_it_was() -> None:
    earlier = rollup.completed(
        [
            {"Name": "a", "Status": "Complete", "Media": {}, "MetaData": {"n": 1}, "Entered": "then"},
            {"Name": "b", "Status": "Error", "Media": {}, "MetaData": {}},
        ]
    )

    result = rollup.roll_up(
        stage("s", operation("a"), operation("b")), GIVEN, [{"Do": "done"}, kept(Status="Complete")], earlier
    )

    assert result.status == "Complete"
    assert result.outputs[0]["Entered"] == "then"
    assert result.globals["MetaData"] == {"old": 1, "n": 1}


@pytest.mark.parametrize("error", ["States.Timeout", "States.HeartbeatTimeout"])
def test_an_overrun_names_the_operation_and_the_time_it_had(error: str) -> None:
    branch: BranchOutput = {"Do": "run", "Failed": {"Error": error, "Cause": ""}}

    result = rollup.roll_up(stage("s", operation("a")), GIVEN, [branch])

    assert result.message is not None
    assert "operation a failed" in result.message
    assert "7 seconds" in result.message
