"""`/workflow/execution`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.system.conftest import Engine
from tests.system.contract.conftest import Gate, asset, everything, fresh, refused, settled, uploaded, workflow_of
from tests.system.contract.test_operations import EPOCH, UUID


def test_a_new_run_is_answered_queued_in_the_old_shape(engine: Engine) -> None:
    one, two = engine.operation("echo", Number=0.1), engine.operation("echo")
    first, last = engine.stage(one), engine.stage(two)
    name, place = workflow_of(engine, first, last), engine.video()
    override = {first: {one: {"Language": "fr"}}}

    run = engine.ok("POST", "workflow/execution", {"Name": name, "Input": place, "Configuration": override})

    assert UUID.fullmatch(run["Id"])
    assert run["WorkflowExecutionId"] == run["Id"]
    assert UUID.fullmatch(run["AssetId"])
    assert EPOCH.fullmatch(run["Created"])
    assert (run["Status"], run["CurrentStage"], run["Trigger"], run["Version"]) == ("Queued", first, "api", "v0")
    assert (run["ResourceType"], run["ApiVersion"]) == ("WORKFLOW_EXECUTION", "3.0.0")
    assert run["Globals"] == {**place, "MetaData": {}}
    assert run["Configuration"] == override
    workflow = engine.ok("GET", f"workflow/{name}")
    assert {k: v for k, v in run["Workflow"].items() if k != "Stages"} == {
        k: v for k, v in workflow.items() if k != "Stages"
    }
    begun, waiting = run["Workflow"]["Stages"][first], run["Workflow"]["Stages"][last]
    assert (begun["Status"], waiting["Status"]) == ("Started", "Not Started")
    assert begun["Input"] == run["Globals"]
    assert begun["Configuration"] == {one: {"MediaType": "Video", "Enabled": True, "Number": 0.1, "Language": "fr"}}
    assert (begun["Next"], waiting["End"]) == (last, True)
    for name, stage in run["Workflow"]["Stages"].items():
        assert (stage["Name"], stage["AssetId"], stage["WorkflowExecutionId"]) == (name, run["AssetId"], run["Id"])
        assert (stage["Metrics"], stage["MetaData"]) == ({}, {})
        assert stage["Definition"] == workflow["Stages"][name]["Definition"]


def test_a_finished_run_has_outputs_inputs_and_an_execution(engine: Engine) -> None:
    maker = engine.operation("echo", Make={"words": 3})
    off = engine.operation("echo", Enabled=False)
    first, last = engine.stage(maker, off), engine.stage(engine.operation("echo"))
    place = engine.video()

    run = engine.run(workflow_of(engine, first, last), Input=place)

    assert (run["Status"], run["CurrentStage"]) == ("Complete", "End")
    assert run["Globals"] == {**place, "MetaData": {"words": 3}}
    made, skipped = run["Workflow"]["Stages"][first]["Outputs"]
    old = {"Name", "AssetId", "WorkflowExecutionId", "Input", "Configuration", "Status", "MetaData", "Media"}
    assert set(made) >= old
    assert set(skipped) >= old
    assert (made["Name"], made["Status"], made["MetaData"]) == (maker, "Complete", {"words": 3})
    assert made["Configuration"] == {"MediaType": "Video", "Enabled": True, "Make": {"words": 3}}
    assert (skipped["Name"], skipped["Status"], skipped["MetaData"], skipped["Media"]) == (off, "Skipped", {}, {})
    assert run["Workflow"]["Stages"][last]["Input"] == run["Globals"]
    assert [stage["Status"] for stage in run["Workflow"]["Stages"].values()] == ["Complete", "Complete"]
    states, arn = engine.aws.client("stepfunctions"), run["StateMachineExecutionArn"]
    # the run is Complete a moment before its state machine is
    ran = engine.until(
        lambda: states.describe_execution(executionArn=arn), lambda found: found["status"] != "RUNNING"
    )
    assert ran["status"] == "SUCCEEDED"
    assert ran["stateMachineArn"] == run["Workflow"]["StateMachineArn"]


def test_a_failed_run_says_why_and_stops_at_its_stage(engine: Engine) -> None:
    bad = engine.operation("raises")
    first, last = engine.stage(bad), engine.stage(engine.operation("echo"))

    run = engine.run(workflow_of(engine, first, last))

    assert (run["Status"], run["CurrentStage"]) == ("Error", first)
    assert first in run["Message"]
    assert bad in run["Message"]
    assert [stage["Status"] for stage in run["Workflow"]["Stages"].values()] == ["Error", "Not Started"]
    [output] = run["Workflow"]["Stages"][first]["Outputs"]
    assert output["Status"] == "Error"
    assert output["MetaData"] == {f"{bad}Error": "ValueError"}


def test_both_spellings_of_a_runs_configuration_do_the_same(engine: Engine) -> None:
    operation = engine.operation("seen", Depth=1)
    stage = engine.stage(operation)
    name, members = workflow_of(engine, stage), {"Depth": 2, "Language": "fr"}
    expected = {"MediaType": "Video", "Enabled": True, **members}

    for override in ({stage: {operation: members}}, {stage: {"Operations": {operation: members}}}):
        run = engine.run(name, Configuration=override)
        assert run["Globals"]["MetaData"][operation]["Configuration"] == expected
        assert run["Workflow"]["Stages"][stage]["Configuration"] == {operation: expected}
        # kept as it was sent
        assert run["Configuration"] == override


def test_a_run_may_enable_disable_and_turn_an_operation_to_other_media(engine: Engine) -> None:
    off, on = engine.operation("echo", Enabled=False), engine.operation("echo")
    audio = engine.operation("echo", MediaType="Audio")
    stage = engine.stage(off, on, audio)
    override = {stage: {off: {"Enabled": True}, on: {"Enabled": False}, audio: {"MediaType": "Video"}}}

    run = engine.run(workflow_of(engine, stage), Configuration=override)

    statuses = {name: output["Status"] for name, output in engine.outputs(run).items()}
    assert statuses == {off: "Complete", on: "Skipped", audio: "Complete"}


@pytest.fixture
def workflow(engine: Engine) -> str:
    """A workflow of one operation."""
    return engine.workflow([engine.operation("echo")])


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no Name": ({"Name": None}, "Name"),
    "unknown workflow": ({"Name": "nobody"}, "nobody"),
    "unknown stage alone": ({"Name": None, "Stage": "nobody"}, "nobody"),
    "Name and Stage": ({"Stage": "nobody"}, "Stage"),
    "no Input": ({"Input": None}, "Input"),
    "neither AssetId nor Media": ({"Input": {}}, 'Input must contain either "AssetId" or "Media"'),
    "no medium": ({"Input": {"Media": {}}}, 'Input must contain either "AssetId" or "Media"'),
    "unknown asset": ({"Input": {"AssetId": "nobody"}}, "nobody"),
    "no bucket": ({"Input": {"Media": {"Video": {"S3Key": "k"}}}}, "S3Bucket"),
    "no key": ({"Input": {"Media": {"Video": {"S3Bucket": "b"}}}}, "S3Key"),
    "no such bucket": ({"Input": {"Media": {"Video": {"S3Bucket": "no-such-bucket", "S3Key": "k"}}}}, "Video"),
    "unknown stage in Configuration": ({"Configuration": {"nobody": {}}}, "nobody"),
    "Configuration no object": ({"Configuration": []}, "Configuration"),
}


def test_a_run_that_could_not_be_is_refused_and_leaves_nothing(
    engine: Engine, workflow: str, subtests: pytest.Subtests
) -> None:
    good = {"Name": workflow, "Input": engine.video()}
    before = everything(engine)

    for case, (members, word) in WRONG.items():
        body = {name: value for name, value in {**good, **members}.items() if value is not None}
        with subtests.test(case):
            refused(engine.http.post("workflow/execution", json=body), 400, word)

    assert everything(engine) == before


def test_an_operation_that_the_stage_does_not_have_is_refused(engine: Engine) -> None:
    stage = engine.stage(engine.operation("echo"))
    good = {"Name": workflow_of(engine, stage), "Input": engine.video()}
    operations = {"nobody": {"Enabled": False}}
    before = everything(engine)

    for override in ({stage: operations}, {stage: {"Operations": operations}}):
        body = {**good, "Configuration": override}
        refused(engine.http.post("workflow/execution", json=body), 400, stage, "nobody")

    assert everything(engine) == before


@pytest.mark.parametrize(
    "override", [{"Enabled": "false"}, {"MediaType": 7}, {"Enabled": None}, "text", None], ids=repr
)
def test_a_configuration_that_no_operation_could_take_is_refused(engine: Engine, override: Any) -> None:
    operation = engine.operation("echo")
    stage = engine.stage(operation)
    name = workflow_of(engine, stage)
    body = {"Name": name, "Input": engine.video(), "Configuration": {stage: {operation: override}}}

    refused(engine.http.post("workflow/execution", json=body), 400, f"Configuration.{stage}.{operation}")


def test_media_that_do_not_exist_are_refused_naming_the_medium(engine: Engine, workflow: str) -> None:
    there = uploaded(engine, f"uploads/{fresh()}.mp4")
    missing = {"S3Bucket": engine.bucket, "S3Key": f"uploads/{fresh()}.wav"}
    body = {"Name": workflow, "Input": {"Media": {"Video": there, "Audio": missing}}}
    before = everything(engine)

    refused(engine.http.post("workflow/execution", json=body), 400, "Audio", missing["S3Key"])

    assert everything(engine) == before


def test_the_first_medium_names_the_asset_and_all_reach_the_run(engine: Engine, workflow: str) -> None:
    video, text = uploaded(engine, f"uploads/{fresh()}.mp4"), uploaded(engine, f"uploads/{fresh()}.txt")

    run = engine.run(workflow, Input={"Media": {"Video": video, "Text": text}})

    assert run["Globals"]["Media"] == {"Video": video, "Text": text}
    facts = engine.ok("GET", f"metadata/{run['AssetId']}")["results"]
    assert (facts["MediaType"], facts["S3Key"]) == ("Video", video["S3Key"])


def test_an_asset_id_wins_over_media(engine: Engine, workflow: str) -> None:
    asset_id = asset(engine)
    facts = engine.ok("GET", f"metadata/{asset_id}")["results"]

    run = engine.run(workflow, Input={"AssetId": asset_id, **engine.video()})

    assert run["AssetId"] == asset_id
    assert run["Globals"]["Media"] == {"Video": {"S3Bucket": facts["S3Bucket"], "S3Key": facts["S3Key"]}}


def test_an_asset_with_a_live_run_is_busy_and_free_again_afterwards(
    engine: Engine, workflow: str, gate: Gate
) -> None:
    live = engine.start(engine.workflow([gate.operation()]))
    asset_id = engine.get(live)["AssetId"]
    body = {"Name": workflow, "Input": {"AssetId": asset_id}}

    refused(engine.http.post("workflow/execution", json=body), 409, asset_id, live)
    refused(engine.http.delete(f"metadata/{asset_id}"), 409, asset_id, live)

    gate.open()
    assert engine.ended(live)["Status"] == "Complete"
    assert engine.run(workflow, Input={"AssetId": asset_id})["Status"] == "Complete"


def test_a_canceled_run_frees_its_asset(engine: Engine, workflow: str, gate: Gate) -> None:
    live = engine.start(engine.workflow([gate.operation()]))
    asset_id = engine.get(live)["AssetId"]
    engine.ok("POST", f"workflow/execution/{live}/cancel")

    assert engine.run(workflow, Input={"AssetId": asset_id})["Status"] == "Complete"


# -- reading ---------------------------------------------------------------------------------------------------


def test_an_unknown_run_is_not_found(untouched: Engine) -> None:
    run_id = fresh()

    refused(untouched.http.get(f"workflow/execution/{run_id}"), 404, run_id, "not found")
    refused(untouched.http.delete(f"workflow/execution/{run_id}"), 404, run_id, "not found")
    refused(untouched.http.post(f"workflow/execution/{run_id}/cancel"), 404, run_id)
    answer = untouched.http.put(f"workflow/execution/{run_id}", json={"WaitingStageName": "review"})
    refused(answer, 404, run_id)


@pytest.mark.parametrize("status", ["Waiting", "Resumed", "nobody", "complete", "Not%20Started"])
def test_a_status_that_no_run_has_lists_nothing(engine: Engine, status: str) -> None:
    answer = engine.http.get(f"workflow/execution/status/{status}")

    assert (answer.status_code, answer.text) == (200, "[]")


def test_an_asset_without_runs_lists_nothing(engine: Engine) -> None:
    for asset_id in (asset(engine), fresh()):
        answer = engine.http.get(f"workflow/execution/asset/{asset_id}")
        assert (answer.status_code, answer.text) == (200, "[]")


SMALL = {"Id", "AssetId", "CurrentStage", "Status", "Workflow", "StateMachineExecutionArn"}


def test_runs_are_listed_by_status_in_the_small_shape(engine: Engine, workflow: str, gate: Gate) -> None:
    complete, error = engine.run(workflow), engine.run(engine.workflow([engine.operation("raises")]))
    live = engine.start(engine.workflow([gate.operation()]))
    engine.until(lambda: engine.get(live), lambda run: run["Status"] == "Started")
    canceled = engine.start(engine.workflow([gate.operation()]))
    engine.ok("POST", f"workflow/execution/{canceled}/cancel")

    for status, run_id in (
        ("Complete", complete["Id"]),
        ("Error", error["Id"]),
        ("Started", live),
        ("Canceled", canceled),
    ):
        listed = {run["Id"]: run for run in engine.ok("GET", f"workflow/execution/status/{status}")}
        run = engine.get(run_id)
        assert {member: listed[run_id][member] for member in SMALL - {"Workflow"}} == {
            member: run[member] for member in SMALL - {"Workflow"}
        }
        assert listed[run_id]["Workflow"] == {"Name": run["Workflow"]["Name"]}
        assert {entry["Status"] for entry in listed.values()} == {status}
        assert not {"Globals", "Configuration"} & set(listed[run_id])


def test_queued_runs_are_listed_while_the_cap_holds_them(engine: Engine, gate: Gate) -> None:
    engine.cap(1)
    name = engine.workflow([gate.operation()])
    first = engine.start(name)
    second = engine.start(name)

    assert [run["Id"] for run in engine.ok("GET", "workflow/execution/status/Queued")] == [second]
    assert "StateMachineExecutionArn" not in engine.get(second)
    gate.open()
    assert [engine.ended(run)["Status"] for run in (first, second)] == ["Complete", "Complete"]


def test_runs_of_an_asset_are_listed_newest_first_with_their_time(engine: Engine, workflow: str) -> None:
    first = engine.run(workflow)
    ids = [first["Id"]]
    for _ in range(2):
        ids.append(engine.run(workflow, Input={"AssetId": first["AssetId"]})["Id"])

    listed = engine.ok("GET", f"workflow/execution/asset/{first['AssetId']}")

    assert [run["Id"] for run in listed] == ids[::-1]
    assert all(set(run) >= SMALL | {"Created"} for run in listed)
    created = [float(run["Created"]) for run in listed]
    assert created == sorted(created, reverse=True)


def test_all_runs_are_listed_newest_first_whole_or_in_short(engine: Engine, workflow: str) -> None:
    ids = [engine.run(workflow)["Id"] for _ in range(3)]

    whole = engine.ok("GET", "workflow/execution")
    short = engine.ok("GET", "workflow/execution?view=summary")

    assert [run["Id"] for run in whole[:3]] == ids[::-1]
    assert whole[0] == engine.get(ids[-1])
    assert engine.ok("GET", "workflow/execution?view=full")[:3] == whole[:3]
    assert [run["Id"] for run in short[:3]] == ids[::-1]
    assert set(short[0]) >= SMALL | {"Created"}
    assert "Globals" not in short[0]
    refused(engine.http.get("workflow/execution?view=other"), 400, "view")


# -- changing and deleting -------------------------------------------------------------------------------------


def test_a_run_that_does_not_wait_is_not_resumed(engine: Engine, workflow: str) -> None:
    run = engine.run(workflow)
    path, stage = f"workflow/execution/{run['Id']}", next(iter(run["Workflow"]["Stages"]))

    answer = engine.http.put(path, json={"WaitingStageName": stage})

    refused(answer, 409, f"workflow execution {run['Id']} is Complete, not Waiting")
    refused(engine.http.put(path, json={}), 400, "WaitingStageName")
    assert engine.get(run["Id"]) == run


def test_a_live_run_is_not_deleted(engine: Engine, gate: Gate) -> None:
    engine.cap(1)
    name = engine.workflow([gate.operation()])
    live, queued = engine.start(name), engine.start(name)

    for run in (live, queued):
        refused(engine.http.delete(f"workflow/execution/{run}"), 409, run, "cancel it first")

    gate.open()
    assert [engine.ended(run)["Status"] for run in (live, queued)] == ["Complete", "Complete"]


@pytest.mark.parametrize("end", ["Complete", "Error", "Canceled"])
def test_an_ended_run_is_deleted_answered_and_gone_from_every_list(engine: Engine, gate: Gate, end: str) -> None:
    handlers = {
        "Complete": engine.operation("echo"),
        "Error": engine.operation("raises"),
        "Canceled": gate.operation(),
    }
    run_id = engine.start(engine.workflow([handlers[end]]))
    if end == "Canceled":
        engine.ok("POST", f"workflow/execution/{run_id}/cancel")
    was = engine.ended(run_id)
    assert was["Status"] == end

    assert engine.ok("DELETE", f"workflow/execution/{run_id}") == was

    refused(engine.http.get(f"workflow/execution/{run_id}"), 404)
    refused(engine.http.delete(f"workflow/execution/{run_id}"), 404)
    for path in ("", f"/status/{end}", f"/asset/{was['AssetId']}"):
        assert run_id not in [run["Id"] for run in engine.ok("GET", f"workflow/execution{path}")], path
    # the asset outlives its run
    assert engine.ok("GET", f"metadata/{was['AssetId']}")["asset_id"] == was["AssetId"]


def test_deleting_a_run_leaves_nothing_of_it_in_the_tables(engine: Engine, workflow: str) -> None:
    asset_id = asset(engine)
    engine.run(workflow)
    before = everything(engine)

    body = {"Name": workflow, "Input": {"AssetId": asset_id}}
    run = engine.ended(engine.ok("POST", "workflow/execution", body)["Id"])
    settled(engine)
    engine.ok("DELETE", f"workflow/execution/{run['Id']}")

    assert everything(engine) == before


def test_a_canceled_run_keeps_its_reason_and_says_who(engine: Engine, gate: Gate) -> None:
    run_id = engine.start(engine.workflow([gate.operation()]))

    engine.ok("POST", f"workflow/execution/{run_id}/cancel", {"Reason": "wrong file"})

    run = engine.get(run_id)
    assert (run["Status"], run["Message"]) == ("Canceled", "Canceled: wrong file")
    assert run["CanceledBy"]
    for ended in (engine.run(engine.workflow([engine.operation("echo")])), run):
        answer = engine.http.post(f"workflow/execution/{ended['Id']}/cancel")
        if ended["Status"] == "Canceled":
            assert answer.json()["Message"] == "Canceled: wrong file"
        else:
            refused(answer, 409, ended["Id"])
