"""The engine's own stack in its life: changed parameters, a run, deletion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.local.embedded import STACK, EmbeddedAws
from tests.deploy.conftest import PARAMETERS, at, failures, update
from tests.system.conftest import Engine

RETAINED = {"DefinitionsTable", "ExecutionsTable", "AssetsTable", "SystemTable", "DataBucket", "LogBucket"}
HOOK = {"Name": "mine", "Url": "http://127.0.0.1:9/hook"}


@pytest.fixture
def own() -> Iterator[Engine]:
    """An engine of the test's own, which it may destroy."""
    with EmbeddedAws(port=0, aws_port=0, parameters=PARAMETERS) as aws:
        engine = Engine(aws)
        yield engine
        engine.http.close()


def test_networks_for_webhooks_take_effect_in_the_running_engine(own: Engine) -> None:
    client = at(own.aws, "cloudformation")
    refused = own.http.post("system/webhook", json=HOOK)
    assert (refused.status_code, "Url" in refused.text) == (400, True)

    assert update(client, WebhookAllowedNetworks="127.0.0.0/8") == "UPDATE_COMPLETE", failures(client)

    assert own.ok("POST", "system/webhook", HOOK)["Name"] == "mine"
    client.close()


def test_the_tables_are_what_they_were_after_an_update(own: Engine) -> None:
    client, operation = at(own.aws, "cloudformation"), own.operation("echo")
    arns = tables(own)

    assert update(client, DeletionProtection="Yes", LogRetentionDays="7") == "UPDATE_COMPLETE", failures(client)

    assert tables(own) == arns
    assert own.ok("GET", f"workflow/operation/{operation}")["Name"] == operation
    table = own.aws.client("dynamodb").describe_table(TableName=own.aws.outputs["SystemTable"])["Table"]
    assert table["DeletionProtectionEnabled"] is True
    [group] = own.aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/mediawright-Sweep")[
        "logGroups"
    ]
    assert group["retentionInDays"] == 7
    client.close()


def tables(engine: Engine) -> dict[str, Any]:
    names = [name for name in engine.aws.outputs if name.endswith("Table")]
    described = engine.aws.client("dynamodb").describe_table
    return {name: described(TableName=engine.aws.outputs[name])["Table"]["CreationDateTime"] for name in names}


def test_operators_come_and_go_with_their_parameter(own: Engine) -> None:
    client = at(own.aws, "cloudformation")

    assert update(client, DeployMediaOperators="No") == "UPDATE_COMPLETE", failures(client)
    assert not operator_functions(own)

    assert update(client, DeployMediaOperators="Yes") == "UPDATE_COMPLETE", failures(client)
    assert operator_functions(own)
    client.close()


def operator_functions(engine: Engine) -> list[str]:
    listed = engine.aws.client("lambda").get_paginator("list_functions").paginate()
    return [
        entry["FunctionName"]
        for page in listed
        for entry in page["Functions"]
        if "-Operator" in entry["FunctionName"]
    ]


def test_a_run_goes_through_the_deployed_resources_and_deletion_leaves_what_is_retained(own: Engine) -> None:
    client = at(own.aws, "cloudformation")
    workflow = own.workflow([own.operation("echo")])
    assert own.run(workflow)["Status"] == "Complete"
    own.aws.wait_idle()
    resources = client.list_stack_resources(StackName=STACK)["StackResourceSummaries"]
    kept = {entry["PhysicalResourceId"] for entry in resources if entry["LogicalResourceId"] in RETAINED}

    groups = {entry["PhysicalResourceId"] for entry in resources if entry["ResourceType"] == "AWS::Logs::LogGroup"}

    client.delete_stack(StackName=STACK)

    listed = own.aws.client("logs").get_paginator("describe_log_groups").paginate()
    assert not groups & {group["logGroupName"] for page in listed for group in page["logGroups"]}
    left = left_behind(own)
    assert left.pop("tables") | left.pop("buckets") == kept
    assert left == {name: set() for name in left}
    assert own.http.get("system/configuration").status_code >= 500
    with pytest.raises(client.exceptions.ClientError, match="does not exist"):
        client.describe_stacks(StackName=STACK)
    client.close()


def left_behind(engine: Engine) -> dict[str, set[str]]:
    """What there is of each service, without what the test itself made and the state machine of its workflow."""
    client = engine.aws.client
    return {
        "tables": set(client("dynamodb").list_tables()["TableNames"]),
        "buckets": {entry["Name"] for entry in client("s3").list_buckets()["Buckets"]},
        "functions": {name for name in _functions(client("lambda")) if not name.startswith("kit-")},
        "roles": {entry["RoleName"] for entry in client("iam").list_roles()["Roles"]} - {"kit"},
        "rules": {entry["Name"] for entry in client("events").list_rules()["Rules"]},
        "queues": set(client("sqs").list_queues().get("QueueUrls", [])),
        "topics": {entry["TopicArn"] for entry in client("sns").list_topics()["Topics"]},
        "subscriptions": {entry["Endpoint"] for entry in client("sns").list_subscriptions()["Subscriptions"]},
        "mappings": {entry["UUID"] for entry in client("lambda").list_event_source_mappings()["EventSourceMappings"]},
        "groups": {entry["Name"] for entry in client("scheduler").list_schedule_groups()["ScheduleGroups"]}
        - {"default"},
        "exports": {entry["Name"] for entry in client("cloudformation").list_exports()["Exports"]},
        "stacks": {entry["StackName"] for entry in client("cloudformation").describe_stacks()["Stacks"]},
        "APIs": {entry["name"] for entry in client("apigateway").get_rest_apis()["items"]},
    }


def _functions(client: Any) -> list[str]:
    pages = client.get_paginator("list_functions").paginate()
    return [entry["FunctionName"] for page in pages for entry in page["Functions"]]
