from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infrastructure.local.endpoint import s3_adapters

ENDPOINT = "http://127.0.0.1:1"  # nobody listens there: a call over HTTP would fail


@pytest.fixture
def s3() -> Iterator[Any]:
    s3_adapters.install(ENDPOINT)
    with mock_aws():
        session: Any = boto3.Session(region_name="us-east-1")
        made = session.client("s3", endpoint_url=ENDPOINT)
        made.create_bucket(Bucket="files")
        yield made


@pytest.mark.parametrize("body", [b"bytes", BytesIO(b"bytes")])
def test_calls_at_the_endpoint_reach_the_backend_without_http(s3: Any, body: Any) -> None:
    s3.put_object(Bucket="files", Key="a b/ü", Body=body)

    assert s3.get_object(Bucket="files", Key="a b/ü")["Body"].read() == b"bytes"


def test_presigned_urls_carry_the_endpoint(s3: Any) -> None:
    url = s3.generate_presigned_url("get_object", {"Bucket": "files", "Key": "x"})

    assert url.startswith(f"{ENDPOINT}/files/x?")


def test_another_endpoint_is_left_alone() -> None:
    s3_adapters.install(ENDPOINT)

    class Request:
        url = "http://127.0.0.1:2/files"

    assert s3_adapters._send(Request()) is None


def deny(condition: dict[str, Any] | None) -> str:
    statement: dict[str, Any] = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::files/*",
    }
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_policy_that_asks_for_tls_lets_local_calls_through(s3: Any) -> None:
    s3.put_bucket_policy(Bucket="files", Policy=deny({"Bool": {"aws:SecureTransport": "false"}}))

    s3.put_object(Bucket="files", Key="x", Body=b"1")

    assert s3.get_object(Bucket="files", Key="x")["Body"].read() == b"1"


def test_any_other_denial_still_denies(s3: Any) -> None:
    s3.put_bucket_policy(Bucket="files", Policy=deny(None))

    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket="files", Key="x", Body=b"1")


def test_a_bucket_tells_that_it_sends_its_events_to_eventbridge(s3: Any) -> None:
    queue = {"QueueArn": "arn:aws:sqs:us-east-1:123456789012:q", "Events": ["s3:ObjectCreated:*"]}
    boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="q")

    for others in ({}, {"QueueConfigurations": [queue]}):
        s3.put_bucket_notification_configuration(
            Bucket="files", NotificationConfiguration={"EventBridgeConfiguration": {}, **others}
        )
        told = s3.get_bucket_notification_configuration(Bucket="files")
        assert told["EventBridgeConfiguration"] == {}
        assert ("QueueConfigurations" in told) == bool(others)

    s3.put_bucket_notification_configuration(Bucket="files", NotificationConfiguration={})
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket="files")


def test_moto_alone_leaves_it_out(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        s3_adapters._RESPONSE, "get_bucket_notification", s3_adapters._ORIGINAL["get_bucket_notification"]
    )
    s3.put_bucket_notification_configuration(
        Bucket="files", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )

    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket="files")
