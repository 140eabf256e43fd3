"""Subscriptions of functions to SNS topics: a function has one to a topic, and subscribing again answers it."""

from __future__ import annotations

import json

from botocore.exceptions import ClientError

from chalicelib.aws.clients import client, code


class UnknownTopic(Exception):
    """There is no such topic."""


class TopicClosed(Exception):
    """The topic, or SNS, doesn't let the engine ask for it."""


class TooManySubscriptions(Exception):
    """The topic has as many subscriptions as it may have."""


def check(topic_arn: str) -> None:
    """Raise UnknownTopic or TopicClosed unless the topic is there to be read."""
    try:
        client("sns").get_topic_attributes(TopicArn=topic_arn)
    except ClientError as error:
        raise _meaning(error) from error


def subscribe(topic_arn: str, function_arn: str, dead_letters_arn: str) -> str:
    """Subscribe the function, and answer the subscription's ARN. Raises UnknownTopic, TopicClosed and
    TooManySubscriptions."""
    try:
        answer = client("sns").subscribe(
            TopicArn=topic_arn,
            Protocol="lambda",
            Endpoint=function_arn,
            Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_letters_arn})},
            ReturnSubscriptionArn=True,
        )
    except ClientError as error:
        raise _meaning(error) from error
    arn: str = answer["SubscriptionArn"]
    return arn


def unsubscribe(subscription_arn: str) -> None:
    """End a subscription; one that has ended, or whose topic is gone, is no mistake."""
    try:
        client("sns").unsubscribe(SubscriptionArn=subscription_arn)
    except ClientError as error:
        if code(error) not in ("NotFound", "NotFoundException"):
            raise


def _meaning(error: ClientError) -> Exception:
    message: str = error.response["Error"].get("Message", "")
    match code(error):
        case "NotFound" | "NotFoundException":
            return UnknownTopic(message)
        case "AuthorizationError" | "AuthorizationErrorException":
            return TopicClosed(message)
        case "SubscriptionLimitExceeded" | "SubscriptionLimitExceededException":
            return TooManySubscriptions(message)
    return error
