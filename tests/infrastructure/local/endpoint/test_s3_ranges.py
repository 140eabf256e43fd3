from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import moto.s3.models as moto_s3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infrastructure.local.endpoint import s3_ranges

BODY = bytes(range(256)) * 4


@pytest.fixture
def s3() -> Iterator[Any]:
    s3_ranges.install()
    with mock_aws():
        made: Any = boto3.client("s3", region_name="us-east-1")
        made.create_bucket(Bucket="files")
        made.put_object(Bucket="files", Key="x", Body=BODY, ContentType="video/mp4")
        yield made


@pytest.fixture
def whole_reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys whose whole value was read."""
    keys: list[str] = []
    fake: Any = moto_s3.FakeKey
    value = fake.value

    def read(key: Any) -> bytes:
        keys.append(key.name)
        found: bytes = value.fget(key)
        return found

    monkeypatch.setattr(fake, "value", property(read, value.fset))
    return keys


@pytest.mark.parametrize(
    ("asked", "told", "part"),
    [
        ("bytes=0-0", "bytes 0-0/1024", BODY[:1]),
        ("bytes=300-399", "bytes 300-399/1024", BODY[300:400]),
        ("bytes=1000-", "bytes 1000-1023/1024", BODY[1000:]),
        ("bytes=1000-9999", "bytes 1000-1023/1024", BODY[1000:]),
        ("bytes=-5", "bytes 1019-1023/1024", BODY[-5:]),
        ("bytes=-5000", "bytes 0-1023/1024", BODY),
    ],
)
def test_a_range_is_answered_without_reading_the_rest(
    s3: Any, whole_reads: list[str], asked: str, told: str, part: bytes
) -> None:
    answer = s3.get_object(Bucket="files", Key="x", Range=asked)

    assert answer["Body"].read() == part
    assert (answer["ContentRange"], answer["ContentLength"]) == (told, len(part))
    assert answer["ContentType"] == "video/mp4"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert whole_reads == []


@pytest.mark.parametrize("asked", ["bytes=1-2,4-5", "bytes=a-b", "bytes=-", "bytes=5-4"])
def test_what_is_no_range_gets_the_whole(s3: Any, asked: str) -> None:
    answer = s3.get_object(Bucket="files", Key="x", Range=asked)

    assert answer["Body"].read() == BODY
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_range_past_the_end_is_refused(s3: Any) -> None:
    with pytest.raises(ClientError, match="InvalidRange"):
        s3.get_object(Bucket="files", Key="x", Range="bytes=1024-")


def test_a_condition_holds_for_a_range(s3: Any) -> None:
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.get_object(Bucket="files", Key="x", Range="bytes=0-1", IfMatch='"another"')


def test_an_empty_object_has_no_range(s3: Any) -> None:
    s3.put_object(Bucket="files", Key="empty", Body=b"")

    with pytest.raises(ClientError, match="InvalidRange"):
        s3.get_object(Bucket="files", Key="empty", Range="bytes=0-")


def test_without_a_range_or_by_number_the_whole_is_read(s3: Any, whole_reads: list[str]) -> None:
    assert s3.get_object(Bucket="files", Key="x")["Body"].read() == BODY
    assert s3.get_object(Bucket="files", Key="x", PartNumber=1, Range="bytes=0-1")["Body"].read() == BODY
    assert whole_reads == ["x", "x"]
