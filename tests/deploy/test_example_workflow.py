"""`cfn/example-workflow.yaml` as its reader uses it: deployed, run, updated, deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.system.conftest import Engine

TEMPLATE = (Path(__file__).parents[2] / "cfn" / "example-workflow.yaml").read_text(encoding="utf-8")
KINDS = ("workflow/operation", "workflow/stage", "workflow")


def deploy(cloudformation: Any, method: str, template: str = TEMPLATE, **parameters: str) -> dict[str, Any]:
    """The stack afterwards."""
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    getattr(cloudformation, method)(
        StackName="word", TemplateBody=template, Parameters=given, Capabilities=["CAPABILITY_IAM"]
    )
    [stack] = cloudformation.describe_stacks(StackName="word")["Stacks"]
    return dict(stack)


def greetings(engine: Engine) -> list[str]:
    run = engine.run("word-workflow", Input=engine.video())
    assert run["Status"] == "Complete", run
    found: list[str] = run["Globals"]["MetaData"]["Greetings"]
    return found


def names(engine: Engine) -> dict[str, set[str]]:
    """Everything that is defined, by kind."""
    return {kind: {entry["Name"] for entry in engine.ok("GET", kind)} for kind in KINDS}


def reasons(cloudformation: Any) -> dict[str, str]:
    events = cloudformation.describe_stack_events(StackName="word")["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
    return {event["LogicalResourceId"]: event["ResourceStatusReason"] for event in failed}


@pytest.fixture
def account(engine: Engine, cloudformation: Any) -> Any:
    """Everything there is, before the test and, when its stack is deleted, after it."""
    before = everything(engine)
    yield
    cloudformation.delete_stack(StackName="word")
    assert everything(engine) == before


def everything(engine: Engine) -> dict[str, Any]:
    aws = engine.aws
    return {
        "definitions": names(engine),
        "functions": {entry["FunctionName"] for entry in aws.client("lambda").list_functions()["Functions"]},
        "roles": {entry["RoleName"] for entry in aws.client("iam").list_roles()["Roles"]},
        "buckets": {entry["Name"] for entry in aws.client("s3").list_buckets()["Buckets"]},
        "stacks": {entry["StackName"] for entry in aws.client("cloudformation").describe_stacks()["Stacks"]},
    }


def test_it_is_deployed_run_and_deleted_without_a_trace(account: None, engine: Engine, cloudformation: Any) -> None:
    stack = deploy(cloudformation, "create_stack")

    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(cloudformation)
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert outputs["Workflow"] == "word-workflow"
    assert outputs["StateMachine"] == engine.ok("GET", "workflow/word-workflow")["StateMachineArn"]
    assert greetings(engine) == ["Hello, Video!"]


def test_numbers_and_flags_have_their_types_again(account: None, engine: Engine, cloudformation: Any) -> None:
    deploy(cloudformation, "create_stack", Times="3")

    operation = engine.ok("GET", "workflow/operation/word-greet")

    assert operation["Configuration"] == {
        "MediaType": "MetadataOnly",
        "Enabled": True,
        "Greeting": "Hello",
        "Times": 3,
    }
    assert operation["TimeoutSeconds"] == 30
    assert operation["ConfigurationSchema"]["properties"]["Times"] == {"type": "integer", "minimum": 1, "maximum": 10}


def test_an_update_reaches_the_workflow(account: None, engine: Engine, cloudformation: Any) -> None:
    deploy(cloudformation, "create_stack")
    before = cloudformation.list_stack_resources(StackName="word")["StackResourceSummaries"]

    stack = deploy(cloudformation, "update_stack", Greeting="Good day", Times="2")

    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons(cloudformation)
    assert greetings(engine) == ["Good day, Video!"] * 2
    after = cloudformation.list_stack_resources(StackName="word")["StackResourceSummaries"]
    assert ids(after) == ids(before)


def ids(resources: list[dict[str, Any]]) -> dict[str, str]:
    return {entry["LogicalResourceId"]: entry["PhysicalResourceId"] for entry in resources}


def test_another_name_is_another_definition(account: None, engine: Engine, cloudformation: Any) -> None:
    deploy(cloudformation, "create_stack")

    stack = deploy(
        cloudformation, "update_stack", TEMPLATE.replace("AWS::StackName}-greeting", "AWS::StackName}-hail")
    )

    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons(cloudformation)
    assert {"word-hail"} == {name for name in names(engine)["workflow/stage"] if name.startswith("word-")}
    assert list(engine.ok("GET", "workflow/word-workflow")["Stages"]) == ["word-hail"]
    assert greetings(engine) == ["Hello, Video!"]


def test_what_the_api_refuses_is_taken_back(account: None, engine: Engine, cloudformation: Any) -> None:
    deploy(cloudformation, "create_stack")
    bad = TEMPLATE.replace("AWS::StackName}-greeting", "AWS::StackName}-hail").replace(
        '"End": true', '"Next": "Nowhere"'
    )

    stack = deploy(cloudformation, "update_stack", bad, Times="2")

    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Nowhere" in reasons(cloudformation)["GreetWorkflow"]
    assert greetings(engine) == ["Hello, Video!"]
    assert {name for name in names(engine)["workflow/stage"] if name.startswith("word-")} == {"word-greeting"}


@pytest.mark.parametrize(
    ("change", "resource", "reason"),
    [
        (("      Type: Sync\n", ""), "GreetOperation", "'Type' is a required property"),
        (
            ("ResourceType: STAGE", "ResourceType: STEP"),
            "GreetStage",
            "'STEP' is not one of OPERATION, STAGE, WORKFLOW",
        ),
        (("StartAt: !GetAtt GreetStage.Name", "StartAt: Nothing"), "GreetWorkflow", "Nothing"),
        (("Enabled: true", "Enabled: perhaps"), "GreetOperation", "Enabled: 'perhaps' is not of type boolean"),
        (
            ("Times: !Ref Times", "Times: many"),
            "GreetOperation",
            "Configuration.Times: 'many' is not of type integer",
        ),
        (
            ("!GetAtt GreetFunction.Arn", "arn:aws:lambda:us-east-1:123456789012:function:none"),
            "GreetOperation",
            "none",
        ),
    ],
)
def test_what_the_api_refuses_fails_the_stack_with_its_reason(
    account: None, cloudformation: Any, change: tuple[str, str], resource: str, reason: str
) -> None:
    assert change[0] in TEMPLATE

    stack = deploy(cloudformation, "create_stack", TEMPLATE.replace(*change))

    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reason in reasons(cloudformation)[resource]


def test_a_name_that_is_taken_stays_its_owners(account: None, engine: Engine, cloudformation: Any) -> None:
    owners = {"Name": "word-workflow", "StartAt": "_owners", "Stages": {"_owners": {"End": True}}}
    engine.ok("POST", "workflow/operation", {**WAIT, "Name": "owners"})
    workflow = engine.ok("POST", "workflow", owners)

    stack = deploy(cloudformation, "create_stack")

    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "already exists" in reasons(cloudformation)["GreetWorkflow"]
    assert engine.ok("GET", "workflow/word-workflow")["Id"] == workflow["Id"]
    engine.ok("DELETE", "workflow/word-workflow")
    engine.ok("DELETE", "workflow/operation/owners")


WAIT = {"Type": "Wait", "Configuration": {"MediaType": "MetadataOnly", "Enabled": True}}


def test_what_was_made_anew_by_others_outlives_the_stack(engine: Engine, cloudformation: Any) -> None:
    deploy(cloudformation, "create_stack")
    engine.ok("DELETE", "workflow/word-workflow")
    engine.ok("POST", "workflow/operation", {**WAIT, "Name": "others"})
    body = {"Name": "word-workflow", "StartAt": "_others", "Stages": {"_others": {"End": True}}}
    workflow = engine.ok("POST", "workflow", body)

    cloudformation.delete_stack(StackName="word")

    assert engine.ok("GET", "workflow/word-workflow")["Id"] == workflow["Id"]
    engine.ok("DELETE", "workflow/word-workflow")
    engine.ok("DELETE", "workflow/operation/others")
    assert engine.http.get("workflow/operation/word-greet").status_code == 404


def test_an_engine_of_another_name_is_not_found(account: None, cloudformation: Any) -> None:
    stack = deploy(cloudformation, "create_stack", MediawrightStack="other")

    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "other:WorkflowCustomResourceArn" in str(reasons(cloudformation))


def test_a_bad_parameter_never_becomes_a_stack(cloudformation: Any) -> None:
    with pytest.raises(cloudformation.exceptions.ClientError, match="Parameter 'Times' must be a number not greater"):
        deploy(cloudformation, "create_stack", Times="11")
    with pytest.raises(cloudformation.exceptions.ClientError, match="must be the name of the stack that Mediawright"):
        deploy(cloudformation, "create_stack", MediawrightStack="no name")
