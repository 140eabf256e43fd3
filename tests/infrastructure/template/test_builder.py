from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infrastructure.template.builder import TemplateError, build
from tests.infrastructure import sample_project

Template = dict[str, Any]
ENGINE = ["APIHandler", *sample_project.FUNCTIONS]
ADMITTING = ("Trigger", "BatchItems")
"""Functions that submit runs besides the API, and so admit others."""
RETRYING = ("APIHandler", "BatchItems", "Sweep")
"""Functions that retry runs: at a user's request, for a batch, for a batch whose machine gave up."""


def of_type(template: Template, kind: str) -> dict[str, Any]:
    return {name: entry for name, entry in template["Resources"].items() if entry["Type"] == kind}


def statements(template: Template, role: str) -> dict[str, Any]:
    """A role's statements by Sid, those under a condition included."""
    found = {}
    for policy in template["Resources"][role]["Properties"]["Policies"]:
        for entry in policy["PolicyDocument"]["Statement"]:
            statement = entry["Fn::If"][1] if "Fn::If" in entry else entry
            found[statement["Sid"]] = statement
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_engine_function_has_a_role_of_its_own(template: Template) -> None:
    roles = [template["Resources"][name]["Properties"]["Role"]["Fn::GetAtt"][0] for name in ENGINE]

    assert roles == [f"{name}Role" for name in ENGINE]
    assert set(of_type(template, "AWS::IAM::Role")) == {
        *roles,
        "WorkflowRole",
        "BatchMachineRole",
        "TestOperatorRole",
        "TriggerScheduleRole",
    }


def test_no_role_has_a_wildcard_action(template: Template) -> None:
    for role in of_type(template, "AWS::IAM::Role"):
        for statement in statements(template, role).values():
            assert not [action for action in listed(statement["Action"]) if "*" in action]


def test_a_star_resource_stands_only_where_aws_has_no_arn(template: Template) -> None:
    stars = {
        (role, sid)
        for role in of_type(template, "AWS::IAM::Role")
        for sid, statement in statements(template, role).items()
        if "*" in listed(statement["Resource"]) and sid != "Traces"
    }

    answering = ("APIHandler", "StageCompletion", "TaskTokens", "Scheduler", "StatusChange", "Sweep", *ADMITTING)
    assert stars == {
        ("WorkflowRole", "LogDelivery"),
        ("APIHandlerRole", "TriggerPatterns"),
        ("APIHandlerRole", "TriggerUnsubscribes"),
        ("APIHandlerRole", "LanguageLists"),
        ("SweepRole", "TriggerUnsubscribes"),
        *((f"{name}Role", "TaskAnswers") for name in answering),
    }


@pytest.mark.parametrize("name", RETRYING)
def test_whoever_retries_runs_looks_for_their_machine_and_makes_it_anew(template: Template, name: str) -> None:
    granted = {
        action for statement in statements(template, f"{name}Role").values() for action in listed(statement["Action"])
    }

    assert {"states:DescribeStateMachine", "states:CreateStateMachine", "states:TagResource"} <= granted


def test_two_roles_can_be_passed_each_to_one_service(template: Template) -> None:
    passing = {
        (role, statement["Resource"]["Fn::GetAtt"][0], statement["Condition"]["StringEquals"]["iam:PassedToService"])
        for role in of_type(template, "AWS::IAM::Role")
        for statement in statements(template, role).values()
        if "iam:PassRole" in listed(statement["Action"])
    }

    assert passing == {
        *((f"{name}Role", "WorkflowRole", "states.amazonaws.com") for name in RETRYING),
        ("WorkflowCustomResourceRole", "WorkflowRole", "states.amazonaws.com"),
        ("APIHandlerRole", "TriggerScheduleRole", "scheduler.amazonaws.com"),
        ("SweepRole", "TriggerScheduleRole", "scheduler.amazonaws.com"),
    }


def test_the_schedules_role_invokes_the_trigger_function_alone_and_trusts_its_group(template: Template) -> None:
    found = statements(template, "TriggerScheduleRole")
    trust = template["Resources"]["TriggerScheduleRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]

    assert found["Trigger"]["Action"] == "lambda:InvokeFunction"
    assert found["Trigger"]["Resource"]["Fn::Sub"][0].endswith(":function:mediawright-${ShortUuid}-Trigger")
    assert set(found) == {"Trigger", "DeadLetters", "Key"}
    assert [statement["Principal"] for statement in trust] == [{"Service": "scheduler.amazonaws.com"}]
    source = trust[0]["Condition"]["StringEquals"]["aws:SourceArn"]["Fn::Sub"][0]
    assert source.endswith(":schedule-group/mediawright-${ShortUuid}")


def test_a_role_fits_what_iam_holds(template: Template) -> None:
    """A role's inline policies have 10,240 characters together; white space isn't counted."""
    for role in of_type(template, "AWS::IAM::Role"):
        policies = template["Resources"][role]["Properties"].get("Policies", [])
        size = sum(len(json.dumps(policy["PolicyDocument"], separators=(",", ":"))) for policy in policies)
        assert size < 10_240, role


def test_the_workflow_role_trusts_only_this_stacks_machines(template: Template) -> None:
    trust = template["Resources"]["WorkflowRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]

    assert [statement["Principal"] for statement in trust] == [{"Service": "states.amazonaws.com"}]
    condition = trust[0]["Condition"]
    assert condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert condition["ArnLike"]["aws:SourceArn"]["Fn::Sub"][0].endswith(":stateMachine:*-${ShortUuid}-*")


def test_the_workflow_role_invokes_by_tag_by_list_and_the_engines_own(template: Template) -> None:
    found = statements(template, "WorkflowRole")

    assert found["TaggedFunctions"]["Condition"] == {
        "StringEquals": {"aws:ResourceTag/mediawright": {"Ref": "AWS::StackName"}}
    }
    assert found["ListedFunctions"]["Resource"] == {"Ref": "OperatorFunctionArns"}
    named = [resource["Fn::Sub"][0].rsplit(":", 1)[1] for resource in found["EngineFunctions"]["Resource"]]
    assert named == ["mediawright-${ShortUuid}-StageCompletion", "mediawright-${ShortUuid}-TaskTokens"]
    for function in ("StageCompletion", "TaskTokens"):
        name = template["Resources"][function]["Properties"]["FunctionName"]
        assert name["Fn::Sub"][0] == f"mediawright-${{ShortUuid}}-{function}"


def test_the_api_may_set_only_its_own_tag(template: Template) -> None:
    tagging = statements(template, "APIHandlerRole")["TagFunctions"]

    assert tagging["Action"] == "lambda:TagResource"
    assert tagging["Condition"] == {
        "StringEquals": {"aws:RequestTag/mediawright": {"Ref": "AWS::StackName"}},
        "StringEqualsIfExists": {"aws:ResourceTag/mediawright": {"Ref": "AWS::StackName"}},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["mediawright"]},
    }


def test_the_data_plane_function_reaches_assets_the_cursor_key_and_the_progress_of_runs_only(
    template: Template,
) -> None:
    granted = statements(template, "DataPlaneHandlerRole")
    cursor_key, progress = granted.pop("CursorKey"), granted.pop("Progress")
    operations = granted.pop("OperationsOfRuns")
    text = json.dumps(granted)

    assert cursor_key["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["secret"]}}
    assert progress["Action"] == ["dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:UpdateItem"]
    assert operations["Action"] == "dynamodb:GetItem"
    assert "AssetsTable" in text
    assert "DataBucket" in text
    for other in ("ExecutionsTable", "DefinitionsTable", "SystemTable", "states:", "lambda:", "iam:"):
        assert other not in text


def test_all_engine_functions_have_one_environment_and_operators_have_none_of_it(template: Template) -> None:
    environments = [template["Resources"][name]["Properties"]["Environment"]["Variables"] for name in ENGINE]
    analytics = environments[ENGINE.index("AnalyticsStream")]
    own = {name: analytics.pop(name) for name in ("ANALYTICS_STREAM", "ANALYTICS_DEAD_LETTERS_URL")}

    assert own == {
        "ANALYTICS_STREAM": {"Ref": "AnalyticsDataStream"},
        "ANALYTICS_DEAD_LETTERS_URL": {"Ref": "AnalyticsDeadLetters"},
    }
    assert all(environment == environments[0] for environment in environments)
    assert " ".join(sorted(environments[0])) == (
        "ASSETS_TABLE BATCH_MACHINE_ARN CORS_ALLOWED_ORIGINS DATA_BUCKET DEFINITIONS_TABLE EVENTS_TOPIC_ARN "
        "EXECUTIONS_TABLE EXTERNAL_BUCKET_ARN "
        "FRAMEWORK_VERSION JOB_LIMITS JOB_SOURCES MAX_CONCURRENT_WORKFLOWS MAX_UPLOAD_MEGABYTES NOTIFICATION_SENDER "
        "OPERATOR_FUNCTION_ARNS OPERATOR_GRANTS "
        "PUBLISHER_DEAD_LETTERS_URL RETENTION_DAYS STACK_NAME STACK_SHORT_UUID STAGE_COMPLETION_ARN "
        "STEP_FUNCTION_LOG_GROUP_ARN SYSTEM_TABLE TASK_TOKENS_ARN TRIGGER_ARN TRIGGER_DEAD_LETTERS_ARN "
        "TRIGGER_SCHEDULE_ROLE_ARN USER_POOL_CLIENT_ID USER_POOL_ID WEBHOOK_ALLOWED_NETWORKS "
        "WEBHOOK_DELIVERY_ARN WORKFLOW_ROLE_ARN XRAY_TRACING"
    )


def test_the_scheduler_reads_the_stream_with_three_filters_and_gives_up_into_a_queue(template: Template) -> None:
    properties = of_type(template, "AWS::Lambda::EventSourceMapping")["SchedulerMapping"]["Properties"]

    patterns = [json.loads(entry["Pattern"]) for entry in properties.pop("FilterCriteria")["Filters"]]

    assert patterns == [
        {"eventName": ["INSERT"], "dynamodb": {"Keys": {"Id": {"S": ["queue"]}}}},
        {"eventName": ["REMOVE"], "dynamodb": {"Keys": {"Part": {"S": [{"prefix": "slot#"}]}}}},
        {"dynamodb": {"Keys": {"Part": {"S": ["pool"]}}}},
    ]
    assert properties == {
        "FunctionName": {"Ref": "Scheduler"},
        "EventSourceArn": {"Fn::GetAtt": ["ExecutionsTable", "StreamArn"]},
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 0,
        "ParallelizationFactor": 1,
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 5,
        "MaximumRecordAgeInSeconds": 600,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["SchedulerDeadLetters", "Arn"]}}},
    }


def test_the_executions_stream_has_exactly_two_readers_and_the_assets_stream_one_at_most(template: Template) -> None:
    mappings = of_type(template, "AWS::Lambda::EventSourceMapping")

    readers = {name: entry["Properties"]["EventSourceArn"]["Fn::GetAtt"][0] for name, entry in mappings.items()}
    assert readers == {
        "SchedulerMapping": "ExecutionsTable",
        "PublisherMapping": "ExecutionsTable",
        "AnalyticsMapping": "AssetsTable",
    }


def test_all_of_the_analytics_stream_is_a_choice(template: Template) -> None:
    chosen = {
        name
        for section in ("Resources", "Outputs")
        for name, entry in template[section].items()
        if entry.get("Condition") in ("DeploysAnalytics", "SendsAnalyticsAlarms")
    }

    named = {name for section in ("Resources", "Outputs") for name in template[section] if "Analytics" in name}
    assert chosen == named
    assert template["Parameters"]["DeployAnalyticsPipeline"]["Default"] == "No"
    stream = template["Resources"]["AnalyticsDataStream"]["Properties"]
    assert stream["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert stream["StreamEncryption"]["EncryptionType"] == "KMS"


def test_the_assets_stream_is_read_in_order_and_has_twelve_hours_for_each_record(template: Template) -> None:
    mappings = of_type(template, "AWS::Lambda::EventSourceMapping")
    properties = mappings["AnalyticsMapping"]["Properties"]

    patterns = [json.loads(entry["Pattern"]) for entry in properties.pop("FilterCriteria")["Filters"]]

    assert patterns == [
        {"eventName": ["INSERT", "REMOVE"], "dynamodb": {"Keys": {"Part": {"S": ["asset"]}}}},
        {"dynamodb": {"Keys": {"Part": {"S": [{"prefix": "head#"}]}}}},
    ]
    changed = {
        "FunctionName": {"Ref": "AnalyticsStream"},
        "EventSourceArn": {"Fn::GetAtt": ["AssetsTable", "StreamArn"]},
        "MaximumRetryAttempts": 100,
        "MaximumRecordAgeInSeconds": 43200,
        "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["AnalyticsDeadLetters", "Arn"]}}},
    }
    scheduler = mappings["SchedulerMapping"]["Properties"]
    assert properties == {key: value for key, value in scheduler.items() if key != "FilterCriteria"} | changed


def test_the_analytics_function_reads_assets_and_writes_its_stream_and_its_dead_letters_only(
    template: Template,
) -> None:
    granted = statements(template, "AnalyticsStreamRole")
    del granted["Traces"], granted["Key"]

    assert {action for statement in granted.values() for action in listed(statement["Action"])} == {
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "dynamodb:Query",
        "sqs:SendMessage",
        "kinesis:PutRecords",
    }
    assert granted["Records"]["Resource"] == {"Fn::GetAtt": ["AnalyticsDataStream", "Arn"]}


def test_the_publisher_gets_runs_own_items_only_and_has_twelve_hours_for_each(template: Template) -> None:
    mappings = of_type(template, "AWS::Lambda::EventSourceMapping")
    properties = mappings["PublisherMapping"]["Properties"]

    patterns = [json.loads(entry["Pattern"]) for entry in properties.pop("FilterCriteria")["Filters"]]

    own = {"Keys": {"Part": {"S": ["execution"]}}}
    assert patterns == [
        {"eventName": ["INSERT", "MODIFY"], "dynamodb": own},
        {"eventName": ["REMOVE"], "userIdentity": {"principalId": ["dynamodb.amazonaws.com"]}, "dynamodb": own},
    ]
    changed = {
        "FunctionName": {"Ref": "Publisher"},
        "ParallelizationFactor": 10,
        "MaximumRetryAttempts": 100,
        "MaximumRecordAgeInSeconds": 43200,
        "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["PublisherDeadLetters", "Arn"]}}},
    }
    scheduler = mappings["SchedulerMapping"]["Properties"]
    assert properties == {key: value for key, value in scheduler.items() if key != "FilterCriteria"} | changed


def test_the_publisher_may_put_events_of_its_own_source_on_the_default_bus_only(template: Template) -> None:
    bus = statements(template, "PublisherRole")["Bus"]

    assert bus["Resource"]["Fn::Sub"].endswith(":event-bus/default")
    assert bus["Condition"] == {"StringEquals": {"events:source": "mediawright"}}


def test_the_status_rule_sees_only_this_stacks_machines_that_did_not_succeed(template: Template) -> None:
    rule = template["Resources"]["StatusChangeRule"]["Properties"]

    assert rule["EventPattern"]["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    [machine] = rule["EventPattern"]["detail"]["stateMachineArn"]
    assert machine["wildcard"]["Fn::Sub"][0] == "*:stateMachine:*-${ShortUuid}-*"
    [target] = rule["Targets"]
    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 3600
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["StatusChangeDeadLetters", "Arn"]}}


def test_nothing_is_scheduled_more_often_than_every_five_minutes(template: Template) -> None:
    rules = of_type(template, "AWS::Events::Rule").values()

    assert [
        rule["Properties"]["ScheduleExpression"] for rule in rules if "ScheduleExpression" in rule["Properties"]
    ] == ["rate(5 minutes)"]


def test_no_function_reserves_concurrency(template: Template) -> None:
    for function in of_type(template, "AWS::Serverless::Function").values():
        assert "ReservedConcurrentExecutions" not in function["Properties"]


def test_tables_are_on_demand_recoverable_and_protected_by_parameter(template: Template) -> None:
    tables = of_type(template, "AWS::DynamoDB::Table")

    assert set(tables) == {"DefinitionsTable", "ExecutionsTable", "AssetsTable", "SystemTable"}
    for table in tables.values():
        assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
        properties = table["Properties"]
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert properties["DeletionProtectionEnabled"] == {"Fn::If": ["ProtectsTables", True, False]}


def test_indexes_of_executions_carry_immutable_attributes_but_the_sparse_one_of_jobs(template: Template) -> None:
    indexes = template["Resources"]["ExecutionsTable"]["Properties"]["GlobalSecondaryIndexes"]

    carried = {
        index["IndexName"]: {key["AttributeName"] for key in index["KeySchema"]}
        | set(index["Projection"]["NonKeyAttributes"])
        for index in indexes
    }
    assert carried == {
        "by-time": {"Month", "Created", "AssetId", "Workflow"},
        "by-asset": {"AssetId", "Created", "Workflow"},
        "by-workflow": {"Workflow", "Created", "AssetId"},
        "by-status": {"StatusMonth", "Created", "AssetId", "Workflow"},
        "by-owner": {"Owner", "Created", "JobType", "Status", "ExpiresAt"},
    }


def test_every_route_but_the_root_needs_a_signature(template: Template) -> None:
    paths = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]

    unsigned = {
        (method, path)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if method != "options" and not operation.get("security")
    }
    assert unsigned == {("get", "/")}


def test_a_short_uuid_marks_every_place_that_needs_it(template: Template) -> None:
    value = template["Outputs"]["ShortUuid"]["Value"]

    assert value["Fn::If"][0] == "DerivesShortUuid"
    assert "Fn::Sub" not in json.dumps(value)
    assert template["Resources"]["APIHandler"]["Properties"]["Environment"]["Variables"]["STACK_SHORT_UUID"] == value


def test_a_function_without_a_role_is_named(tmp_path: Path) -> None:
    project = sample_project.write(tmp_path, {**sample_project.FUNCTIONS, "Stranger": "stranger"})

    with pytest.raises(TemplateError, match="declares Stranger"):
        build(project)


def test_a_role_without_a_function_is_named(tmp_path: Path) -> None:
    functions = {name: code for name, code in sample_project.FUNCTIONS.items() if name != "Sweep"}
    project = sample_project.write(tmp_path, functions)

    with pytest.raises(TemplateError, match="lays over Sweep"):
        build(project)


def test_event_rules_are_let_in_by_their_arn_alone(template: Template) -> None:
    """EventBridge doesn't say whose account a rule is, so a condition on that is never met."""
    permissions = [template["Resources"][name]["Properties"] for name in of_type(template, "AWS::Lambda::Permission")]
    rules = [permission for permission in permissions if permission["Principal"] == "events.amazonaws.com"]

    assert len(rules) == 3
    for permission in rules:
        assert "SourceAccount" not in permission
        assert permission["SourceArn"]


def test_every_update_publishes_the_api(template: Template) -> None:
    assert template["Resources"]["RestAPI"]["Properties"]["AlwaysDeploy"] is True


def test_the_engines_functions_are_marked_as_nobodys_operators(template: Template) -> None:
    for name in ("APIHandler", "DataPlaneHandler", "WorkflowCustomResource", "TaskTokens"):
        assert template["Resources"][name]["Properties"]["Tags"] == {"mediawright": "the engine itself"}
