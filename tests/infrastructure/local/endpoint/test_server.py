from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from infrastructure.local.endpoint.server import AwsServer
from infrastructure.local.endpoint.signatures import KeyPair, KeyStore

OWNER = KeyPair("AKIAOWNER", "secret")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server that wants signatures."""
    with mock_aws():
        server = AwsServer(0, KeyStore(OWNER))
        server.start()
        try:
            yield server.url
        finally:
            server.stop()


def client(service: str, url: str, secret: str = "secret") -> Any:
    session: Any = boto3.Session(OWNER.access_key, secret, region_name="us-east-1")
    config: Any = Config(signature_version="s3v4" if service == "s3" else None, retries={"max_attempts": 0})
    return session.client(service, endpoint_url=url, config=config)


@pytest.fixture(scope="module")
def s3(url: str) -> Any:
    made = client("s3", url)
    made.create_bucket(Bucket="files")
    return made


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("s3", "list_buckets"),
        ("dynamodb", "list_tables"),
        ("sqs", "list_queues"),
        ("lambda", "list_functions"),
        ("cloudformation", "describe_stacks"),
        ("stepfunctions", "list_state_machines"),
        ("sts", "get_caller_identity"),
    ],
)
def test_clients_with_the_right_key_are_served_and_others_are_not(url: str, service: str, call: str) -> None:
    assert getattr(client(service, url), call)()["ResponseMetadata"]["HTTPStatusCode"] == 200

    with pytest.raises(ClientError, match=r"signature|Signature"):
        getattr(client(service, url, "wrong"), call)()


def test_an_unsigned_request_is_refused(url: str, s3: Any) -> None:
    s3.put_object(Bucket="files", Key="x", Body=b"1")

    assert requests.get(f"{url}/files/x", timeout=5).status_code == 403
    assert requests.put(f"{url}/files/y", data=b"1", timeout=5).status_code == 403


@pytest.mark.parametrize("key", ["plain.txt", "a b+c/ü%.txt"])
def test_objects_round_trip_whatever_their_key(s3: Any, key: str) -> None:
    s3.put_object(Bucket="files", Key=key, Body=b"content")

    assert s3.get_object(Bucket="files", Key=key)["Body"].read() == b"content"


def test_a_large_upload_in_parts_is_served(s3: Any) -> None:
    s3.upload_fileobj(BytesIO(b"x" * 9_000_000), "files", "large")

    assert s3.head_object(Bucket="files", Key="large")["ContentLength"] == 9_000_000


def test_presigned_urls_work_until_altered(s3: Any) -> None:
    s3.put_object(Bucket="files", Key="a", Body=b"A")
    s3.put_object(Bucket="files", Key="b", Body=b"B")
    address = s3.generate_presigned_url("get_object", {"Bucket": "files", "Key": "a"}, ExpiresIn=60)

    assert requests.get(address, timeout=5).content == b"A"
    altered = requests.get(address.replace("/files/a?", "/files/b?"), timeout=5)
    assert altered.status_code == 403
    assert "SignatureDoesNotMatch" in altered.text


def test_a_presigned_put_and_form_upload_work(s3: Any) -> None:
    address = s3.generate_presigned_url("put_object", {"Bucket": "files", "Key": "put"}, ExpiresIn=60)
    form = s3.generate_presigned_post("files", "posted", ExpiresIn=60)

    assert requests.put(address, data=b"1", timeout=5).status_code == 200
    good = requests.post(form["url"], data=form["fields"], files={"file": b"2"}, timeout=5)
    bad = requests.post(
        form["url"], data={**form["fields"], "x-amz-signature": "0" * 64}, files={"file": b"2"}, timeout=5
    )

    assert good.status_code in (200, 204)
    assert bad.status_code == 403
    assert s3.get_object(Bucket="files", Key="posted")["Body"].read() == b"2"


def test_without_keys_nothing_is_checked() -> None:
    server = AwsServer(0)
    server.start()
    try:
        answer = client("dynamodb", server.url, "anything").list_tables()
    finally:
        server.stop()

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
