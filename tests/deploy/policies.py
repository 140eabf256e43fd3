"""What the services tell of resources that have no existence of their own: policies, permissions, settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Client = Callable[[str], Any]
WHEN_NOT: frozenset[str] = frozenset()
"""Resources that exist only when a condition of the others doesn't hold."""

APART: Mapping[str, frozenset[str]] = {
    "AWS::S3::Bucket": frozenset(
        {"CorsConfiguration", "LifecycleConfiguration", "NotificationConfiguration", "LoggingConfiguration"}
    ),
    "AWS::Lambda::EventSourceMapping": frozenset({"StartingPosition"}),
}
"""Properties whose members the API spells otherwise: asserted by the tests of `infrastructure/local/stack`."""


def _same(record: Any, told: str | None) -> Iterator[str]:
    wanted = record.properties["PolicyDocument"]
    if told is None or json.loads(told) != wanted:
        yield f"{record.logical_id}: {told} is not {wanted}"


def _bucket_policy(record: Any, client: Client) -> Iterator[str]:
    yield from _same(record, client("s3").get_bucket_policy(Bucket=record.properties["Bucket"])["Policy"])


def _queue_policy(record: Any, client: Client) -> Iterator[str]:
    for url in record.properties["Queues"]:
        attributes = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
        yield from _same(record, attributes.get("Policy"))


def _topic_policy(record: Any, client: Client) -> Iterator[str]:
    for arn in record.properties["Topics"]:
        yield from _same(record, client("sns").get_topic_attributes(TopicArn=arn)["Attributes"].get("Policy"))


def _subscription(record: Any, client: Client) -> Iterator[str]:
    wanted = {name: record.properties[name] for name in ("TopicArn", "Protocol", "Endpoint")}
    told = client("sns").list_subscriptions_by_topic(TopicArn=wanted["TopicArn"])["Subscriptions"]
    if wanted not in [{name: entry[name] for name in wanted} for entry in told]:
        yield f"{record.logical_id}: no subscription {wanted}"


def _permission(record: Any, client: Client) -> Iterator[str]:
    wanted = record.properties
    told = json.loads(client("lambda").get_policy(FunctionName=wanted["FunctionName"])["Policy"])
    if not any(_allows(statement, wanted) for statement in told["Statement"]):
        yield f"{record.logical_id}: no statement for {wanted['Principal']}"


def _allows(statement: dict[str, Any], wanted: dict[str, Any]) -> bool:
    conditions = json.dumps(statement.get("Condition", {}))
    sources = [wanted[name] for name in ("SourceArn", "SourceAccount") if name in wanted]
    return (
        statement["Action"] == wanted["Action"]
        and wanted["Principal"] in json.dumps(statement["Principal"])
        and all(source in conditions for source in sources)
    )


def _event_invoke_config(record: Any, client: Client) -> Iterator[str]:
    wanted = record.properties
    told = client("lambda").get_function_event_invoke_config(FunctionName=wanted["FunctionName"])
    for name in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"):
        if name in wanted and str(told.get(name)) != str(wanted[name]):
            yield f"{record.logical_id}.{name}: {told.get(name)} is not {wanted[name]}"


def _pool_client(record: Any, client: Client) -> Iterator[str]:
    wanted = record.properties
    ids = {"UserPoolId": wanted["UserPoolId"], "ClientId": record.physical_id}
    told = client("cognito-idp").describe_user_pool_client(**ids)["UserPoolClient"]
    # moto makes a client without a secret, and leaves out that it has none
    for name in wanted.keys() - {"GenerateSecret"}:
        if told.get(name) != wanted[name]:
            yield f"{record.logical_id}.{name}: {told.get(name)} is not {wanted[name]}"


CHECKS: Mapping[str, Callable[[Any, Client], Iterator[str]]] = {
    "AWS::Cognito::UserPoolClient": _pool_client,
    "AWS::Lambda::EventInvokeConfig": _event_invoke_config,
    "AWS::Lambda::Permission": _permission,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SQS::QueuePolicy": _queue_policy,
}
"""By type: what is wrong with a resource, as its service tells."""
