"""Every resource of the template exists in moto with the properties that matter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions
import pytest
from moto import mock_aws

from infrastructure.local.api.routes import Routes
from infrastructure.local.endpoint import s3_adapters
from infrastructure.local.iam.policies import Request
from infrastructure.local.iam.roles import policies_of
from infrastructure.local.stack.api_body import api_body
from infrastructure.local.stack.deploy import DeployedStack, deploy
from infrastructure.template.expand import expanded
from infrastructure.template.operators import inner_templates
from tests.infrastructure import sample_project

NOT_BY_DEFAULT = (
    "SendsAlarms",
    "SendsAnalyticsAlarms",
    "DeploysAnalytics",
    "DeploysDashboard",
    "DeploysTestResources",
    "HasKmsKey",
    "Traces",
)
API_URL = "http://127.0.0.1:8000/api/"


@dataclass(frozen=True)
class World:
    stack: DeployedStack
    template: dict[str, Any]

    @staticmethod
    @cache
    def client(service: str) -> Any:
        make: Any = boto3.client
        return make(service, region_name="us-east-1")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = sample_project.write(tmp_path_factory.mktemp("stack"))
    handler = "operators.media.some_thing.handler.lambda_handler"
    sample_project.add_operator(folder, "some_thing", {"Name": "Thing", "Handler": handler})
    return folder


@pytest.fixture(scope="module")
def world(project: Path) -> Iterator[World]:
    s3_adapters.install("http://127.0.0.1:1")
    with mock_aws():
        World.client.cache_clear()
        template = expanded(project)
        yield World(deploy(template, World.client, API_URL, inner=inner_templates(project)), template)
        World.client.cache_clear()


def test_an_ordinary_client_reads_the_outputs(world: World) -> None:
    [stack] = world.client("cloudformation").describe_stacks(StackName="mediawright")["Stacks"]
    read = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    assert read == world.stack.outputs
    assert read["WorkflowApiEndpoint"] == read["DataplaneApiEndpoint"] == API_URL
    assert read["MediaOperators"] == "Thing"


def test_an_importing_stack_finds_the_exports(world: World) -> None:
    exports = {export["Name"] for export in world.client("cloudformation").list_exports()["Exports"]}

    assert {"mediawright:DataplaneBucket", "mediawright:WorkflowApiId", "mediawright:Version"} <= exports


def test_every_resource_of_the_template_was_made(world: World) -> None:
    made = world.client("cloudformation").list_stack_resources(StackName="mediawright")["StackResourceSummaries"]

    assert {entry["LogicalResourceId"] for entry in made} >= {
        name
        for name, entry in world.template["Resources"].items()
        if entry["Type"] != "AWS::Lambda::Permission" and entry.get("Condition") not in NOT_BY_DEFAULT
    }


def test_the_executions_table_has_its_stream_indexes_and_expiry(world: World) -> None:
    dynamodb = world.client("dynamodb")
    name = world.stack.outputs["ExecutionsTable"]
    table = dynamodb.describe_table(TableName=name)["Table"]

    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert {index["IndexName"] for index in table["GlobalSecondaryIndexes"]} == {
        "by-time",
        "by-asset",
        "by-workflow",
        "by-status",
        "by-owner",
    }
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["DeletionProtectionEnabled"] is True
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ExpiresAt"}


@pytest.mark.parametrize("key", ["DefinitionsTable", "ExecutionsTable", "AssetsTable", "SystemTable"])
def test_every_table_can_be_recovered(world: World, key: str) -> None:
    described = world.client("dynamodb").describe_continuous_backups(TableName=world.stack.outputs[key])

    recovery = described["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"


def test_the_bucket_is_versioned_encrypted_private_and_tls_only(world: World) -> None:
    s3, bucket = world.client("s3"), world.stack.outputs["DataplaneBucket"]

    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    [rule] = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    [statement] = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_browsers_may_load_and_the_bucket_forgets_old_versions(world: World) -> None:
    s3, bucket = world.client("s3"), world.stack.outputs["DataplaneBucket"]

    [rule] = s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
    assert rule["AllowedMethods"] == ["GET", "PUT", "POST", "HEAD"]
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    forgotten = {
        "forget-old-versions": "",
        "give-up-unfinished-uploads": "",
        "forget-passing-documents": "private/passing/",
        "forget-uploads": "private/uploads/",
    }
    assert {entry["ID"]: entry["Filter"]["Prefix"] for entry in rules} == forgotten
    assert [entry["Expiration"]["Days"] for entry in rules if "Expiration" in entry] == [8, 1]


def test_the_scheduler_mapping_keeps_its_filters(world: World) -> None:
    mappings = world.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert len({mapping["EventSourceArn"] for mapping in mappings}) == 1
    assert len(mappings) == 2
    [mapping] = [mapping for mapping in mappings if mapping["FunctionArn"].endswith("-Scheduler")]

    assert len(mapping["FilterCriteria"]["Filters"]) == 3
    assert mapping["MaximumRetryAttempts"] == 5
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["EventSourceArn"].startswith(f"arn:aws:dynamodb:us-east-1:123456789012:table/{table_name(world)}")


def table_name(world: World) -> str:
    return world.stack.outputs["ExecutionsTable"]


def test_functions_have_role_environment_and_tag(world: World) -> None:
    functions = {function.logical_id: function for function in world.stack.functions}
    api = world.client("lambda").get_function_configuration(FunctionName=functions["APIHandler"].name)

    assert "APIHandlerRole" in api["Role"]
    assert api["Environment"]["Variables"] == functions["APIHandler"].environment
    assert api["Environment"]["Variables"]["EXECUTIONS_TABLE"] == table_name(world)
    completion = functions["StageCompletion"]
    assert completion.environment["STAGE_COMPLETION_ARN"].endswith(f":function:{completion.name}")
    operator = world.client("lambda").get_function(FunctionName=functions["OperatorSomeThing"].name)
    assert operator["Tags"] == {"mediawright": "mediawright"}
    assert operator["Configuration"]["Environment"]["Variables"] == {
        "DataplaneEndpoint": functions["DataPlaneHandler"].name
    }


def test_the_short_uuid_fits_a_machines_name(world: World) -> None:
    short = world.stack.outputs["ShortUuid"]

    assert 4 <= len(short) <= 6
    assert short.isalnum()
    assert short == short.lower()


def test_roles_keep_their_policies_as_json(world: World) -> None:
    iam = world.client("iam")
    role = world.stack.outputs["WorkflowRoleArn"].split("/")[1]

    policy = iam.get_role_policy(RoleName=role, PolicyName="invoke")["PolicyDocument"]
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]

    assert [statement["Sid"] for statement in policy["Statement"]] == ["EngineFunctions", "TaggedFunctions"]
    assert trust["Statement"][0]["Principal"] == {"Service": "states.amazonaws.com"}


def test_rules_keep_pattern_schedule_and_dead_letters(world: World) -> None:
    events = world.client("events")
    rules = {rule["Name"].split("-")[1]: rule for rule in events.list_rules()["Rules"] if "-" in rule["Name"]}

    pattern = json.loads(rules["StatusChangeRule"]["EventPattern"])
    short = world.stack.outputs["ShortUuid"]
    assert pattern["detail"]["stateMachineArn"] == [{"wildcard": f"*:stateMachine:*-{short}-*"}]
    [target] = events.list_targets_by_rule(Rule=rules["StatusChangeRule"]["Name"])["Targets"]
    assert "StatusChangeDeadLetters" in target["DeadLetterConfig"]["Arn"]
    assert rules["SweepSchedule"]["ScheduleExpression"] == "rate(5 minutes)"


def test_the_topic_reaches_the_queue(world: World) -> None:
    world.client("sns").publish(TopicArn=world.stack.outputs["MieSNSTopic"], Message="hello")

    [message] = world.client("sqs").receive_message(QueueUrl=world.stack.outputs["MieSQSQueue"])["Messages"]
    assert json.loads(message["Body"])["Message"] == "hello"


def test_the_stacks_group_of_schedules_is_there(world: World) -> None:
    groups = world.client("scheduler").list_schedule_groups()["ScheduleGroups"]

    assert f"mediawright-{world.stack.outputs['ShortUuid']}" in [group["Name"] for group in groups]


def test_log_groups_keep_their_retention(world: World) -> None:
    groups = world.client("logs").describe_log_groups()["logGroups"]

    retention = {group["logGroupName"]: group.get("retentionInDays") for group in groups}
    assert retention["/aws/lambda/mediawright-APIHandler"] == 30
    assert [days for name, days in retention.items() if name.startswith("/aws/vendedlogs/states/mediawright")] == [30]


def test_parameters_change_what_is_made(project: Path) -> None:
    listed = "arn:aws:lambda:us-east-1:210987654321:function:other"
    given = {
        "DeployMediaOperators": "No",
        "DeletionProtection": "No",
        "OperatorFunctionArns": listed,
        "StackShortUuid": "abc123",
        "MaxConcurrentWorkflows": "7",
        "OperatorGrants": "manual",
    }
    with mock_aws():
        World.client.cache_clear()
        stack = deploy(expanded(project), World.client, API_URL, "other", given)
        functions = {function.logical_id: function for function in stack.functions}
        environment = functions["APIHandler"].environment
        role = stack.outputs["WorkflowRoleArn"].split("/")[1]
        policy = World.client("iam").get_role_policy(RoleName=role, PolicyName="invoke")["PolicyDocument"]
        table = World.client("dynamodb").describe_table(TableName=stack.outputs["SystemTable"])["Table"]
        World.client.cache_clear()

    assert "OperatorSomeThing" not in functions
    assert "MediaOperators" not in stack.outputs
    assert functions["StageCompletion"].name == "mediawright-abc123-StageCompletion"
    assert environment["MAX_CONCURRENT_WORKFLOWS"] == "7"
    assert environment["OPERATOR_FUNCTION_ARNS"] == listed
    assert environment["OPERATOR_GRANTS"] == "manual"
    assert policy["Statement"][-1]["Resource"] == [listed]
    assert table["DeletionProtectionEnabled"] is False


def test_a_template_that_names_an_unknown_resource_is_refused(project: Path) -> None:
    template = json.loads(json.dumps(expanded(project)))
    template["Outputs"]["Bad"] = {"Value": {"Fn::GetAtt": ["Nobody", "Arn"]}}

    with mock_aws():
        World.client.cache_clear()
        with pytest.raises((botocore.exceptions.ClientError, TypeError)):
            deploy(template, World.client, API_URL)
        World.client.cache_clear()


def test_everything_that_can_be_asked_for_is_made(project: Path) -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/0f1e2d3c-aaaa-bbbb-cccc-0123456789ab"
    given = {
        "AlarmEmail": "somebody@example.com",
        "CorsAllowedOrigins": "https://app.example.com,http://localhost:3000",
        "DeployAnalyticsPipeline": "Yes",
        "DeployDashboard": "Yes",
        "DeployTestResources": "Yes",
        "EnableXrayTrace": "Yes",
        "KmsKeyArn": key,
        "LogRetentionDays": "90",
        "RetentionDays": "30",
    }
    with mock_aws():
        World.client.cache_clear()
        stack = deploy(expanded(project), World.client, API_URL, "whole", given, inner_templates(project))
        functions = {function.logical_id: function for function in stack.functions}
        environment = functions["APIHandler"].environment
        alarms = World.client("cloudwatch").describe_alarms()["MetricAlarms"]
        topics = World.client("sns").list_subscriptions()["Subscriptions"]
        dashboard = World.client("cloudwatch").get_dashboard(DashboardName="whole-us-east-1")["DashboardBody"]
        role = World.client("lambda").get_function(FunctionName=functions["Sweep"].name)["Configuration"]["Role"]
        granted = policies_of(role.split("/")[-1], "123456789012")
        [cors] = World.client("s3").get_bucket_cors(Bucket=stack.outputs["DataplaneBucket"])["CORSRules"]
        groups = World.client("logs").describe_log_groups()["logGroups"]
        World.client.cache_clear()

    assert len([alarm for alarm in alarms if alarm["AlarmName"].startswith("whole-")]) == 11
    assert ("email", "somebody@example.com") in [(entry["Protocol"], entry["Endpoint"]) for entry in topics]
    assert "SlotsUsed" in json.dumps(json.loads(dashboard))
    assert granted is not None
    assert granted.allow(Request("xray:PutTraceSegments", "*"))
    assert granted.allow(
        Request("kms:Decrypt", key, lambda: {"kms:viaservice": ("dynamodb.us-east-1.amazonaws.com",)})
    )
    assert stack.outputs["TestStack"].split("/")[1] == "whole"
    assert stack.outputs["VideoSyncOKLambda"].endswith(functions["TestSyncOk"].name)
    assert cors["AllowedOrigins"] == ["https://app.example.com", "http://localhost:3000"]
    whole = [group for group in groups if "/whole-" in group["logGroupName"]]
    assert {group.get("retentionInDays") for group in whole} == {90}
    assert environment["XRAY_TRACING"] == "Yes"
    assert environment["RETENTION_DAYS"] == "30"
    assert environment["CORS_ALLOWED_ORIGINS"] == given["CorsAllowedOrigins"]
    assert stack.outputs["MieKMSArn"] == stack.outputs["MieKMSAlias"] == key
    assert stack.outputs["MieKMSId"] == "0f1e2d3c-aaaa-bbbb-cccc-0123456789ab"


@pytest.mark.parametrize(
    ("name", "origins", "named"),
    [
        ("any", "*", "*"),
        ("one", "https://a.example", "https://a.example"),
        ("two", "https://a.example,https://b.example", "*"),
    ],
)
def test_api_gateways_own_answers_name_the_one_origin(project: Path, name: str, origins: str, named: str) -> None:
    with mock_aws():
        World.client.cache_clear()
        given = {"CorsAllowedOrigins": origins}
        deploy(expanded(project), World.client, API_URL, name, given, inner_templates(project))
        routes = Routes(api_body(name))
        World.client.cache_clear()

    found = routes.find("OPTIONS", "/version")
    assert found
    assert found[0].mock
    assert found[0].mock.headers["Access-Control-Allow-Origin"] == named
    refusal = routes.own_answer("MISSING_AUTHENTICATION_TOKEN", 403, "no")
    assert refusal.headers["Access-Control-Allow-Origin"] == named


def test_a_bad_parameter_is_refused_with_its_rule_before_anything_is_made(project: Path) -> None:
    with mock_aws():
        World.client.cache_clear()
        with pytest.raises(botocore.exceptions.ClientError, match="must be a whole number from 1 to 9999"):
            deploy(expanded(project), World.client, API_URL, "bad", {"MaxConcurrentWorkflows": "1.5"})
        assert not [name for name in World.client("dynamodb").list_tables()["TableNames"] if name.startswith("bad-")]
        World.client.cache_clear()
