"""`/workflow`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.system.conftest import Engine
from tests.system.contract.conftest import Gate, everything, fresh, refused, workflow_of
from tests.system.contract.test_operations import EPOCH, UUID


def machine_exists(engine: Engine, arn: str) -> bool:
    states = engine.aws.client("stepfunctions")
    try:
        states.describe_state_machine(stateMachineArn=arn)
    except states.exceptions.StateMachineDoesNotExist:
        return False
    return True


def test_a_new_workflow_is_answered_with_the_old_members(engine: Engine) -> None:
    one, two = engine.operation("echo"), engine.operation("echo")
    first, last = engine.stage(one, two), engine.stage(two)
    # in another order than they run in: Operations follows the order of Stages
    sent = {
        "Name": fresh("wf"),
        "StartAt": first,
        "Stages": {last: {"End": True}, first: {"Next": last}},
        "Description": "mine",
    }

    made = engine.ok("POST", "workflow", sent)

    assert (made["Name"], made["StartAt"], made["Description"]) == (sent["Name"], first, "mine")
    assert made["Operations"] == [two, one, two]
    assert (made["StaleOperations"], made["StaleStages"]) == ([], [])
    assert (made["Trigger"], made["Revisions"], made["Version"]) == ("api", "1", "v0")
    assert (made["ResourceType"], made["ApiVersion"]) == ("WORKFLOW", "3.0.0")
    assert UUID.fullmatch(made["Id"])
    assert EPOCH.fullmatch(made["Created"])
    for name, following in ((first, {"Next": last}), (last, {"End": True})):
        entry = made["Stages"][name]
        stage = engine.ok("GET", f"workflow/stage/{name}")
        same = ("Name", "Operations", "Configuration", "Definition", "Version", "Id", "Created", "ResourceType")
        assert {member: entry[member] for member in same} == {member: stage[member] for member in same}
        assert following.items() <= entry.items()
    assert engine.ok("GET", f"workflow/{sent['Name']}") == made


def test_a_workflows_state_machine_has_the_old_tag_and_the_stacks_role(engine: Engine) -> None:
    made = engine.ok("GET", f"workflow/{engine.workflow([engine.operation('echo')])}")
    states = engine.aws.client("stepfunctions")

    machine = states.describe_state_machine(stateMachineArn=made["StateMachineArn"])
    tags = states.list_tags_for_resource(resourceArn=made["StateMachineArn"])["tags"]

    assert machine["roleArn"] == engine.aws.outputs["WorkflowRoleArn"]
    assert {"key": "environment", "value": "mie"} in tags
    assert machine["name"].startswith(f"{made['Name']}-{engine.aws.outputs['ShortUuid']}")
    assert machine["loggingConfiguration"]["level"] != "OFF"
    assert machine["loggingConfiguration"]["includeExecutionData"] is False


@pytest.fixture
def stages(engine: Engine) -> list[str]:
    """Three stages."""
    operation = engine.operation("echo")
    return [engine.stage(operation) for _ in range(3)]


CHAINS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no End": ({"a": {"Next": "b"}, "b": {"Next": "a"}}, "a", "End"),
    "two Ends": ({"a": {"End": True}, "b": {"End": True}}, "a", "b"),
    "neither End nor Next": ({"a": {"Next": "b"}, "b": {}}, "a", "b"),
    "End false and no Next": ({"a": {"Next": "b"}, "b": {"End": False}}, "a", "b"),
    "Next unknown": ({"a": {"Next": "nowhere"}, "b": {"End": True}}, "a", "a"),
    "StartAt unknown": ({"a": {"Next": "b"}, "b": {"End": True}}, "nowhere", "nowhere"),
    "a cycle": ({"a": {"Next": "b"}, "b": {"Next": "a"}, "c": {"End": True}}, "a", "b"),
    "a stage that runs after itself": ({"a": {"Next": "a"}, "b": {"End": True}}, "a", "a"),
    "unreachable": ({"a": {"End": True}, "b": {"Next": "a"}}, "a", "b"),
    "stage unknown": ({"a": {"Next": "nowhere"}, "nowhere": {"End": True}}, "a", "nowhere"),
    "no stages": ({}, "a", "Stages"),
}


def test_stages_that_are_no_chain_are_refused_naming_the_stage(
    engine: Engine, stages: list[str], subtests: pytest.Subtests
) -> None:
    real = dict(zip("abc", stages, strict=True))
    before = everything(engine)

    for case, (chain, start_at, named) in CHAINS.items():
        entries = {
            real.get(name, name): {k: real.get(v, v) if k == "Next" else v for k, v in entry.items()}
            for name, entry in chain.items()
        }
        body = {"Name": fresh("wf"), "StartAt": real.get(start_at, start_at), "Stages": entries}
        with subtests.test(case):
            refused(engine.http.post("workflow", json=body), 400, real.get(named, named))

    assert everything(engine) == before


def test_a_stage_that_has_lost_its_operation_is_refused_naming_it(engine: Engine) -> None:
    operation = engine.operation("echo")
    stage = engine.stage(operation)
    engine.ok("DELETE", f"workflow/operation/{operation}")

    body = {"Name": fresh("wf"), "StartAt": stage, "Stages": {stage: {"End": True}}}

    refused(engine.http.post("workflow", json=body), 400, stage, operation)
    assert engine.ok("GET", f"workflow/stage/{stage}")["StaleOperations"] == [operation]


def test_what_the_old_code_required_is_required(engine: Engine, stages: list[str]) -> None:
    for member in ("Name", "StartAt", "Stages"):
        body = {"Name": fresh("wf"), "StartAt": stages[0], "Stages": {stages[0]: {"End": True}}}
        del body[member]
        refused(engine.http.post("workflow", json=body), 400, member)


def test_a_name_that_is_taken_is_a_conflict_whether_the_definition_is_equal_or_not(
    engine: Engine, stages: list[str]
) -> None:
    name = workflow_of(engine, stages[0])
    before = everything(engine)

    for stage in stages[:2]:
        body = {"Name": name, "StartAt": stage, "Stages": {stage: {"End": True}}}
        refused(engine.http.post("workflow", json=body), 409, name, "already exists")

    assert everything(engine) == before


def test_a_stage_entry_with_end_false_and_a_next_goes_on(engine: Engine) -> None:
    first, last = (engine.stage(engine.operation("echo", Make={key: "ran"})) for key in ("one", "two"))
    name = fresh("wf")

    engine.ok(
        "POST",
        "workflow",
        {"Name": name, "StartAt": first, "Stages": {first: {"End": False, "Next": last}, last: {"End": True}}},
    )

    assert engine.run(name)["Globals"]["MetaData"] == {"one": "ran", "two": "ran"}


def test_a_workflow_may_use_the_stages_of_operations(engine: Engine) -> None:
    one, two = engine.operation("echo", Make={"one": 1}), engine.operation("echo", Make={"two": 2})

    run = engine.run(workflow_of(engine, f"_{one}", f"_{two}"))

    assert run["Globals"]["MetaData"] == {"one": 1, "two": 2}


# -- PUT -------------------------------------------------------------------------------------------------------


def test_every_put_makes_a_revision_and_its_numbers_grow(engine: Engine, stages: list[str]) -> None:
    name = workflow_of(engine, stages[0])
    first = engine.ok("GET", f"workflow/{name}")

    second = engine.ok("PUT", "workflow", {"Name": name})
    third = engine.ok(
        "PUT",
        "workflow",
        {"Name": name, "StartAt": stages[1], "Stages": {stages[1]: {"Next": stages[2]}, stages[2]: {"End": True}}},
    )

    assert [(one["Revisions"], one["Version"]) for one in (first, second, third)] == [
        ("1", "v0"),
        ("2", "v2"),
        ("3", "v3"),
    ]
    for later in (second, third):
        assert [later[member] for member in ("Id", "Created", "Trigger")] == [
            first[member] for member in ("Id", "Created", "Trigger")
        ]
    assert list(second["Stages"]) == [stages[0]]
    assert (third["StartAt"], set(third["Stages"])) == (stages[1], set(stages[1:]))
    assert engine.ok("GET", f"workflow/{name}") == third


def test_a_change_that_could_not_run_is_refused(engine: Engine, stages: list[str], subtests: pytest.Subtests) -> None:
    good = {"Name": workflow_of(engine, stages[0])}
    before = everything(engine)

    cases: list[tuple[dict[str, Any], str]] = [
        ({"Name": "nobody"}, "nobody"),
        ({"Name": None}, "Name"),
        ({"StartAt": "nowhere"}, "nowhere"),
        ({"Stages": {"nowhere": {"End": True}}}, "StartAt"),
        ({"StartAt": "nowhere", "Stages": {"nowhere": {"End": True}}}, "nowhere"),
    ]
    for change, word in cases:
        with subtests.test(change=change):
            body = {name: value for name, value in {**good, **change}.items() if value is not None}
            refused(engine.http.put("workflow", json=body), 400, word)

    assert everything(engine) == before


def test_a_live_run_keeps_its_revision_and_later_runs_use_the_new_one(engine: Engine, gate: Gate) -> None:
    waits, old, new = gate.operation(), engine.operation("echo", Make={"by": "old"}), engine.operation("echo")
    engine.ok(
        "PUT",
        "workflow/operation",
        {"Name": new, "Configuration": {"MediaType": "Video", "Enabled": True, "Make": {"by": "new"}}},
    )
    begin, before, after = engine.stage(waits), engine.stage(old), engine.stage(new)
    name = workflow_of(engine, begin, before)
    live = engine.start(name)
    engine.until(lambda: engine.get(live), lambda run: run["Status"] == "Started")

    chain = {begin: {"Next": after}, after: {"End": True}}
    engine.ok("PUT", "workflow", {"Name": name, "StartAt": begin, "Stages": chain})
    later = engine.start(name)
    gate.open()

    first, second = engine.ended(live), engine.ended(later)
    assert (first["Status"], first["Globals"]["MetaData"]) == ("Complete", {"by": "old"})
    assert (second["Status"], second["Globals"]["MetaData"]) == ("Complete", {"by": "new"})
    assert (first["Workflow"]["Revisions"], second["Workflow"]["Revisions"]) == ("1", "2")
    assert (set(first["Workflow"]["Stages"]), set(second["Workflow"]["Stages"])) == ({begin, before}, {begin, after})
    assert first["Workflow"]["Id"] == second["Workflow"]["Id"]


def test_a_live_run_keeps_the_operations_configuration_that_it_began_with(engine: Engine, gate: Gate) -> None:
    last = engine.operation("echo", Make={"by": "old"})
    name = engine.workflow([gate.operation()], [last])
    live = engine.start(name)
    engine.until(lambda: engine.get(live), lambda run: run["Status"] == "Started")

    changed = {"MediaType": "Video", "Enabled": True, "Make": {"by": "new"}}
    engine.ok("PUT", "workflow/operation", {"Name": last, "Configuration": changed})
    engine.ok("PUT", "workflow", {"Name": name})
    gate.open()

    assert engine.ended(live)["Globals"]["MetaData"] == {"by": "old"}
    assert engine.run(name)["Globals"]["MetaData"] == {"by": "new"}


# -- GET -------------------------------------------------------------------------------------------------------


def test_an_unknown_workflow_is_not_found(untouched: Engine) -> None:
    name = fresh("wf")

    refused(untouched.http.get(f"workflow/{name}"), 404, name, "not found")
    refused(untouched.http.get(f"workflow/configuration/{name}"), 404, name, "not found")
    refused(untouched.http.delete(f"workflow/{name}"), 404, name, "not found")
    refused(untouched.http.delete(f"workflow/{name}?force=true"), 404, name, "not found")


def test_the_configuration_of_a_workflow_is_by_stage_and_operation(engine: Engine) -> None:
    one, two = engine.operation("echo", Number=5), engine.operation("echo", Number=0.1)
    first, last = engine.stage(one, two), engine.stage(two)

    found = engine.ok("GET", f"workflow/configuration/{workflow_of(engine, first, last)}")

    base = {"MediaType": "Video", "Enabled": True}
    assert found == {
        first: {one: {**base, "Number": 5}, two: {**base, "Number": 0.1}},
        last: {two: {**base, "Number": 0.1}},
    }


def test_workflows_are_listed_by_operation_and_by_stage_as_whole_documents(engine: Engine) -> None:
    one, two = engine.operation("echo"), engine.operation("echo")
    both, only = engine.stage(one, two), engine.stage(two)
    with_both, with_only = workflow_of(engine, both), workflow_of(engine, only)

    for path, expected in (
        (f"operation/{one}", [with_both]),
        (f"operation/{two}", sorted([with_both, with_only])),
        (f"stage/{both}", [with_both]),
        (f"stage/{only}", [with_only]),
        (f"operation/{fresh()}", []),
        (f"stage/{fresh()}", []),
    ):
        listed = engine.ok("GET", f"workflow/list/{path}")
        assert sorted(entry["Name"] for entry in listed) == expected, path
        for entry in listed:
            assert entry == engine.ok("GET", f"workflow/{entry['Name']}")


def test_a_workflow_that_no_longer_uses_a_stage_is_not_listed_by_it(engine: Engine, stages: list[str]) -> None:
    name = workflow_of(engine, stages[0])

    engine.ok("PUT", "workflow", {"Name": name, "StartAt": stages[1], "Stages": {stages[1]: {"End": True}}})

    assert engine.ok("GET", f"workflow/list/stage/{stages[0]}") == []
    assert [entry["Name"] for entry in engine.ok("GET", f"workflow/list/stage/{stages[1]}")] == [name]
    assert engine.ok("DELETE", f"workflow/stage/{stages[0]}")["Name"] == stages[0]


def test_the_list_is_an_array_of_whole_workflows(engine: Engine, stages: list[str]) -> None:
    name = workflow_of(engine, *stages)

    listed = {entry["Name"]: entry for entry in engine.ok("GET", "workflow")}

    assert listed[name] == engine.ok("GET", f"workflow/{name}")


# -- DELETE ----------------------------------------------------------------------------------------------------


def test_a_deleted_workflow_is_answered_and_gone_and_its_stages_are_free(engine: Engine, stages: list[str]) -> None:
    name = workflow_of(engine, stages[0])
    was = engine.ok("GET", f"workflow/{name}")

    assert engine.ok("DELETE", f"workflow/{name}") == was

    refused(engine.http.get(f"workflow/{name}"), 404)
    body = {"Name": name, "Input": engine.video()}
    refused(engine.http.post("workflow/execution", json=body), 400, name)
    assert engine.ok("DELETE", f"workflow/stage/{stages[0]}")["Name"] == stages[0]


def test_a_workflow_may_be_made_again_under_the_name_of_a_deleted_one(engine: Engine, stages: list[str]) -> None:
    name = workflow_of(engine, stages[0])
    first = engine.ok("DELETE", f"workflow/{name}")

    body = {"Name": name, "StartAt": stages[1], "Stages": {stages[1]: {"End": True}}}
    again = engine.ok("POST", "workflow", body)

    assert again["Id"] != first["Id"]
    assert again["Revisions"] == "1"
    assert engine.run(name)["Status"] == "Complete"


def test_a_workflow_with_a_live_run_is_kept_and_runs_on(engine: Engine, gate: Gate) -> None:
    name = engine.workflow([gate.operation()])
    live = engine.start(name)
    engine.until(lambda: engine.get(live), lambda run: run["Status"] == "Started")

    for query in ("", "?force=false", "?force=True"):
        refused(engine.http.delete(f"workflow/{name}{query}"), 409, name, live, "force=true")

    assert machine_exists(engine, engine.ok("GET", f"workflow/{name}")["StateMachineArn"])
    other = engine.start(name)
    gate.open()
    assert [engine.ended(run)["Status"] for run in (live, other)] == ["Complete", "Complete"]
    assert engine.ok("DELETE", f"workflow/{name}")["Name"] == name


def test_force_deletes_a_workflow_and_cancels_its_live_runs(engine: Engine, gate: Gate) -> None:
    name, spared = engine.workflow([gate.operation()]), engine.workflow([gate.operation()])
    live, other = engine.start(name), engine.start(spared)
    for run in (live, other):
        engine.until(lambda run=run: engine.get(run), lambda found: found["Status"] == "Started")

    assert engine.ok("DELETE", f"workflow/{name}?force=true")["Name"] == name

    refused(engine.http.get(f"workflow/{name}"), 404)
    ended = engine.get(live)
    assert ended["Status"] == "Canceled"
    assert ended["Workflow"]["Name"] == name
    gate.open()
    assert engine.ended(other)["Status"] == "Complete"


def test_runs_of_a_deleted_workflow_are_still_read(engine: Engine) -> None:
    name = engine.workflow([engine.operation("echo", Make={"kept": 0.1})])
    run = engine.run(name)

    engine.ok("DELETE", f"workflow/{name}")

    assert engine.get(run["Id"]) == run
    assert run["Id"] in [entry["Id"] for entry in engine.ok("GET", "workflow/execution?limit=5")]
