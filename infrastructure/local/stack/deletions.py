"""Deletes resources by the services' own operations, so that a service may refuse it as AWS does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from infrastructure.local.stack.properties import Client
from infrastructure.local.stack.record import Record

ACCOUNT = "123456789012"
REGION = "us-east-1"


def delete(record: Record, client: Client) -> None:
    """Delete what a stack made; what is gone already counts as deleted. Raises what the service raises."""
    deletion = _DELETIONS.get(record.kind)
    if deletion is None:
        _delete_by_moto(record)
        return
    service, perform = deletion
    calls = client(service)
    try:
        perform(record, calls)
    except calls.exceptions.ClientError as error:
        if not _is_gone(str(error.response["Error"]["Code"])):
            raise


def _is_gone(code: str) -> bool:
    return code in {"NoSuchEntity", "NoSuchBucket", "NotFoundException", "NotFound"} or code.endswith(
        ("ResourceNotFoundException", "NonExistentQueue", "QueueDoesNotExist", "StateMachineDoesNotExist")
    )


def _delete_by_moto(record: Record) -> None:
    """moto's models have either of two ways, or none: then nothing was made that could be found."""
    resource: Any = record.resource
    if hasattr(resource, "delete"):
        resource.delete(ACCOUNT, REGION)
        return
    by_name = getattr(type(resource), "delete_from_cloudformation_json", None)
    if by_name is not None and not hasattr(by_name, "__isabstractmethod__"):
        by_name(record.physical_id, {"Type": record.kind, "Properties": record.properties}, ACCOUNT, REGION)


def _bucket(record: Record, s3: Any) -> None:
    s3.delete_bucket(Bucket=record.physical_id)


def _role(record: Record, iam: Any) -> None:
    for name in iam.list_role_policies(RoleName=record.physical_id)["PolicyNames"]:
        iam.delete_role_policy(RoleName=record.physical_id, PolicyName=name)
    for policy in iam.list_attached_role_policies(RoleName=record.physical_id)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=record.physical_id, PolicyArn=policy["PolicyArn"])
    iam.delete_role(RoleName=record.physical_id)


def _alarm(record: Record, cloudwatch: Any) -> None:
    cloudwatch.delete_alarms(AlarmNames=[record.properties["AlarmName"]])


def _dashboard(record: Record, cloudwatch: Any) -> None:
    cloudwatch.delete_dashboards(DashboardNames=[record.properties["DashboardName"]])


def _rule(record: Record, events: Any) -> None:
    targets = events.list_targets_by_rule(Rule=record.resource.name)["Targets"]
    if targets:
        events.remove_targets(Rule=record.resource.name, Ids=[target["Id"] for target in targets])
    events.delete_rule(Name=record.resource.name)


def _permission(record: Record, functions: Any) -> None:
    """moto gives the statement the properties themselves; its id is found by them."""
    name = record.properties["FunctionName"]
    policy = json.loads(functions.get_policy(FunctionName=name)["Policy"])
    for statement in policy["Statement"]:
        if statement.get("Action") == record.properties["Action"] and _same_principal(statement, record):
            functions.remove_permission(FunctionName=name, StatementId=statement["Sid"])
            return


def _same_principal(statement: dict[str, Any], record: Record) -> bool:
    principal = statement.get("Principal")
    named = principal.get("Service") if isinstance(principal, dict) else principal
    arns = [arn for condition in statement.get("Condition", {}).values() for arn in condition.values()]
    source = record.properties.get("SourceArn")
    return named == record.properties["Principal"] and (source is None or source in arns)


def _subscription(record: Record, sns: Any) -> None:
    found = sns.list_subscriptions_by_topic(TopicArn=record.properties["TopicArn"])["Subscriptions"]
    for subscription in found:
        if subscription["Endpoint"] == record.properties["Endpoint"]:
            sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])


def _layer(record: Record, functions: Any) -> None:
    name, version = record.physical_id.split(":")[-2:]
    functions.delete_layer_version(LayerName=name, VersionNumber=int(version))


def _schedule_group(record: Record, scheduler: Any) -> None:
    scheduler.delete_schedule_group(Name=record.physical_id)


def _event_invoke_config(record: Record, functions: Any) -> None:
    functions.delete_function_event_invoke_config(FunctionName=record.properties["FunctionName"])


_DELETIONS: dict[str, tuple[str, Callable[[Record, Any], None]]] = {
    "AWS::CloudWatch::Alarm": ("cloudwatch", _alarm),
    "AWS::CloudWatch::Dashboard": ("cloudwatch", _dashboard),
    "AWS::ApiGateway::RestApi": ("apigateway", lambda record, api: api.delete_rest_api(restApiId=record.physical_id)),
    "AWS::DynamoDB::Table": ("dynamodb", lambda record, tables: tables.delete_table(TableName=record.physical_id)),
    "AWS::Events::Rule": ("events", _rule),
    "AWS::IAM::Role": ("iam", _role),
    "AWS::Lambda::EventInvokeConfig": ("lambda", _event_invoke_config),
    "AWS::Lambda::EventSourceMapping": (
        "lambda",
        lambda record, functions: functions.delete_event_source_mapping(UUID=record.resource.uuid),
    ),
    "AWS::Lambda::Function": (
        "lambda",
        lambda record, functions: functions.delete_function(FunctionName=record.physical_id),
    ),
    "AWS::Lambda::Permission": ("lambda", _permission),
    "AWS::Lambda::LayerVersion": ("lambda", _layer),
    "AWS::Logs::LogGroup": ("logs", lambda record, logs: logs.delete_log_group(logGroupName=record.physical_id)),
    "AWS::S3::Bucket": ("s3", _bucket),
    "AWS::S3::BucketPolicy": ("s3", lambda record, s3: s3.delete_bucket_policy(Bucket=record.properties["Bucket"])),
    "AWS::SNS::Subscription": ("sns", _subscription),
    "AWS::SNS::Topic": ("sns", lambda record, sns: sns.delete_topic(TopicArn=record.physical_id)),
    "AWS::SQS::Queue": ("sqs", lambda record, sqs: sqs.delete_queue(QueueUrl=record.physical_id)),
    "AWS::Scheduler::ScheduleGroup": ("scheduler", _schedule_group),
    "AWS::StepFunctions::StateMachine": (
        "stepfunctions",
        lambda record, states: states.delete_state_machine(stateMachineArn=record.physical_id),
    ),
}
