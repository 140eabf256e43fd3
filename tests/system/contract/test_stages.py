"""`/workflow/stage`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.system.conftest import Engine
from tests.system.contract.conftest import everything, fresh, refused, workflow_of
from tests.system.contract.test_operations import EPOCH, UUID


def test_a_new_stage_is_answered_with_the_old_members_and_a_state_machine(engine: Engine) -> None:
    one, two = engine.operation("echo"), engine.operation("echo", Enabled=False, Language="en")
    sent = {"Name": fresh("st"), "Operations": [one, two], "Description": "mine"}

    made = engine.ok("POST", "workflow/stage", sent)

    assert {name: made[name] for name in sent} == sent
    assert made["Configuration"] == {
        one: {"MediaType": "Video", "Enabled": True},
        two: {"MediaType": "Video", "Enabled": False, "Language": "en"},
    }
    assert (made["ResourceType"], made["ApiVersion"], made["Version"]) == ("STAGE", "3.0.0", "v0")
    assert UUID.fullmatch(made["Id"])
    assert EPOCH.fullmatch(made["Created"])
    assert engine.ok("GET", f"workflow/stage/{sent['Name']}") == made


def test_a_stages_state_machine_is_there_with_the_definition_that_is_answered(engine: Engine) -> None:
    made = engine.ok("GET", f"workflow/stage/{engine.stage(engine.operation('echo'))}")

    machine = engine.aws.client("stepfunctions").describe_state_machine(stateMachineArn=made["StateMachineArn"])

    assert json.loads(machine["definition"]) == json.loads(made["Definition"])
    assert machine["roleArn"] == engine.aws.outputs["WorkflowRoleArn"]


def test_a_stages_configuration_replaces_members_of_its_operations_defaults(engine: Engine) -> None:
    name = engine.operation("seen", Language="en", Depth=1)
    stage = fresh("st")
    override = {name: {"Language": "fr", "New": [1]}}

    made = engine.ok("POST", "workflow/stage", {"Name": stage, "Operations": [name], "Configuration": override})

    expected = {"MediaType": "Video", "Enabled": True, "Language": "fr", "Depth": 1, "New": [1]}
    assert made["Configuration"] == {name: expected}
    workflow = workflow_of(engine, stage)
    assert engine.ok("GET", f"workflow/configuration/{workflow}") == {stage: {name: expected}}
    assert engine.run(workflow)["Globals"]["MetaData"][name]["Configuration"] == expected
    assert engine.ok("GET", f"workflow/operation/{name}")["Configuration"]["Language"] == "en"


def test_a_stage_that_could_not_run_is_refused(engine: Engine, subtests: pytest.Subtests) -> None:
    good = {"Name": fresh("st"), "Operations": [engine.operation("echo")]}
    before = everything(engine)

    cases: list[tuple[dict[str, Any], str]] = [
        ({"Name": None}, "Name"),
        ({"Operations": None}, "Operations"),
        ({"Operations": []}, "Operations"),
        ({"Operations": "echo"}, "Operations"),
        ({"Operations": ["nobody"]}, "nobody"),
        ({"Operations": [7]}, "Operations"),
        ({"Configuration": {"nobody": {}}}, "nobody"),
        ({"Configuration": []}, "Configuration"),
    ]
    for members, word in cases:
        with subtests.test(members=members):
            sent = {name: value for name, value in {**good, **members}.items() if value is not None}
            refused(engine.http.post("workflow/stage", json=sent), 400, word)

    assert everything(engine) == before


def test_a_name_that_is_taken_is_a_conflict_and_changes_nothing(engine: Engine) -> None:
    operation = engine.operation("echo")
    stage = engine.stage(operation)
    before = everything(engine)

    answer = engine.http.post("workflow/stage", json={"Name": stage, "Operations": [operation]})

    refused(answer, 409, f"A stage with the name '{stage}' already exists")
    assert everything(engine) == before


def test_a_stage_is_changed_and_the_workflows_that_use_it_are_marked(engine: Engine) -> None:
    one, two = engine.operation("echo"), engine.operation("echo")
    stage, other = engine.stage(one), engine.stage(one)
    workflow = workflow_of(engine, stage, other)
    before = engine.ok("GET", f"workflow/stage/{stage}")

    changed = engine.ok("PUT", "workflow/stage", {"Name": stage, "Operations": [two, one]})

    assert changed["Operations"] == [two, one]
    assert changed["Version"] == "v1"
    assert (changed["Id"], changed["Created"]) == (before["Id"], before["Created"])
    assert engine.ok("GET", f"workflow/stage/{stage}") == changed
    marked = engine.ok("GET", f"workflow/{workflow}")
    assert (marked["StaleStages"], marked["StaleOperations"]) == ([stage], [])
    assert marked["Operations"] == [one, one]
    engine.ok("PUT", "workflow", {"Name": workflow})
    renewed = engine.ok("GET", f"workflow/{workflow}")
    assert (renewed["StaleStages"], renewed["Operations"]) == ([], [two, one, one])


def test_a_change_that_could_not_run_is_refused(engine: Engine) -> None:
    stage = engine.stage(engine.operation("echo"))
    before = everything(engine)

    for change in ({"Operations": ["nobody"]}, {"Name": "nobody"}):
        refused(engine.http.put("workflow/stage", json={"Name": stage, **change}), 400, "nobody")

    assert everything(engine) == before


def test_an_unknown_stage_is_not_found_by_get_and_delete(untouched: Engine) -> None:
    name = fresh("st")

    refused(untouched.http.get(f"workflow/stage/{name}"), 404, name, "not found")
    refused(untouched.http.delete(f"workflow/stage/{name}"), 404, name, "not found")


def test_a_deleted_stage_is_answered_and_gone_and_its_operations_stay(engine: Engine) -> None:
    operation = engine.operation("echo")
    stage = engine.stage(operation)
    was = engine.ok("GET", f"workflow/stage/{stage}")

    assert engine.ok("DELETE", f"workflow/stage/{stage}") == was

    refused(engine.http.get(f"workflow/stage/{stage}"), 404)
    assert engine.ok("GET", f"workflow/operation/{operation}")["Name"] == operation


def test_a_stage_in_use_is_kept_and_the_workflows_are_named(engine: Engine) -> None:
    stage = engine.stage(engine.operation("echo"))
    workflow = workflow_of(engine, stage)
    before = everything(engine)

    for query in ("", "?force=false", "?force=TRUE"):
        refused(
            engine.http.delete(f"workflow/stage/{stage}{query}"),
            400,
            f"Dependent workflows were found for stage '{stage}'",
            workflow,
            "force=true",
            "GET /workflow/list/stage/",
        )

    assert everything(engine) == before


def test_force_deletes_a_stage_and_marks_its_workflows_which_run_on(engine: Engine) -> None:
    operation = engine.operation("echo", Make={"still": "here"})
    stage = engine.stage(operation)
    workflow = workflow_of(engine, stage)

    assert engine.ok("DELETE", f"workflow/stage/{stage}?force=true")["Name"] == stage

    marked = engine.ok("GET", f"workflow/{workflow}")
    assert (marked["StaleStages"], marked["StaleOperations"]) == ([stage], [])
    assert engine.run(workflow)["Globals"]["MetaData"] == {"still": "here"}
    refused(engine.http.put("workflow", json={"Name": workflow}), 400, stage)


def test_the_list_is_an_array_of_whole_stages_with_the_engines_own(engine: Engine) -> None:
    operation = engine.operation("echo")
    stage = engine.stage(operation)

    listed = {entry["Name"]: entry for entry in engine.ok("GET", "workflow/stage")}

    for name in (stage, f"_{operation}"):
        assert listed[name] == engine.ok("GET", f"workflow/stage/{name}")
