"""Messages that leave the engine: to a topic, to the account's event bus, to a queue."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from chalicelib.aws.clients import client


class EventRefused(Exception):
    """EventBridge took the request and refused the event in it."""


def publish(topic_arn: str, message: str) -> None:
    """Send a message of the `json` structure (an object with a `default` text) to a topic's subscribers."""
    client("sns").publish(TargetArn=topic_arn, MessageStructure="json", Message=message)


def put_event(source: str, detail_type: str, detail: str, moment: float) -> None:
    """Put an event of a moment (epoch seconds) on the default bus; raises EventRefused when it was not taken."""
    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Detail": detail,
        "Time": datetime.fromtimestamp(moment, UTC),
    }
    answer = client("events").put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        refused = answer["Entries"][0]
        raise EventRefused(f"{refused.get('ErrorCode')}: {refused.get('ErrorMessage')}")


def enqueue(queue_url: str, body: object) -> None:
    """Send a JSON document to a queue."""
    client("sqs").send_message(QueueUrl=queue_url, MessageBody=json.dumps(body))
