"""`/workflow/operation`."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.system.conftest import Engine
from tests.system.contract.conftest import everything, fresh, refused, workflow_of

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
EPOCH = re.compile(r"\d{10}\.\d+")
NOBODY = "arn:aws:lambda:us-east-1:123456789012:function:nobody"


def body(engine: Engine, **members: Any) -> dict[str, Any]:
    return {
        "Name": fresh("op"),
        "Type": "Sync",
        "Configuration": {"MediaType": "Video", "Enabled": True},
        "StartLambdaArn": engine.function("echo"),
        **members,
    }


def test_a_new_operation_is_answered_with_what_was_sent_and_the_old_members(engine: Engine) -> None:
    sent = body(engine, Description="mine", Tags=["a", {"b": 0.1}])

    made = engine.ok("POST", "workflow/operation", sent)

    assert {name: made[name] for name in sent} == sent
    assert made["StageName"] == f"_{sent['Name']}"
    assert made["ResourceType"] == "OPERATION"
    assert made["ApiVersion"] == "3.0.0"
    assert made["Version"] == "v0"
    assert UUID.fullmatch(made["Id"])
    assert EPOCH.fullmatch(made["Created"])
    assert sent["StartLambdaArn"] in made["StateMachineAsl"]
    assert set(json.loads(made["StateMachineAsl"])) >= {"StartAt", "States"}
    assert engine.ok("GET", f"workflow/operation/{sent['Name']}") == made


def test_an_operation_brings_a_stage_of_its_own(engine: Engine) -> None:
    operation = engine.operation("echo", Number=5)

    stage = engine.ok("GET", f"workflow/stage/_{operation}")

    assert stage["Name"] == f"_{operation}"
    assert stage["Operations"] == [operation]
    assert stage["Configuration"] == {operation: {"MediaType": "Video", "Enabled": True, "Number": 5}}
    assert stage["ResourceType"] == "STAGE"


def test_an_asynchronous_operation_answers_its_monitor(engine: Engine) -> None:
    sent = body(engine, Type="Async", MonitorLambdaArn=engine.function("look"))

    made = engine.ok("POST", "workflow/operation", sent)

    assert (made["Type"], made["MonitorLambdaArn"]) == ("Async", engine.function("look"))
    assert made["MonitorLambdaArn"] in made["StateMachineAsl"]


def test_what_the_old_schema_requires_is_required(untouched: Engine) -> None:
    for member in ("Name", "Type", "Configuration", "StartLambdaArn"):
        sent = body(untouched)
        del sent[member]
        refused(untouched.http.post("workflow/operation", json=sent), 400, member)


def test_an_operation_that_could_not_run_is_refused(untouched: Engine, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"Type": "sync"}, "Type"),
        ({"Type": "Async"}, "MonitorLambdaArn"),
        ({"Configuration": {"Enabled": True}}, "MediaType"),
        ({"Configuration": {"MediaType": "Video"}}, "Enabled"),
        ({"Configuration": {"MediaType": "Video", "Enabled": "true"}}, "Configuration.Enabled"),
        ({"Configuration": []}, "Configuration"),
        ({"StartLambdaArn": "thumbnail"}, "StartLambdaArn"),
        ({"StartLambdaArn": NOBODY}, "StartLambdaArn"),
        ({"Type": "Async", "MonitorLambdaArn": NOBODY}, "MonitorLambdaArn"),
    ]
    for members, word in cases:
        with subtests.test(members=members):
            refused(untouched.http.post("workflow/operation", json=body(untouched, **members)), 400, word)


def test_a_name_that_is_taken_is_a_conflict_and_changes_nothing(engine: Engine) -> None:
    operation = engine.operation("echo")
    before = everything(engine)

    refused(
        engine.http.post("workflow/operation", json=body(engine, Name=operation)), 409, operation, "already exists"
    )

    assert everything(engine) == before


def test_the_stacks_workflow_role_may_be_named_and_no_other(engine: Engine) -> None:
    role = engine.aws.outputs["WorkflowRoleArn"]

    made = engine.ok("POST", "workflow/operation", body(engine, SfnExecutionRole=role))

    assert made["StateMachineExecutionRoleArn"] == role
    assert engine.ok("GET", f"workflow/operation/{made['Name']}")["StateMachineExecutionRoleArn"] == role
    other = body(engine, SfnExecutionRole="arn:aws:iam::123456789012:role/other")
    refused(engine.http.post("workflow/operation", json=other), 400, "SfnExecutionRole", role)


def test_members_that_the_server_sets_are_not_taken_from_the_body(engine: Engine) -> None:
    sent = body(engine, Id="mine", Version="v9", ResourceType="STAGE", StageName="other", Created="1")

    made = engine.ok("POST", "workflow/operation", sent)

    assert made["Id"] != "mine"
    assert made["Version"] == "v0"
    assert made["ResourceType"] == "OPERATION"
    assert made["StageName"] == f"_{sent['Name']}"
    assert made["Created"] != "1"


def test_a_configuration_schema_is_answered_and_holds_defaults_stages_and_runs(engine: Engine) -> None:
    rule = {"type": "object", "properties": {"Seconds": {"type": "integer", "minimum": 1}}, "required": ["Seconds"]}
    fitting = {"MediaType": "Video", "Enabled": True, "Seconds": 5}

    refused(engine.http.post("workflow/operation", json=body(engine, ConfigurationSchema=rule)), 400, "Seconds")
    sent = body(engine, ConfigurationSchema=rule, Configuration=fitting)
    made = engine.ok("POST", "workflow/operation", sent)

    name = made["Name"]
    assert engine.ok("GET", f"workflow/operation/{name}")["ConfigurationSchema"] == rule
    wrong = {"Name": fresh("st"), "Operations": [name], "Configuration": {name: {"Seconds": 0}}}
    refused(engine.http.post("workflow/stage", json=wrong), 400, f"Configuration.{name}.Seconds")
    stage = engine.stage(name)
    run = {"Name": workflow_of(engine, stage), "Input": engine.video()}
    wrong_run = {**run, "Configuration": {stage: {name: {"Seconds": "5"}}}}
    refused(engine.http.post("workflow/execution", json=wrong_run), 400, f"Configuration.{stage}.{name}.Seconds")
    assert engine.ok("POST", "workflow/execution", run)["Status"] == "Queued"


def test_numbers_of_a_configuration_come_back_in_value(engine: Engine) -> None:
    numbers = {"five": 5, "tenth": 0.1, "exact": 0.30000000000000004, "large": 2**53 - 1, "huge": 1e300, "zero": 0.0}
    name = engine.operation("echo", **numbers)

    for path, found in (
        (f"workflow/operation/{name}", lambda answer: answer["Configuration"]),
        (f"workflow/stage/_{name}", lambda answer: answer["Configuration"][name]),
    ):
        configuration = found(engine.ok("GET", path))
        assert {key: configuration[key] for key in numbers} == numbers
    for wrong in ("9007199254740993", "NaN", "1e999", "Infinity"):
        text = json.dumps(body(engine)).replace('"Video"', f'"Video", "n": {wrong}')
        answer = engine.http.post("workflow/operation", content=text, headers={"Content-Type": "application/json"})
        refused(answer, 400)


# -- PUT -------------------------------------------------------------------------------------------------------


def test_an_operation_is_changed_and_its_version_grows(engine: Engine) -> None:
    name = engine.operation("echo", Kept=1)
    before = engine.ok("GET", f"workflow/operation/{name}")
    configuration = {"MediaType": "Audio", "Enabled": False}

    changed = engine.ok("PUT", "workflow/operation", {"Name": name, "Configuration": configuration})

    assert changed["Configuration"] == configuration
    assert changed["Version"] == "v1"
    same = ("Id", "Created", "StartLambdaArn", "Type", "StageName")
    assert {member: changed[member] for member in same} == {member: before[member] for member in same}
    assert engine.ok("GET", f"workflow/operation/{name}") == changed
    assert engine.ok("GET", f"workflow/stage/_{name}")["Configuration"] == {name: configuration}
    assert engine.ok("PUT", "workflow/operation", {"Name": name})["Version"] == "v2"


def test_a_change_that_could_not_run_is_refused(engine: Engine, subtests: pytest.Subtests) -> None:
    name = engine.operation("echo")
    before = everything(engine)

    cases: list[tuple[dict[str, Any], str]] = [
        ({"Name": "nobody"}, "nobody"),
        ({"Type": "Async"}, "MonitorLambdaArn"),
        ({"Configuration": {"MediaType": "Video"}}, "Enabled"),
        ({"StartLambdaArn": NOBODY}, "StartLambdaArn"),
    ]
    for change, word in cases:
        with subtests.test(change=change):
            refused(engine.http.put("workflow/operation", json={"Name": name, **change}), 400, word)

    assert everything(engine) == before


def test_changing_an_operation_marks_the_workflows_that_use_it(engine: Engine) -> None:
    used, unused = engine.operation("echo"), engine.operation("echo")
    workflow, own = engine.workflow([used, unused]), workflow_of(engine, f"_{used}")
    configuration = {"MediaType": "Video", "Enabled": True, "New": True}

    engine.ok("PUT", "workflow/operation", {"Name": used, "Configuration": configuration})

    for name in (workflow, own):
        found = engine.ok("GET", f"workflow/{name}")
        assert (found["StaleOperations"], found["StaleStages"]) == ([used], [])
    assert engine.ok("PUT", "workflow", {"Name": workflow})["StaleOperations"] == []
    taken_in = engine.ok("GET", f"workflow/{workflow}")
    assert taken_in["StaleOperations"] == []
    [stage] = taken_in["Stages"].values()
    assert stage["Configuration"][used] == configuration


# -- GET, DELETE -----------------------------------------------------------------------------------------------


def test_an_unknown_operation_is_not_found_by_get_and_delete(untouched: Engine) -> None:
    name = fresh("op")

    refused(untouched.http.get(f"workflow/operation/{name}"), 404, name, "not found")
    refused(untouched.http.delete(f"workflow/operation/{name}"), 404, name, "not found")
    refused(untouched.http.delete(f"workflow/operation/{name}?force=true"), 404, name)


def test_a_deleted_operation_is_answered_and_gone_with_its_stage(engine: Engine) -> None:
    name = engine.operation("echo")
    was = engine.ok("GET", f"workflow/operation/{name}")

    assert engine.ok("DELETE", f"workflow/operation/{name}") == was

    for path in (f"workflow/operation/{name}", f"workflow/stage/_{name}"):
        refused(engine.http.get(path), 404)
    assert name not in [entry["Name"] for entry in engine.ok("GET", "workflow/operation")]


def test_an_operation_in_use_is_kept_and_the_workflows_are_named(engine: Engine) -> None:
    name = engine.operation("echo")
    first, second = engine.workflow([name]), workflow_of(engine, f"_{name}")
    before = everything(engine)

    for query in ("", "?force=false", "?force=True", "?force=1", "?force="):
        refused(
            engine.http.delete(f"workflow/operation/{name}{query}"),
            400,
            f"Dependent workflows were found for operation '{name}'",
            first,
            second,
            "force=true",
            "GET /workflow/list/operation/",
        )

    assert everything(engine) == before


def test_force_deletes_an_operation_and_marks_its_workflows_which_run_on(engine: Engine) -> None:
    name, other = engine.operation("echo", Make={"still": "here"}), engine.operation("echo")
    workflow, own = engine.workflow([name], [other]), workflow_of(engine, f"_{name}")

    assert engine.ok("DELETE", f"workflow/operation/{name}?force=true")["Name"] == name

    marked = engine.ok("GET", f"workflow/{workflow}")
    assert (marked["StaleOperations"], marked["StaleStages"]) == ([name], [])
    assert marked["Operations"] == [name, other]
    assert engine.ok("GET", f"workflow/{own}")["StaleStages"] == [f"_{name}"]
    run = engine.run(workflow)
    assert (run["Status"], run["Globals"]["MetaData"]) == ("Complete", {"still": "here"})
    refused(engine.http.put("workflow", json={"Name": workflow}), 400, name)


def test_an_operation_may_be_made_again_under_the_name_of_a_deleted_one(engine: Engine) -> None:
    name = engine.operation("echo")
    first = engine.ok("DELETE", f"workflow/operation/{name}")

    again = engine.ok("POST", "workflow/operation", body(engine, Name=name))

    assert again["Id"] != first["Id"]


def test_the_list_is_an_array_of_whole_operations(engine: Engine) -> None:
    names = {engine.operation("echo") for _ in range(3)}

    listed = {entry["Name"]: entry for entry in engine.ok("GET", "workflow/operation")}

    assert names <= set(listed)
    for name in names:
        assert listed[name] == engine.ok("GET", f"workflow/operation/{name}")
