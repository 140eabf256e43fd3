"""Gives effect to the resource properties that moto's CloudFormation accepts and forgets."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Properties = dict[str, Any]
Client = Callable[[str], Any]
"""Makes a boto3 client for a service of the embedded AWS."""


def apply(resource_type: str, name: str, properties: Properties, client: Client) -> None:
    """Finish one created resource. `name` is its physical id, `properties` are resolved."""
    finish = _FINISHERS.get(resource_type)
    if finish:
        finish(name, properties, client)


def _table(name: str, properties: Properties, client: Client) -> None:
    dynamodb = client("dynamodb")
    expiry = properties.get("TimeToLiveSpecification")
    if expiry:
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)
    recovery = properties.get("PointInTimeRecoverySpecification")
    if recovery:
        dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)


def table_encryption(specification: Properties) -> Properties:
    """CloudFormation and DynamoDB's API name one member differently."""
    names = {"SSEEnabled": "Enabled"}
    return {names.get(member, member): value for member, value in specification.items()}


def _bucket(name: str, properties: Properties, client: Client) -> None:
    s3 = client("s3")
    if "VersioningConfiguration" in properties:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=properties["VersioningConfiguration"])
    if "PublicAccessBlockConfiguration" in properties:
        block = properties["PublicAccessBlockConfiguration"]
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
    if "BucketEncryption" in properties:
        rules = [
            _encryption_rule(rule) for rule in properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        ]
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    if "OwnershipControls" in properties:
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=properties["OwnershipControls"])
    if "CorsConfiguration" in properties:
        s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": _cors_rules(properties)})
    if "LifecycleConfiguration" in properties:
        rules = [_api_rule(rule) for rule in properties["LifecycleConfiguration"]["Rules"]]
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    if "EventBridgeConfiguration" in properties.get("NotificationConfiguration", {}):
        configuration: dict[str, Any] = {"EventBridgeConfiguration": {}}
        s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=configuration)


def _encryption_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """CloudFormation and S3's API name one member differently."""
    names = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    return {names.get(member, member): value for member, value in rule.items()}


def _cors_rules(properties: Properties) -> list[dict[str, Any]]:
    """CloudFormation and S3's API name two members differently."""
    names = {"ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds"}
    rules = properties["CorsConfiguration"]["CorsRules"]
    return [{names.get(key, key): value for key, value in rule.items()} for rule in rules]


def _api_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """CloudFormation spells three members of a lifecycle rule otherwise than S3's API."""
    rest = {key: value for key, value in rule.items() if key not in ("Id", "Prefix", "ExpirationInDays")}
    expiration = {"Expiration": {"Days": rule["ExpirationInDays"]}} if "ExpirationInDays" in rule else {}
    return {"ID": rule["Id"], "Filter": {"Prefix": rule.get("Prefix", "")}, **expiration, **rest}


def _bucket_policy(_name: str, properties: Properties, client: Client) -> None:
    policy = json.dumps(properties["PolicyDocument"])
    client("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=policy)


def _queue_policy(_name: str, properties: Properties, client: Client) -> None:
    for url in properties["Queues"]:
        policy = json.dumps(properties["PolicyDocument"])
        client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def _topic_policy(_name: str, properties: Properties, client: Client) -> None:
    for arn in properties["Topics"]:
        policy = json.dumps(properties["PolicyDocument"])
        client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def _subscription(_name: str, properties: Properties, client: Client) -> None:
    members = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")
    attributes = {name: attribute(properties[name]) for name in members if name in properties}
    client("sns").subscribe(
        TopicArn=properties["TopicArn"],
        Protocol=properties["Protocol"],
        Endpoint=properties["Endpoint"],
        Attributes=attributes,
    )


def attribute(value: Any) -> str:
    """Attributes are text: policies are JSON, flags lower-case words."""
    if isinstance(value, dict):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _topic(name: str, properties: Properties, client: Client) -> None:
    sns = client("sns")
    if "KmsMasterKeyId" in properties:
        key = properties["KmsMasterKeyId"]
        sns.set_topic_attributes(TopicArn=name, AttributeName="KmsMasterKeyId", AttributeValue=key)
    for subscription in properties.get("Subscription", []):
        sns.subscribe(TopicArn=name, Protocol=subscription["Protocol"], Endpoint=subscription["Endpoint"])


def _log_group(name: str, properties: Properties, client: Client) -> None:
    if "RetentionInDays" in properties:
        days = int(properties["RetentionInDays"])
        client("logs").put_retention_policy(logGroupName=name, retentionInDays=days)


def _function(name: str, properties: Properties, client: Client) -> None:
    _environment(name, properties, client)
    functions = client("lambda")
    if "Layers" in properties:
        functions.update_function_configuration(FunctionName=name, Layers=properties["Layers"])
    tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
    if tags:
        arn = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
        functions.tag_resource(Resource=arn, Tags=tags)


def _environment(name: str, properties: Properties, client: Client) -> None:
    """A number parameter is text where it is referred to; moto keeps it a number."""
    variables = properties.get("Environment", {}).get("Variables", {})
    if not all(isinstance(value, str) for value in variables.values()):
        texts = {key: str(value) for key, value in variables.items()}
        client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": texts})


def _role(name: str, properties: Properties, client: Client) -> None:
    """moto keeps CloudFormation's policies as Python data; the API answers JSON."""
    iam = client("iam")
    trust = json.dumps(properties["AssumeRolePolicyDocument"])
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    for policy in properties.get("Policies", []):
        document = json.dumps(policy["PolicyDocument"])
        iam.put_role_policy(RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=document)


def _event_invoke_config(_name: str, properties: Properties, client: Client) -> None:
    members = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")
    settings: Properties = {name: int(properties[name]) for name in members if name in properties}
    if "DestinationConfig" in properties:
        settings["DestinationConfig"] = properties["DestinationConfig"]
    client("lambda").put_function_event_invoke_config(FunctionName=properties["FunctionName"], **settings)


def _schedule_group(_name: str, properties: Properties, client: Client) -> None:
    client("scheduler").create_schedule_group(Name=properties["Name"])


def _stream(name: str, properties: Properties, client: Client) -> None:
    kinesis = client("kinesis")
    if "StreamModeDetails" in properties:
        arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
        kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails=properties["StreamModeDetails"])
    if "StreamEncryption" in properties:
        kinesis.start_stream_encryption(StreamName=name, **properties["StreamEncryption"])


def _alarm(_name: str, properties: Properties, client: Client) -> None:
    """Its properties and the API's are named alike; moto's CloudFormation doesn't know alarms, nor dashboards."""
    client("cloudwatch").put_metric_alarm(**properties)


def _dashboard(_name: str, properties: Properties, client: Client) -> None:
    client("cloudwatch").put_dashboard(**properties)


_FINISHERS: dict[str, Callable[[str, Properties, Client], None]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": _topic,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::Lambda::Function": _function,
    "AWS::IAM::Role": _role,
    "AWS::Lambda::EventInvokeConfig": _event_invoke_config,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::Dashboard": _dashboard,
    "AWS::Scheduler::ScheduleGroup": _schedule_group,
    "AWS::Kinesis::Stream": _stream,
}
