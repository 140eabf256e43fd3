"""What state machines may invoke: by tag, without any policy that grows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infrastructure.local.iam import roles
from infrastructure.local.iam.actions import table
from infrastructure.local.iam.actions.place import Place
from infrastructure.local.iam.denials import DENIALS
from infrastructure.local.iam.guard import ACCOUNT
from tests.system.conftest import Engine


def policies(engine: Engine) -> dict[str, str]:
    """Every inline policy of every role of the account, as text."""
    iam = engine.aws.client("iam")
    found = {}
    for role in (role["RoleName"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]):
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            found[f"{role}/{name}"] = json.dumps(policy)
    return found


def tags(engine: Engine, arn: str) -> dict[str, str]:
    found: dict[str, str] = engine.aws.client("lambda").list_tags(Resource=arn)["Tags"]
    return found


def own_function(engine: Engine, name: str) -> str:
    """A function for one test alone."""
    answer = engine.aws.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=engine._role,
        Handler="kit.echo",
        Code={"ZipFile": engine._archive},
    )
    arn: str = answer["FunctionArn"]
    return arn


def register(engine: Engine, name: str, arn: str) -> Any:
    body = {"Name": name, "Type": "Sync", "Configuration": {"MediaType": "Video", "Enabled": True}}
    return engine.http.post("workflow/operation", json={**body, "StartLambdaArn": arn})


def test_two_hundred_operations_are_registered_and_no_policy_grows(engine: Engine) -> None:
    before = policies(engine)

    for number in range(200):
        assert register(engine, f"many-{number}", own_function(engine, f"many-{number}")).status_code == 200

    assert policies(engine) == before
    assert any("WorkflowRole" in name for name in before)
    for number in range(200):
        engine.ok("DELETE", f"workflow/operation/many-{number}")
    assert policies(engine) == before


@pytest.mark.parametrize("qualifier", ["", ":live", ":1"])
def test_registering_lets_machines_invoke_a_function_its_versions_and_aliases(engine: Engine, qualifier: str) -> None:
    name = f"granted-{qualifier.strip(':') or 'plain'}"
    arn = own_function(engine, name)
    functions = engine.aws.client("lambda")
    functions.publish_version(FunctionName=name)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    assert register(engine, name, arn + qualifier).status_code == 200

    run = engine.run(engine.workflow([name]))

    assert run["Status"] == "Complete", run
    assert tags(engine, arn) == {"mediawright": "mediawright"}


def test_a_function_whose_tag_was_taken_off_is_not_invoked(engine: Engine) -> None:
    arn = own_function(engine, "untagged")
    assert register(engine, "untagged", arn).status_code == 200
    workflow = engine.workflow(["untagged"])
    engine.aws.client("lambda").untag_resource(Resource=arn, TagKeys=["mediawright"])

    run = engine.run(workflow)

    assert run["Status"] == "Error"
    assert "not authorized to perform: lambda:InvokeFunction" in json.dumps(run)
    assert {(denial.action, denial.resource) for denial in DENIALS.take()} == {("lambda:InvokeFunction", arn)}


@pytest.mark.parametrize(
    ("arn", "word"),
    [
        ("arn:aws:lambda:eu-west-1:123456789012:function:f", "its own Region"),
        ("arn:aws:lambda:us-east-1:999999999999:function:f", "OperatorFunctionArns"),
        ("arn:aws:lambda:us-east-1:123456789012:function:nobody", "no such function"),
    ],
)
def test_what_can_not_be_granted_is_refused_with_the_reason(engine: Engine, arn: str, word: str) -> None:
    answer = register(engine, "refused", arn)

    assert answer.status_code == 400
    assert word in answer.json()["Message"]
    assert "StartLambdaArn" in answer.json()["Message"]


def test_no_function_of_the_engine_becomes_an_operator(engine: Engine) -> None:
    functions = engine.aws.client("lambda")
    own = [entry for entry in functions.list_functions()["Functions"] if entry["Handler"].startswith("app.")]
    assert own

    for entry in own:
        answer = register(engine, "refused", entry["FunctionArn"])
        assert answer.status_code == 400, entry["FunctionName"]
        assert "a function of the engine itself" in answer.json()["Message"]


@pytest.mark.parametrize(("tag", "granted"), [("another", False), ("mediawright", True), (None, True)])
def test_no_role_may_touch_the_tag_of_another_stack(engine: Engine, tag: str | None, granted: bool) -> None:
    arn = own_function(engine, f"tagged-{tag}")
    if tag:
        engine.aws.client("lambda").tag_resource(Resource=arn, Tags={"mediawright": tag})
    names = [name.partition("/")[0] for name in policies(engine) if "APIHandlerRole" in name]
    held = roles.policies_of(names[0], ACCOUNT)
    assert held is not None
    here, ours = Place(ACCOUNT, "us-east-1"), {"mediawright": "mediawright"}

    [tagging] = table.requests("lambda", "TagResource", {"Resource": arn, "Tags": ours}, here)
    [untagging] = table.requests("lambda", "UntagResource", {"Resource": arn, "TagKeys": ["mediawright"]}, here)

    assert (held.allow(tagging), held.allow(untagging)) == (granted, granted)
