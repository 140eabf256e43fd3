"""Changes resources in place by the services' own operations, or says that a change needs a new resource.

Source: "Update requires" of each property in the CloudFormation template reference.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from infrastructure.local.stack import properties as finishers
from infrastructure.local.stack import state_machines
from infrastructure.local.stack.code import archive
from infrastructure.local.stack.properties import Client
from infrastructure.local.stack.record import Properties, Record

_REPLACING = {
    "AWS::Cognito::UserPool": {"UsernameAttributes", "AliasAttributes", "UsernameConfiguration"},
    "AWS::Cognito::UserPoolClient": {"UserPoolId", "GenerateSecret"},
    "AWS::CloudWatch::Alarm": {"AlarmName"},
    "AWS::DynamoDB::Table": {"TableName", "KeySchema", "LocalSecondaryIndexes"},
    "AWS::Events::Rule": {"Name", "EventBusName"},
    "AWS::IAM::Role": {"RoleName", "Path"},
    "AWS::Lambda::EventSourceMapping": {"EventSourceArn", "StartingPosition"},
    "AWS::Lambda::EventInvokeConfig": {"FunctionName", "Qualifier"},
    "AWS::Lambda::Function": {"FunctionName", "PackageType"},
    "AWS::Logs::LogGroup": {"LogGroupName", "LogGroupClass"},
    "AWS::S3::Bucket": {"BucketName"},
    "AWS::S3::BucketPolicy": {"Bucket"},
    "AWS::SNS::Topic": {"TopicName", "FifoTopic"},
    "AWS::SNS::TopicPolicy": {"Topics"},
    "AWS::SQS::Queue": {"QueueName", "FifoQueue"},
    "AWS::SQS::QueuePolicy": {"Queues"},
    "AWS::StepFunctions::StateMachine": {"StateMachineName", "StateMachineType"},
    "AWS::ApiGateway::RestApi": set(),
    "AWS::ApiGateway::Deployment": {"RestApiId"},
    "AWS::ApiGateway::Stage": {"RestApiId", "StageName"},
    "AWS::CloudFormation::Stack": set(),
    "AWS::CloudFormation::CustomResource": {"ServiceToken"},
}
"""Of each type that is changed in place: the properties of which a change needs a new resource."""


def replaces(before: Record, wanted: Properties) -> bool:
    """Whether CloudFormation makes a new resource for this change. Types that aren't listed are always made anew."""
    if before.kind.startswith("Custom::"):
        return bool(before.properties.get("ServiceToken") != wanted.get("ServiceToken"))
    if before.kind not in _REPLACING:
        return True
    return any(before.properties.get(name) != wanted.get(name) for name in _REPLACING[before.kind])


def update(before: Record, wanted: Properties, client: Client) -> None:
    """Give a resource its new properties. Raises what the service raises."""
    if hasattr(before.resource, "update_in_stack"):
        before.resource.update_in_stack(before.properties, wanted)
        return
    change = _CHANGES.get(before.kind)
    if change:
        change(before, wanted, client)
    finishers.apply(before.kind, before.physical_id, wanted, client)


def _function(before: Record, wanted: Properties, client: Client) -> None:
    functions = client("lambda")
    members = ("Role", "Handler", "Description", "Timeout", "MemorySize", "Runtime", "Layers", "TracingConfig")
    changed = {
        name: wanted[name] for name in members if name in wanted and wanted[name] != before.properties.get(name)
    }
    for number in ("Timeout", "MemorySize"):
        if number in changed:
            changed[number] = int(changed[number])
    variables = wanted.get("Environment", {}).get("Variables", {})
    texts = {key: str(value) for key, value in variables.items()}
    functions.update_function_configuration(
        FunctionName=before.physical_id, Environment={"Variables": texts}, **changed
    )
    if wanted["Code"] != before.properties["Code"]:
        functions.update_function_code(FunctionName=before.physical_id, **archive(wanted))
    _untag(before, wanted, functions)


def _changed(before: Record, wanted: Properties, members: Iterable[str]) -> Properties:
    """Those of the members that are wanted otherwise than before."""
    return {name: wanted[name] for name in members if name in wanted and wanted[name] != before.properties.get(name)}


def _untag(before: Record, wanted: Properties, functions: Any) -> None:
    kept = {tag["Key"] for tag in wanted.get("Tags", [])}
    gone = [tag["Key"] for tag in before.properties.get("Tags", []) if tag["Key"] not in kept]
    if gone:
        arn = functions.get_function_configuration(FunctionName=before.physical_id)["FunctionArn"]
        functions.untag_resource(Resource=arn, TagKeys=gone)


def _table(before: Record, wanted: Properties, client: Client) -> None:
    members = ("DeletionProtectionEnabled", "BillingMode", "StreamSpecification", "AttributeDefinitions")
    changed = {
        name: wanted[name] for name in members if name in wanted and wanted[name] != before.properties.get(name)
    }
    if changed:
        client("dynamodb").update_table(TableName=before.physical_id, **changed)
    # moto's UpdateTable knows no encryption
    before.resource.sse_specification = finishers.table_encryption(wanted.get("SSESpecification") or {})


def _bucket(before: Record, wanted: Properties, client: Client) -> None:
    s3, bucket = client("s3"), before.physical_id
    if "CorsConfiguration" in before.properties and "CorsConfiguration" not in wanted:
        s3.delete_bucket_cors(Bucket=bucket)
    if "LifecycleConfiguration" in before.properties and "LifecycleConfiguration" not in wanted:
        s3.delete_bucket_lifecycle(Bucket=bucket)


def _role(before: Record, wanted: Properties, client: Client) -> None:
    kept = {policy["PolicyName"] for policy in wanted.get("Policies", [])}
    for policy in before.properties.get("Policies", []):
        if policy["PolicyName"] not in kept:
            client("iam").delete_role_policy(RoleName=before.physical_id, PolicyName=policy["PolicyName"])


def _log_group(before: Record, wanted: Properties, client: Client) -> None:
    if "RetentionInDays" not in wanted and "RetentionInDays" in before.properties:
        client("logs").delete_retention_policy(logGroupName=before.physical_id)


def _queue(before: Record, wanted: Properties, client: Client) -> None:
    fixed = ("QueueName", "Tags")
    attributes = {name: finishers.attribute(value) for name, value in wanted.items() if name not in fixed}
    client("sqs").set_queue_attributes(QueueUrl=before.physical_id, Attributes=attributes)


def _topic(before: Record, wanted: Properties, client: Client) -> None:
    for name in ("DisplayName", "KmsMasterKeyId"):
        if wanted.get(name) != before.properties.get(name):
            client("sns").set_topic_attributes(
                TopicArn=before.physical_id, AttributeName=name, AttributeValue=str(wanted.get(name, ""))
            )


def _rule(before: Record, wanted: Properties, client: Client) -> None:
    events, name = client("events"), before.resource.name
    pattern = {"EventPattern": json.dumps(wanted["EventPattern"])} if "EventPattern" in wanted else {}
    members = ("ScheduleExpression", "Description", "State", "RoleArn")
    events.put_rule(Name=name, **pattern, **{key: wanted[key] for key in members if key in wanted})
    targets = wanted.get("Targets", [])
    kept = {target["Id"] for target in targets}
    gone = [target["Id"] for target in before.properties.get("Targets", []) if target["Id"] not in kept]
    if gone:
        events.remove_targets(Rule=name, Ids=gone)
    if targets:
        events.put_targets(Rule=name, Targets=targets)


def _mapping(before: Record, wanted: Properties, client: Client) -> None:
    fixed = ("EventSourceArn", "StartingPosition", "Tags")
    settings = {name: value for name, value in wanted.items() if name not in fixed}
    client("lambda").update_event_source_mapping(UUID=before.resource.uuid, **settings)


def _state_machine(before: Record, wanted: Properties, client: Client) -> None:
    client("stepfunctions").update_state_machine(
        stateMachineArn=before.physical_id, definition=state_machines.definition(wanted), roleArn=wanted["RoleArn"]
    )


_CHANGES: dict[str, Callable[[Record, Properties, Client], None]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::Events::Rule": _rule,
    "AWS::IAM::Role": _role,
    "AWS::Lambda::EventSourceMapping": _mapping,
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::S3::Bucket": _bucket,
    "AWS::SNS::Topic": _topic,
    "AWS::SQS::Queue": _queue,
    "AWS::StepFunctions::StateMachine": _state_machine,
}
