from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.web.validation import validate
from tests.chalicelib.api import Api, Reply
from tests.chalicelib.definitions.conftest import items, machines

Make = Callable[..., Reply]


def test_a_stage_has_a_machine_and_its_operations_configuration(operation: Make, stage: Make, api: Api) -> None:
    operation("op-a")
    operation("op-b", Configuration={"MediaType": "Audio", "Enabled": False})

    reply = stage("st.1", "op-a", "op-b", Note="kept")

    assert reply.status == 200
    validate("definitions/stage_answer", reply.body)
    assert reply.body["Configuration"] == {
        "op-a": {"MediaType": "Video", "Enabled": True},
        "op-b": {"MediaType": "Audio", "Enabled": False},
    }
    assert reply.body["Note"] == "kept"
    assert (reply.body["Version"], reply.body["ResourceType"]) == ("v0", "STAGE")
    assert list(json.loads(reply.body["Definition"])["States"]) == ["S1 st.1 parallel", "S1 st.1 complete"]
    (machine,) = machines()
    assert reply.body["StateMachineArn"].endswith(f":stateMachine:{machine}")
    assert machine.startswith("st-1-ab12cd-")
    assert api("GET", "/workflow/stage/st.1").body == reply.body
    assert items("retired") == []


def test_an_override_replaces_members_of_the_default(operation: Make, stage: Make) -> None:
    operation("op-a", Configuration={"MediaType": "Video", "Enabled": True, "Rate": 1, "Mode": {"a": 1}})

    reply = stage("st-1", "op-a", Configuration={"op-a": {"Enabled": False, "Mode": {"b": 2}}})

    assert reply.body["Configuration"]["op-a"] == {
        "MediaType": "Video",
        "Enabled": False,
        "Rate": 1,
        "Mode": {"b": 2},
    }


BAD: list[tuple[dict[str, Any], str]] = [
    ({"Name": "_own"}, "Name: '_own' begins with '_'"),
    ({"Name": "End"}, "Name: 'End' is reserved"),
    ({"Name": "a b"}, "Name: a name consists"),
    ({"Name": "a" * 65}, "Name: a name consists"),
    ({"Operations": []}, "Operations: "),
    ({"Operations": "op-a"}, "Operations: 'op-a' is not of type array"),
    ({"Operations": [None]}, "Operations[0]: None is not of type string"),
    ({"Operations": ["op-a", "nobody"]}, "Operations: no operation named 'nobody'"),
    ({"Operations": ["op-a", "op-a"]}, "Operations: 'op-a' is named more than once"),
    ({"Configuration": {"op-x": {}}}, "Configuration.op-x: the stage has no such operation"),
    ({"Configuration": {"op-a": 1}}, "Configuration.op-a: 1 is not of type object"),
    ({"Configuration": {"op-a": {"Enabled": "yes"}}}, "Configuration.op-a.Enabled: 'yes' is not of type boolean"),
    ({"Configuration": {"op-a": {"Rate": "fast"}}}, "Configuration.op-a.Rate: 'fast' is not of type number"),
    ({"Configuration": {"op-a": {"Text": "x" * 70_000}}}, "Configuration: the operations of stage 'st-1' have"),
]


@pytest.mark.parametrize(("members", "message"), BAD)
def test_a_wrong_stage_is_refused_by_naming_the_field_and_leaves_nothing(
    operation: Make, api: Api, members: dict[str, Any], message: str
) -> None:
    operation("op-a", ConfigurationSchema={"properties": {"Rate": {"type": "number"}}})

    reply = api("POST", "/workflow/stage", {"Name": "st-1", "Operations": ["op-a"], **members})

    assert (reply.status, reply.body["Code"]) == (400, "BadRequestError"), reply.body
    assert message in reply.body["Message"], reply.body["Message"]
    assert machines() == []
    assert items("retired") == []
    assert [item["Name"] for item in items("stage")] == ["_op-a"]


def test_a_stage_holds_at_most_forty_operations(api: Api, operation: Make, stage: Make) -> None:
    arn = operation("op-0").body["StartLambdaArn"]
    configuration = {"MediaType": "Video", "Enabled": True}
    for number in range(1, 41):
        body = {"Name": f"op-{number}", "Type": "Sync", "Configuration": configuration, "StartLambdaArn": arn}
        assert api("POST", "/workflow/operation", body).status == 200

    wide = stage("wide", *(f"op-{number}" for number in range(40)))
    wider = stage("wider", *(f"op-{number}" for number in range(41)))

    assert wide.status == 200
    assert (wider.status, "a stage may have 40" in wider.body["Message"]) == (400, True)


def test_a_name_taken_is_a_conflict_and_makes_no_machine(operation: Make, stage: Make) -> None:
    operation("op-a")
    stage("st-1", "op-a")

    reply = stage("st-1", "op-a")

    assert (reply.status, reply.body["Code"]) == (409, "ConflictError")
    assert len(machines()) == 1


def test_a_dry_run_answers_the_stage_and_makes_nothing(operation: Make, api: Api) -> None:
    operation("op-a")

    reply = api("POST", "/workflow/stage?dryRun=true", {"Name": "st-1", "Operations": ["op-a"]})

    validate("definitions/stage_answer", reply.body)
    assert reply.status == 200
    assert machines() == []
    assert api("GET", "/workflow/stage/st-1").status == 404


def test_a_put_with_other_operations_makes_another_machine(operation: Make, stage: Make, api: Api) -> None:
    operation("op-a")
    operation("op-b")
    before = stage("st-1", "op-a").body

    reply = api("PUT", "/workflow/stage", {"Name": "st-1", "Operations": ["op-b"]})

    assert reply.status == 200
    assert (reply.body["Operations"], reply.body["Version"]) == (["op-b"], "v1")
    assert reply.body["StateMachineArn"] != before["StateMachineArn"]
    assert [item["Name"] for item in items("retired")] == [before["StateMachineArn"]]
    assert [item["Name"] for item in items("uses#operation#op-b")] == ["stage#st-1"]
    assert items("uses#operation#op-a") == []


def test_a_put_of_configuration_alone_keeps_the_machine(operation: Make, stage: Make, api: Api) -> None:
    operation("op-a")
    before = stage("st-1", "op-a").body

    reply = api("PUT", "/workflow/stage", {"Name": "st-1", "Configuration": {"op-a": {"Rate": 2}}})

    assert reply.body["Configuration"]["op-a"]["Rate"] == 2
    assert reply.body["StateMachineArn"] == before["StateMachineArn"]
    assert len(machines()) == 1
    assert items("retired") == []


@pytest.mark.parametrize("name", ["nobody", "_op-a"])
def test_a_put_of_no_stage_of_the_users_is_refused(operation: Make, api: Api, name: str) -> None:
    operation("op-a")

    reply = api("PUT", "/workflow/stage", {"Name": name, "Operations": ["op-a"]})

    assert reply.status == 400
    assert reply.body["Message"].startswith("Name: ")


def test_deleting_answers_the_stage_and_retires_its_machine(operation: Make, stage: Make, api: Api) -> None:
    operation("op-a")
    made = stage("st-1", "op-a").body

    reply = api("DELETE", "/workflow/stage/st-1")

    assert (reply.status, reply.body) == (200, made)
    assert api("GET", "/workflow/stage/st-1").status == 404
    assert api("DELETE", "/workflow/stage/st-1").status == 404
    assert [item["Name"] for item in items("retired")] == [made["StateMachineArn"]]
    assert items("uses#operation#op-a") == []


def test_a_stage_in_use_is_deleted_only_by_force(two_stages: Reply, api: Api) -> None:
    refused = api("DELETE", "/workflow/stage/look")
    forced = api("DELETE", "/workflow/stage/look?force=true")

    assert (refused.status, "film" in refused.body["Message"]) == (400, True)
    assert forced.status == 200
    assert api("GET", "/workflow/film").body["StaleStages"] == ["look"]


def test_the_stage_of_an_operation_is_deleted_with_it_only(operation: Make, api: Api) -> None:
    operation("op-a")

    reply = api("DELETE", "/workflow/stage/_op-a?force=true")

    assert (reply.status, "delete the operation" in reply.body["Message"]) == (400, True)


def test_a_stage_shows_its_operations_as_they_are_now(operation: Make, stage: Make, api: Api) -> None:
    operation("op-a")
    stage("st-1", "op-a")
    configuration = {"MediaType": "Audio", "Enabled": True}

    api("PUT", "/workflow/operation", {"Name": "op-a", "Configuration": configuration})

    assert api("GET", "/workflow/stage/st-1").body["Configuration"] == {"op-a": configuration}
    assert [entry["Name"] for entry in api("GET", "/workflow/stage").body] == ["_Wait", "_op-a", "st-1"]
