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


def test_a_range_of_an_earlier_version_is_of_that_version(s3: Any, whole_reads: list[str]) -> None:
    s3.put_bucket_versioning(Bucket="files", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="files", Key="v", Body=b"first")["VersionId"]
    s3.put_object(Bucket="files", Key="v", Body=b"second")

    assert s3.get_object(Bucket="files", Key="v", Range="bytes=0-2", VersionId=first)["Body"].read() == b"fir"
    assert s3.get_object(Bucket="files", Key="v", Range="bytes=0-2")["Body"].read() == b"sec"
    assert whole_reads == []


def test_a_range_reaches_over_the_parts_that_an_object_was_uploaded_in(s3: Any) -> None:
    upload = s3.create_multipart_upload(Bucket="files", Key="m")["UploadId"]
    bodies = [b"a" * 5 * 2**20, b"b" * 10]
    parts = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(Bucket="files", Key="m", UploadId=upload, PartNumber=number, Body=body)["ETag"],
        }
        for number, body in enumerate(bodies, 1)
    ]
    s3.complete_multipart_upload(Bucket="files", Key="m", UploadId=upload, MultipartUpload={"Parts": parts})

    answer = s3.get_object(Bucket="files", Key="m", Range=f"bytes={5 * 2**20 - 2}-{5 * 2**20 + 1}")

    assert answer["Body"].read() == b"aabb"


def test_the_head_of_a_range_tells_its_length(s3: Any, whole_reads: list[str]) -> None:
    assert s3.head_object(Bucket="files", Key="x", Range="bytes=10-19")["ContentLength"] == 10
    assert whole_reads == []
