"""Runs of real operators in real workers: what a user sees of success and of every kind of failure."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.system.conftest import Engine


def test_a_run_of_two_stages_completes_and_hands_metadata_and_media_on(engine: Engine) -> None:
    place = {"S3Bucket": "b", "S3Key": "made.wav"}
    maker = engine.operation("echo", Make={"words": 3}, MakeMedia={"Audio": place})
    reader = engine.operation("seen", MediaType="Audio")
    workflow = engine.workflow([maker], [reader])

    run = engine.run(workflow)

    assert run["Status"] == "Complete"
    assert run["CurrentStage"] == "End"
    event = run["Globals"]["MetaData"][reader]
    assert event["Input"]["MetaData"] == {"words": 3}
    assert event["Input"]["Media"]["Audio"] == place
    assert set(event) == {
        "Name",
        "AssetId",
        "WorkflowExecutionId",
        "Input",
        "Configuration",
        "IdempotencyKey",
        "Status",
        "MetaData",
        "Media",
    }
    assert (event["Status"], event["MetaData"], event["Media"]) == ("Started", {}, {})
    assert event["WorkflowExecutionId"] == run["Id"] == run["WorkflowExecutionId"]


def test_disabled_and_unsuited_operations_are_skipped(engine: Engine) -> None:
    off, deaf = engine.operation("raises", Enabled=False), engine.operation("raises", MediaType="Audio")
    always = engine.operation("echo", MediaType="MetadataOnly")

    run = engine.run(engine.workflow([off, deaf, always]))

    assert {name: output["Status"] for name, output in engine.outputs(run).items()} == {
        off: "Skipped",
        deaf: "Skipped",
        always: "Complete",
    }


def test_a_runs_configuration_reaches_its_operation_only(engine: Engine) -> None:
    one, two = engine.operation("seen"), engine.operation("seen")
    stage = engine.stage(one, two)
    workflow = f"wf-{stage}"
    engine.ok("POST", "workflow", {"Name": workflow, "StartAt": stage, "Stages": {stage: {"End": True}}})

    run = engine.run(workflow, Configuration={stage: {one: {"Language": "fr"}}})

    assert run["Configuration"] == {stage: {one: {"Language": "fr"}}}
    assert run["Globals"]["MetaData"][one]["Configuration"]["Language"] == "fr"
    assert "Language" not in run["Globals"]["MetaData"][two]["Configuration"]


def test_a_stage_runs_alone_and_so_does_the_engines_own(engine: Engine) -> None:
    operation = engine.operation("echo", Make={"alone": True})
    stage = engine.stage(operation)

    for name in (stage, f"_{operation}"):
        run_id = engine.ok("POST", "workflow/execution", {"Stage": name, "Input": engine.video()})["Id"]
        run = engine.ended(run_id)
        assert run["Status"] == "Complete"
        assert run["Globals"]["MetaData"] == {"alone": True}
        assert list(run["Workflow"]["Stages"]) == [name]


def test_an_asset_is_run_again_by_its_id(engine: Engine) -> None:
    workflow = engine.workflow([engine.operation("echo")])
    first = engine.run(workflow)

    again = engine.run(workflow, Input={"AssetId": first["AssetId"]})

    assert again["Status"] == "Complete"
    assert again["Globals"]["Media"] == first["Globals"]["Media"]
    listed = engine.ok("GET", f"workflow/execution/asset/{first['AssetId']}")
    assert [run["Id"] for run in listed] == [again["Id"], first["Id"]]


def test_an_asynchronous_operation_is_polled_until_it_is_done(engine: Engine) -> None:
    operation = engine.operation("begin", monitor="look")

    run = engine.run(engine.workflow([operation]))

    assert run["Status"] == "Complete"
    assert run["Globals"]["MetaData"] == {"JobId": "job-7", "Polls": "3"}


def test_numbers_come_back_exactly(engine: Engine) -> None:
    numbers = {"score": 0.30000000000000004, "n": 9007199254740991, "a": 0.1, "b": 5.0, "c": 1e300, "d": 1e-300}
    operation = engine.operation("echo", Make=numbers)
    event = engine.operation("seen", **numbers)

    run = engine.run(engine.workflow([operation], [event]))

    made = run["Globals"]["MetaData"]
    assert {name: made[name] for name in numbers} == numbers
    assert {name: made[event]["Configuration"][name] for name in numbers} == numbers
    assert all(math.isclose(made[name], value, rel_tol=0, abs_tol=0) for name, value in numbers.items())


# -- failures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handler", "members", "error", "words"),
    [
        ("raises", {}, "ValueError", "the sound is missing: 'quoted'\nand a second line"),
        ("garbage", {"Answer": None}, "InvalidOutput", "not an object"),
        ("garbage", {"Answer": "text"}, "InvalidOutput", "not an object"),
        ("garbage", {"Answer": [1]}, "InvalidOutput", "not an object"),
        ("garbage", {"Answer": {}}, "OperationError", "no Status"),
        ("garbage", {"Answer": {"Status": "Complete", "Media": 3}}, "InvalidOutput", "Media is not an object"),
        ("large", {"Count": 120_000}, "OutputTooLarge", "through the data plane"),
        ("large", {"Count": 60_000, "Filler": "é"}, "OutputTooLarge", "through the data plane"),
        ("not_json", {}, "Runtime.MarshalError", ""),
        ("leaves", {}, "Runtime.ExitError", ""),
        ("old_failure", {}, "MasExecutionError", "no speech"),
    ],
)
def test_a_failed_operation_says_why_and_spares_its_siblings(
    engine: Engine, handler: str, members: dict[str, Any], error: str, words: str
) -> None:
    bad, good = engine.operation(handler, **members), engine.operation("echo", Make={"kept": True})

    run = engine.run(engine.workflow([bad, good], [engine.operation("echo")]))

    outputs = engine.outputs(run)
    assert run["Status"] == "Error"
    assert bad in run["Message"]
    assert (outputs[bad]["Status"], outputs[bad]["Error"]) == ("Error", error)
    assert words in outputs[bad]["Cause"]
    assert outputs[good]["MetaData"] == {"kept": True}
    assert run["Workflow"]["Stages"][run["CurrentStage"]]["Status"] == "Error"
    engine.until(engine.slots, lambda slots: not slots)


def test_an_operation_that_hangs_is_ended_by_its_functions_timeout(engine: Engine) -> None:
    bad, good = engine.operation("hangs", timeout=1), engine.operation("echo", Make={"kept": True})

    run = engine.run(engine.workflow([bad, good]))

    outputs = engine.outputs(run)
    assert outputs[bad]["Error"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in outputs[bad]["Cause"]
    assert outputs[good]["MetaData"] == {"kept": True}


def test_an_answer_beyond_a_states_limit_fails_its_operation_only(engine: Engine) -> None:
    bad, good = engine.operation("large", Count=300_000), engine.operation("echo", Make={"kept": True})

    run = engine.run(engine.workflow([bad, good]))

    outputs = engine.outputs(run)
    assert run["Status"] == "Error"
    assert outputs[bad]["Status"] == "Error"
    assert outputs[good]["MetaData"] == {"kept": True}


def test_an_asynchronous_operation_that_is_never_done_times_out(engine: Engine) -> None:
    name = f"slow-{engine.stage(engine.operation('echo'))[3:]}"
    engine.ok(
        "POST",
        "workflow/operation",
        {
            "Name": name,
            "Type": "Async",
            "Configuration": {"MediaType": "Video", "Enabled": True},
            "StartLambdaArn": engine.function("begin"),
            "MonitorLambdaArn": engine.function("never"),
            "TimeoutSeconds": 1,
        },
    )

    run = engine.run(engine.workflow([name]))

    assert run["Status"] == "Error"
    assert engine.outputs(run)[name]["Cause"] == "the operation was still executing after 1 seconds"


def test_a_running_run_is_canceled_and_its_late_answer_changes_nothing(engine: Engine, tmp_path: Any) -> None:
    log = tmp_path / "log"
    operation = engine.operation("nap", Log=str(log), Seconds=1.0)
    run_id = engine.start(engine.workflow([operation]))
    engine.until(lambda: engine.get(run_id), lambda run: run["Status"] == "Started")

    canceled = engine.ok("POST", f"workflow/execution/{run_id}/cancel", {"Reason": "wrong file"})

    assert (canceled["Status"], canceled["Message"]) == ("Canceled", "Canceled: wrong file")
    assert engine.slots() == []
    assert engine.ok("POST", f"workflow/execution/{run_id}/cancel")["Message"] == "Canceled: wrong file"
    engine.aws.wait_idle()
    assert engine.get(run_id)["Status"] == "Canceled"


def test_print_lines_of_an_operator_are_in_its_log_group(engine: Engine) -> None:
    operation = engine.operation("chatty")
    engine.run(engine.workflow([operation]))

    def lines() -> list[str]:
        logs, group = engine.aws.client("logs"), "/aws/lambda/kit-chatty-30"
        if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            return []
        return [event["message"].strip() for event in logs.filter_log_events(logGroupName=group)["events"]]

    # The report is the last line of an invocation; logs come in late, and not all at once.
    found = engine.until(lines, lambda found: any(line.startswith("REPORT RequestId") for line in found))
    assert f"hello from {operation}" in found
    assert "second line" in found
