"""The data bucket: small documents of ours and presigned access for others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from chalicelib.aws.clients import client
from chalicelib.aws.settings import settings


class DeletionIncomplete(Exception):
    """S3 refused to delete some objects; asking again continues."""


_BATCH = 1000
_PART_BYTES = 8_388_608
"""Of a document that is written part by part: S3 takes 5 MiB or more, and 10,000 parts."""
INLINE_BYTES = 32_768
"""Text up to this many bytes stays in its DynamoDB item; beyond, it rides in the bucket (a transactional write
costs 2 units a KB)."""


def put_text(key: str, text: str) -> None:
    """Write a JSON document into the data bucket."""
    client("s3").put_object(
        Bucket=settings().data_bucket, Key=key, Body=text.encode(), ContentType="application/json"
    )


def put_pieces(key: str, pieces: Iterable[str]) -> None:
    """Write a document of any length into the data bucket, with one part of it in memory at a time.

    It is there, in place of what was, once it is whole. What is never finished the bucket gives up after seven days.
    """
    where = {"Bucket": settings().data_bucket, "Key": key}
    begun = client("s3").create_multipart_upload(**where, ContentType="application/json")["UploadId"]
    made = []
    for number, part in enumerate(_parts(pieces), 1):
        answer = client("s3").upload_part(**where, UploadId=begun, PartNumber=number, Body=part)
        made.append({"PartNumber": number, "ETag": answer["ETag"]})
    client("s3").complete_multipart_upload(**where, UploadId=begun, MultipartUpload={"Parts": made})


def _parts(pieces: Iterable[str]) -> Iterator[bytes]:
    """A text in parts, of which only the last may be short; there is one at least."""
    part = bytearray()
    for piece in pieces:
        if len(part) >= _PART_BYTES:
            yield bytes(part)
            part.clear()
        part += piece.encode()
    yield bytes(part)


def get_text(key: str) -> str:
    """Read a document out of the data bucket; raises the SDK's ClientError when it isn't there."""
    answer = client("s3").get_object(Bucket=settings().data_bucket, Key=key)
    body: bytes = answer["Body"].read()
    return body.decode()


def head(bucket: str, key: str) -> dict[str, Any] | None:
    """What S3 says of an object; None when there is no such object or bucket. A refusal (403) answers an empty dict:
    without the right to list, S3 doesn't tell whether the object exists."""
    from botocore.exceptions import ClientError, EndpointResolutionError, ParamValidationError

    try:
        answer: dict[str, Any] = client("s3").head_object(Bucket=bucket, Key=key)
    except (ParamValidationError, EndpointResolutionError):
        return None
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status in (400, 404):
            return None
        if status == 403:
            return {}
        raise
    return answer


def carried(text: str, key: str) -> dict[str, str]:
    """Attributes that hold a text in an item: `{"Text": text}`, or `{"Ref": key}` once the text is in the bucket."""
    if len(text.encode()) <= INLINE_BYTES:
        return {"Text": text}
    put_text(key, text)
    return {"Ref": key}


def delete_under(prefix: str) -> Iterator[int]:
    """Delete every object under a prefix of the data bucket with all its versions; answers how many a step took."""
    # lists anew after every step, since a listing that continues at a deleted version may end early
    while batch := list(islice(versions(prefix), _BATCH)):
        delete_versions(batch)
        yield len(batch)


def delete_versions(batch: list[tuple[str, str]]) -> None:
    """Delete up to 1,000 versions, each as (key, version id); raises DeletionIncomplete when S3 refuses some."""
    entries = [{"Key": key, "VersionId": version} for key, version in batch]
    answer = client("s3").delete_objects(Bucket=settings().data_bucket, Delete={"Objects": entries, "Quiet": True})
    if answer.get("Errors"):
        raise DeletionIncomplete(f"{len(answer['Errors'])} objects could not be deleted")


def versions(prefix: str) -> Iterator[tuple[str, str]]:
    """Every version and delete marker under a prefix of the data bucket, as (key, version id)."""
    pages = client("s3").get_paginator("list_object_versions")
    for page in pages.paginate(Bucket=settings().data_bucket, Prefix=prefix):
        for entry in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            yield entry["Key"], entry["VersionId"]


class BucketClosed(Exception):
    """The bucket belongs to another account, or doesn't let the engine ask."""


def events_of(bucket: str) -> tuple[str, bool] | None:
    """A bucket's Region, and whether it sends its events to EventBridge; None when there is no such bucket.

    Raises BucketClosed when S3 refuses the question.
    """
    from botocore.exceptions import ClientError

    try:
        place = client("s3").get_bucket_location(Bucket=bucket)["LocationConstraint"] or "us-east-1"
        notifications = client("s3").get_bucket_notification_configuration(Bucket=bucket)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404:
            return None
        if status == 403:
            raise BucketClosed(bucket) from error
        raise
    return place, "EventBridgeConfiguration" in notifications
