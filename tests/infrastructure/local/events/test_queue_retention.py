from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infrastructure.local.clock import CLOCK
from infrastructure.local.events import queue_retention


@pytest.fixture
def sqs() -> Iterator[Any]:
    queue_retention.install()
    with mock_aws():
        yield boto3.client("sqs", "us-east-1")
    CLOCK.reset()


def test_a_queue_forgets_what_is_older_than_its_retention(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="q", Attributes={"MessageRetentionPeriod": "3600"})["QueueUrl"]

    for body in ("old", "as old"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    CLOCK.move(3000)
    sqs.send_message(QueueUrl=url, MessageBody="young")
    CLOCK.move(1000)
    sqs.send_message(QueueUrl=url, MessageBody="new")

    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in received] == ["young", "new"]
