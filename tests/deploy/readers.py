"""What the services tell of a stack's resources, in the words of the template. What isn't read has its reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Found = dict[str, Any]
Client = Callable[[str], Any]

NOT_SERVED = "the embedded AWS serves the API from the template itself"
UNREAD: Mapping[str, Mapping[str, str]] = {
    "AWS::ApiGateway::Deployment": {"*": NOT_SERVED},
    "AWS::ApiGateway::Stage": {"*": NOT_SERVED},
    "AWS::ApiGateway::RestApi": {
        "Body": NOT_SERVED,
        "Parameters": NOT_SERVED,
        "EndpointConfiguration": "moto answers its own default",
    },
    "AWS::CloudFormation::Stack": {"TemplateURL": "no operation answers it"},
    "AWS::Kinesis::Stream": {
        "StreamEncryption": "moto leaves it out",
        "StreamModeDetails": "moto answers its default",
    },
    "AWS::Lambda::Function": {
        "Code": "a stand-in: read from the working tree",
        "LoggingConfig": "moto leaves it out; logs go to the function's own group here",
        "TracingConfig": "moto leaves it out; there is no X-Ray here",
        "Architectures": "moto answers its default",
        "EphemeralStorage": "moto leaves it out",
    },
    "AWS::Lambda::LayerVersion": {
        "Content": "a stand-in: read from the working tree",
        "CompatibleArchitectures": "moto leaves it out",
        "LayerName": "moto takes the generated name",
    },
    "AWS::StepFunctions::StateMachine": {"TracingConfiguration": "moto leaves it out"},
    "AWS::SQS::Queue": {"SqsManagedSseEnabled": "moto leaves it out"},
}


def _table(name: str, client: Client) -> Found:
    dynamodb = client("dynamodb")
    table = dynamodb.describe_table(TableName=name)["Table"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    encryption = table.get("SSEDescription", {})
    found = {
        "KeySchema": table["KeySchema"],
        "AttributeDefinitions": table["AttributeDefinitions"],
        "BillingMode": table["BillingModeSummary"]["BillingMode"],
        "DeletionProtectionEnabled": table["DeletionProtectionEnabled"],
        "GlobalSecondaryIndexes": [
            {part: index[part] for part in ("IndexName", "KeySchema", "Projection")}
            for index in table.get("GlobalSecondaryIndexes", [])
        ],
        "StreamSpecification": {"StreamViewType": table.get("StreamSpecification", {}).get("StreamViewType")},
        "PointInTimeRecoverySpecification": {
            "PointInTimeRecoveryEnabled": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
            == "ENABLED"
        },
        "TimeToLiveSpecification": {
            "AttributeName": expiry.get("AttributeName"),
            "Enabled": expiry["TimeToLiveStatus"] == "ENABLED",
        },
        "SSESpecification": {"SSEEnabled": encryption.get("Status") == "ENABLED"},
    }
    if "KMSMasterKeyArn" in encryption:
        found["SSESpecification"] |= {"SSEType": "KMS", "KMSMasterKeyId": encryption["KMSMasterKeyArn"]}
    return found


def _bucket(name: str, client: Client) -> Found:
    s3 = client("s3")
    rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    found: Found = {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {
                    "ServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"],
                    **({"BucketKeyEnabled": True} if rule.get("BucketKeyEnabled") else {}),
                }
                for rule in rules
            ]
        },
        "PublicAccessBlockConfiguration": s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        "OwnershipControls": {"Rules": s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]},
        "VersioningConfiguration": {"Status": s3.get_bucket_versioning(Bucket=name).get("Status")},
    }
    return found


def _function(name: str, client: Client) -> Found:
    function = client("lambda").get_function(FunctionName=name)
    configuration = function["Configuration"]
    members = ("FunctionName", "Handler", "Runtime", "MemorySize", "Timeout", "Role", "Description")
    found = {member: configuration.get(member) for member in members}
    tags = [{"Key": key, "Value": value} for key, value in function.get("Tags", {}).items()]
    layers = [layer["Arn"] for layer in configuration.get("Layers", [])]
    return {**found, "Environment": configuration.get("Environment"), "Tags": tags, "Layers": layers}


def _role(name: str, client: Client) -> Found:
    iam = client("iam")
    role = iam.get_role(RoleName=name)["Role"]
    names = iam.list_role_policies(RoleName=name)["PolicyNames"]
    documents = {policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in names}
    return {
        "AssumeRolePolicyDocument": role["AssumeRolePolicyDocument"],
        "Description": role.get("Description"),
        "Policies": [{"PolicyName": policy, "PolicyDocument": document} for policy, document in documents.items()],
    }


def _log_group(name: str, client: Client) -> Found:
    [group] = [
        found
        for found in client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        if found["logGroupName"] == name
    ]
    return {"LogGroupName": name, "RetentionInDays": group.get("retentionInDays")}


def _queue(url: str, client: Client) -> Found:
    attributes = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return {
        "MessageRetentionPeriod": int(attributes["MessageRetentionPeriod"]),
        "KmsMasterKeyId": attributes.get("KmsMasterKeyId"),
    }


def _topic(arn: str, client: Client) -> Found:
    sns = client("sns")
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    key = sns.get_topic_attributes(TopicArn=arn)["Attributes"].get("KmsMasterKeyId")
    told = [{"Protocol": entry["Protocol"], "Endpoint": entry["Endpoint"]} for entry in subscriptions]
    return {"KmsMasterKeyId": key, "Subscription": told}


def _rule(name: str, client: Client) -> Found:
    events = client("events")
    rule = events.describe_rule(Name=name)
    found = {member: rule.get(member) for member in ("Name", "Description", "ScheduleExpression", "State")}
    pattern = json.loads(rule["EventPattern"]) if rule.get("EventPattern") else None
    return {**found, "EventPattern": pattern, "Targets": events.list_targets_by_rule(Rule=name)["Targets"]}


def _mapping(uuid: str, client: Client) -> Found:
    mapping: Found = client("lambda").get_event_source_mapping(UUID=uuid)
    return {**mapping, "FunctionName": mapping["FunctionArn"].rpartition(":")[2]}


def _machine(arn: str, client: Client) -> Found:
    machine = client("stepfunctions").describe_state_machine(stateMachineArn=arn)
    return {
        "StateMachineName": machine["name"],
        "StateMachineType": machine["type"],
        "RoleArn": machine["roleArn"],
        "DefinitionString": json.loads(machine["definition"]),
    }


def _alarm(name: str, client: Client) -> Found:
    [alarm] = client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return dict(alarm)


def _dashboard(name: str, client: Client) -> Found:
    body = client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"]
    return {"DashboardName": name, "DashboardBody": json.loads(body)}


def _layer(arn: str, client: Client) -> Found:
    name, version = arn.split(":")[-2:]
    layer: Found = client("lambda").get_layer_version(LayerName=name, VersionNumber=int(version))
    return {member: layer.get(member) for member in ("Description", "CompatibleRuntimes")}


def _pool(pool_id: str, client: Client) -> Found:
    pool = client("cognito-idp").describe_user_pool(UserPoolId=pool_id)["UserPool"]
    return {**pool, "UserPoolName": pool["Name"]}


def _nested(stack_id: str, client: Client) -> Found:
    [stack] = client("cloudformation").describe_stacks(StackName=stack_id)["Stacks"]
    return {"Parameters": {entry["ParameterKey"]: entry["ParameterValue"] for entry in stack["Parameters"]}}


READERS: Mapping[str, Callable[[str, Client], Found]] = {
    "AWS::ApiGateway::RestApi": lambda name, client: {
        "Name": client("apigateway").get_rest_api(restApiId=name)["name"]
    },
    "AWS::CloudFormation::Stack": _nested,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::Dashboard": _dashboard,
    "AWS::Cognito::UserPool": _pool,
    "AWS::DynamoDB::Table": _table,
    "AWS::Events::Rule": _rule,
    "AWS::IAM::Role": _role,
    "AWS::Kinesis::Stream": lambda name, client: client("kinesis").describe_stream_summary(StreamName=name),
    "AWS::Lambda::EventSourceMapping": _mapping,
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::LayerVersion": _layer,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::S3::Bucket": _bucket,
    "AWS::SNS::Topic": _topic,
    "AWS::SQS::Queue": _queue,
    "AWS::Scheduler::ScheduleGroup": lambda name, client: client("scheduler").get_schedule_group(Name=name),
    "AWS::StepFunctions::StateMachine": _machine,
}
"""By type: what a service tells of a resource with a physical id."""
