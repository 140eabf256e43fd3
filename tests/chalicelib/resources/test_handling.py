"""Every request that CloudFormation may send, in any order, once and twice, beside others who use the same names."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.definitions import live, operations, stages, workflows
from chalicelib.resources import handling
from chalicelib.resources.handling import Done
from chalicelib.resources.request import parse
from chalicelib.web.errors import BadRequestError, ConflictError, NotFoundError

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/mine/1"
OPERATION = {
    "ResourceType": "OPERATION",
    "Name": "greet",
    "Type": "Wait",
    "Configuration": {"MediaType": "MetadataOnly", "Enabled": "true"},
}


def event(kind: str, properties: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "RequestType": kind,
        "StackId": STACK,
        "LogicalResourceId": "Thing",
        "RequestId": str(uuid.uuid4()),
        "ResourceProperties": {"ServiceToken": "arn", "ServiceTimeout": "60", **properties},
        **members,
    }


def ask(kind: str, properties: dict[str, Any], **members: Any) -> Done:
    return handling.handle(parse(event(kind, properties, **members)))


def update(physical: str, properties: dict[str, Any], old: dict[str, Any], **members: Any) -> Done:
    return ask("Update", properties, PhysicalResourceId=physical, OldResourceProperties=old, **members)


def delete(physical: str, properties: dict[str, Any] = OPERATION, **members: Any) -> Done:
    return ask("Delete", properties, PhysicalResourceId=physical, **members)


def exists(name: str = "greet") -> bool:
    try:
        operations.read(name)
    except NotFoundError:
        return False
    return True


def by_api(name: str = "greet") -> dict[str, Any]:
    body = {name: value for name, value in OPERATION.items() if name != "ResourceType"}
    configuration = {"MediaType": "MetadataOnly", "Enabled": True}
    return operations.create({**body, "Name": name, "Configuration": configuration})


@pytest.fixture(autouse=True)
def nobody_runs(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live._RUNS, "live", lambda _: [])


def test_an_operation_is_made_with_the_types_of_the_api() -> None:
    done = ask("Create", {**OPERATION, "TimeoutSeconds": "60"})

    made = operations.read("greet")
    assert done.physical_id == f"operation/greet/{made['Id']}"
    assert done.data == {"Message": "Resource creation successful!", "Name": "greet", "StageName": "_greet"}
    assert (made["Configuration"]["Enabled"], made["TimeoutSeconds"]) == (True, 60)
    assert "ServiceToken" not in made
    assert made["ManagedBy"]["LogicalResourceId"] == "Thing"


@pytest.mark.parametrize("spelled", ["Operation", "operation", "OPERATION"])
def test_the_old_spelling_of_the_type_is_known(spelled: str) -> None:
    assert ask("Create", {**OPERATION, "ResourceType": spelled}).data["Name"] == "greet"


def test_stages_and_workflows_are_made_and_told(function: Callable[[str], str]) -> None:
    ask("Create", OPERATION)

    stage = ask("Create", {"ResourceType": "STAGE", "Name": "hail", "Operations": ["greet"]})
    workflow = ask(
        "Create",
        {"ResourceType": "WORKFLOW", "Name": "whole", "StartAt": "hail", "Stages": '{"hail": {"End": true}}'},
    )

    assert stage.data["StateMachineArn"] == stages.read("hail")["StateMachineArn"]
    assert workflow.data["StateMachineArn"] == workflows.read("whole")["StateMachineArn"]
    assert workflows.read("whole")["Trigger"] == "custom-resource"


def test_stages_of_a_workflow_may_be_an_object_of_texts() -> None:
    ask("Create", OPERATION)

    ask(
        "Create",
        {"ResourceType": "WORKFLOW", "Name": "w", "StartAt": "_greet", "Stages": {"_greet": {"End": "true"}}},
    )

    assert workflows.read("w")["Stages"]["_greet"]["End"] is True


def test_overrides_of_a_stage_have_the_types_of_each_operations_own_schema() -> None:
    own = {"type": "object", "properties": {"Times": {"type": "integer"}}}
    ask("Create", {**OPERATION, "ConfigurationSchema": own})

    overrides = {"greet": {"Enabled": "false", "Times": "3"}}
    ask("Create", {"ResourceType": "STAGE", "Name": "hail", "Operations": ["greet"], "Configuration": overrides})

    found = stages.read("hail")["Configuration"]["greet"]
    assert (found["Enabled"], found["Times"]) == (False, 3)


def test_the_same_creation_delivered_twice_is_one() -> None:
    twice = event("Create", OPERATION)
    first = handling.handle(parse(twice))
    update(first.physical_id, {**OPERATION, "TimeoutSeconds": "60"}, OPERATION)

    again = handling.handle(parse(twice))

    assert again.physical_id == first.physical_id
    assert operations.read("greet")["TimeoutSeconds"] == 60


def test_a_name_clash_leaves_the_owners_definition_alone() -> None:
    owners = by_api()
    clash = event("Create", OPERATION)

    with pytest.raises(ConflictError, match="already exists"):
        handling.handle(parse(clash))
    delete(f"not-created/{clash['RequestId']}", RequestId=clash["RequestId"])

    assert operations.read("greet")["Id"] == owners["Id"]


@pytest.mark.parametrize("other", [{"StackId": STACK + "2"}, {"LogicalResourceId": "Other"}])
def test_nor_may_another_resource_take_it_over(other: dict[str, str]) -> None:
    done = ask("Create", OPERATION)

    with pytest.raises(ConflictError):
        ask("Create", OPERATION, **other)
    with pytest.raises(ConflictError):
        update("operation/x/1", OPERATION, OPERATION, **other)
    delete("not-created/1", **other)
    delete("whatever", **other)

    assert f"operation/greet/{operations.read('greet')['Id']}" == done.physical_id


def test_a_deletion_twice_is_one() -> None:
    done = ask("Create", OPERATION)

    for _ in range(2):
        assert delete(done.physical_id).physical_id == done.physical_id

    assert not exists()


def test_what_was_made_anew_under_the_same_name_is_not_deleted() -> None:
    done = ask("Create", OPERATION)
    operations.delete("greet", force=True)
    by_api()

    delete(done.physical_id)

    assert exists()


def test_a_creation_that_was_never_answered_is_deleted() -> None:
    unanswered = event("Create", OPERATION)
    handling.handle(parse(unanswered))

    delete("mine-Thing-1ABCDEF")

    assert not exists()


def test_a_creation_that_came_too_late_is_taken_back() -> None:
    late = parse(event("Create", OPERATION))
    handling.handle(late)

    handling.take_back(late)

    assert not exists()


def test_an_update_changes_and_takes_back() -> None:
    old = {**OPERATION, "TimeoutSeconds": "60", "MaxConcurrent": "2"}
    done = ask("Create", old)

    again = update(done.physical_id, {**OPERATION, "MaxConcurrent": "3"}, old)

    made = operations.read("greet")
    assert again.physical_id == done.physical_id
    assert (made["MaxConcurrent"], made["TimeoutSeconds"]) == (3, 31536000)


def test_an_update_to_another_name_makes_a_new_one_and_back_again() -> None:
    done = ask("Create", OPERATION)
    other = {**OPERATION, "Name": "hail"}

    moved = update(done.physical_id, other, OPERATION)
    assert (moved.physical_id.split("/")[1], exists(), exists("hail")) == ("hail", True, True)

    back = update(moved.physical_id, OPERATION, other)  # a rollback: the first is still there
    delete(moved.physical_id, other)
    assert back.physical_id == done.physical_id
    assert (exists(), exists("hail")) == (True, False)


def test_an_update_of_what_somebody_deleted_makes_it_anew() -> None:
    done = ask("Create", OPERATION)
    operations.delete("greet", force=True)

    again = update(done.physical_id, OPERATION, OPERATION)
    delete(done.physical_id)

    assert again.physical_id != done.physical_id
    assert exists()


def test_an_update_of_what_somebody_else_has_now_is_refused() -> None:
    done = ask("Create", OPERATION)
    operations.delete("greet", force=True)
    by_api()

    with pytest.raises(ConflictError):
        update(done.physical_id, OPERATION, OPERATION)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ResourceType": "THING"}, "ResourceType: 'THING' is not one of OPERATION, STAGE, WORKFLOW"),
        ({"ResourceType": {"a": 1}}, "ResourceType"),
        ({"Name": "no name"}, "Name: a name consists of"),
        ({"Name": {"a": "b"}}, "Name"),
        ({"Configuration": "text"}, "Configuration"),
        ({"Configuration": {"Enabled": "true"}}, "MediaType"),
        ({"Type": "Other"}, "Type: 'Other' is not one of"),
        ({"TimeoutSeconds": "long"}, "TimeoutSeconds: 'long' is not of type integer"),
        ({"ConfigurationSchema": "text"}, "ConfigurationSchema"),
    ],
)
def test_what_is_wrong_is_refused_and_leaves_nothing(change: dict[str, Any], message: str) -> None:
    wrong = event("Create", {**OPERATION, **change})

    with pytest.raises(BadRequestError, match=message):
        handling.handle(parse(wrong))
    delete(f"not-created/{wrong['RequestId']}", {**OPERATION, **change})

    assert not exists()


@pytest.mark.parametrize(
    "broken",
    [
        {"RequestType": "Upsert"},
        {"StackId": None},
        {"RequestId": 7},
        {"LogicalResourceId": ""},
        {"ResourceProperties": "text"},
    ],
)
def test_an_event_that_cloudformation_does_not_send_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError, match=next(iter(broken))):
        parse({**event("Create", OPERATION), **broken})


def test_a_workflow_with_live_runs_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    ask("Create", OPERATION)
    properties = {"ResourceType": "WORKFLOW", "Name": "w", "StartAt": "_greet", "Stages": '{"_greet": {"End": true}}'}
    done = ask("Create", properties)
    monkeypatch.setattr(live._RUNS, "live", lambda _: ["run-1"])

    with pytest.raises(ConflictError, match="run-1"):
        delete(done.physical_id, properties)
