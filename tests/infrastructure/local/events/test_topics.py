"""A topic's messages reach functions and queues in the form that AWS documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.local import queues
from infrastructure.local.events.topics import install
from infrastructure.local.faults import FAULTS
from tests.infrastructure.local.lambdas.embedded_lambda import EmbeddedLambda, embedded_lambda, until

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:target"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:inbox"
KIND = {"Kind": {"DataType": "String", "StringValue": "news"}}


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedLambda]:
    queues.install()
    with embedded_lambda() as running:
        topics = install(running.functions)
        yield running
        topics.stop()


@pytest.fixture
def topic(aws: EmbeddedLambda) -> Iterator[str]:
    sns = aws.client("sns")
    arn = sns.create_topic(Name="topic")["TopicArn"]
    yield arn
    for subscription in sns.list_subscriptions()["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    sns.delete_topic(TopicArn=arn)
    FAULTS.reset()


@pytest.fixture
def inbox(aws: EmbeddedLambda) -> Iterator[str]:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def received(aws: EmbeddedLambda) -> list[Any]:
    events: list[Any] = []
    aws.functions.register_in_process("target", lambda event, context: events.append(event))
    return events


def subscribe(aws: EmbeddedLambda, topic: str, endpoint: str = FUNCTION, **attributes: str) -> str:
    protocol = endpoint.split(":")[2]
    answer = aws.client("sns").subscribe(
        TopicArn=topic, Protocol=protocol, Endpoint=endpoint, Attributes=attributes, ReturnSubscriptionArn=True
    )
    return str(answer["SubscriptionArn"])


def publish(aws: EmbeddedLambda, topic: str, text: str, **members: Any) -> str:
    return str(aws.client("sns").publish(TopicArn=topic, Message=text, **members)["MessageId"])


def bodies(aws: EmbeddedLambda, url: str) -> list[str]:
    answer = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    return [message["Body"] for message in answer.get("Messages", [])]


def test_a_function_gets_the_event_of_the_documentation(aws: EmbeddedLambda, topic: str, received: list[Any]) -> None:
    subscription = subscribe(aws, topic)

    message_id = publish(aws, topic, '{"a": 1}', Subject="Hello", MessageAttributes=KIND)

    [event] = until(lambda: received)
    [record] = event["Records"]
    assert (record["EventSource"], record["EventVersion"]) == ("aws:sns", "1.0")
    assert record["EventSubscriptionArn"] == subscription
    assert record["Sns"]["Type"] == "Notification"
    assert record["Sns"]["MessageId"] == message_id
    assert record["Sns"]["TopicArn"] == topic
    assert (record["Sns"]["Subject"], record["Sns"]["Message"]) == ("Hello", '{"a": 1}')
    assert record["Sns"]["MessageAttributes"] == {"Kind": {"Type": "String", "Value": "news"}}
    assert record["Sns"]["Timestamp"].endswith("Z")


def test_publishing_never_waits_for_the_function(aws: EmbeddedLambda, topic: str) -> None:
    attempts: list[int] = []

    def fail(event: Any, context: Any) -> None:
        attempts.append(1)
        raise ValueError("broken subscriber")

    aws.functions.register_in_process("target", fail)
    subscribe(aws, topic)

    assert publish(aws, topic, "x")
    until(lambda: attempts)


def test_a_queue_gets_an_envelope_or_the_bare_message(aws: EmbeddedLambda, topic: str, inbox: str) -> None:
    subscription = subscribe(aws, topic, QUEUE)
    message_id = publish(aws, topic, "first", MessageAttributes=KIND)
    aws.client("sns").set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="true"
    )
    publish(aws, topic, "second")
    aws.client("sns").set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="false"
    )
    publish(aws, topic, "third")

    first, second, third = bodies(aws, inbox)
    envelope = json.loads(first)
    assert (envelope["Type"], envelope["MessageId"], envelope["Message"]) == ("Notification", message_id, "first")
    assert envelope["MessageAttributes"] == {"Kind": {"Type": "String", "Value": "news"}}
    assert second == "second"
    assert json.loads(third)["Message"] == "third"


def test_a_filter_policy_chooses_by_attributes_or_body(
    aws: EmbeddedLambda, topic: str, inbox: str, received: list[Any]
) -> None:
    subscribe(aws, topic, FilterPolicy='{"Kind": ["news"]}')
    subscribe(
        aws, topic, QUEUE, FilterPolicy='{"a": [1]}', FilterPolicyScope="MessageBody", RawMessageDelivery="true"
    )

    publish(aws, topic, '{"a": 1}')
    publish(aws, topic, '{"a": 2}', MessageAttributes=KIND)

    [event] = until(lambda: received)
    assert event["Records"][0]["Sns"]["Message"] == '{"a": 2}'
    assert bodies(aws, inbox) == ['{"a": 1}']


def test_what_cannot_be_delivered_goes_to_the_subscriptions_dead_letters(
    aws: EmbeddedLambda, topic: str, inbox: str
) -> None:
    subscribe(aws, topic, FUNCTION + "-missing", RedrivePolicy=json.dumps({"deadLetterTargetArn": QUEUE}))

    publish(aws, topic, "lost")

    assert [json.loads(body)["Message"] for body in bodies(aws, inbox)] == ["lost"]


def test_a_message_comes_twice_when_told(aws: EmbeddedLambda, topic: str, inbox: str) -> None:
    FAULTS.duplicate_notifications = 1.0
    subscribe(aws, topic, QUEUE, RawMessageDelivery="true")

    publish(aws, topic, "twice")

    assert bodies(aws, inbox) == ["twice", "twice"]


def test_nothing_is_kept_of_messages_without_subscriptions(aws: EmbeddedLambda, topic: str) -> None:
    publish(aws, topic, "gone")

    from moto.sns.models import sns_backends

    assert sns_backends["123456789012"]["us-east-1"].topics[topic].sent_notifications == []
