"""Queues of the embedded AWS: sends by ARN, at a cost that doesn't grow with the queue."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infrastructure.local import queues

ARN = "arn:aws:sqs:us-east-1:123456789012:inbox"


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    queues.install()
    with mock_aws():
        yield boto3.client("sqs", region_name="us-east-1")


def test_a_message_is_sent_by_arn_and_a_missing_queue_is_said(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]

    assert queues.send_to_queue(ARN, "text", {"A": "b"})
    assert not queues.send_to_queue(ARN + "-missing", "text")

    [message] = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert message["Body"] == "text"
    assert message["MessageAttributes"]["A"]["StringValue"] == "b"


def test_attributes_are_complete(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    queues.send_to_queue(ARN, "text")

    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    assert attributes["ApproximateNumberOfMessages"] == "1"
    assert attributes["QueueArn"] == ARN


def test_a_fifo_queue_still_drops_repeated_content(sqs: Any) -> None:
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="one.fifo", Attributes=attributes)["QueueUrl"]

    for _ in range(2):
        sqs.send_message(QueueUrl=url, MessageBody="same", MessageGroupId="g")

    assert len(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]) == 1


def test_a_send_costs_the_same_whatever_waits_in_the_queue(sqs: Any) -> None:
    sqs.create_queue(QueueName="inbox")

    def seconds() -> float:
        began = time.thread_time()
        for _ in range(500):
            queues.send_to_queue(ARN, "text")
        return time.thread_time() - began

    empty = seconds()
    for _ in range(8):
        seconds()

    assert seconds() < 5 * empty + 0.05
