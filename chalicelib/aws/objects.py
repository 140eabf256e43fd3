"""The data bucket: small documents of ours and presigned access for others."""

from __future__ import annotations

from typing import Any

from chalicelib.aws.clients import client
from chalicelib.aws.settings import settings


class DeletionIncomplete(Exception):
    """S3 refused to delete some objects; asking again continues."""


INLINE_BYTES = 32_768
"""Text up to this many bytes stays in its DynamoDB item; beyond, it rides in the bucket (a transactional write
costs 2 units a KB)."""


def put_text(key: str, text: str) -> None:
    """Write a JSON document into the data bucket."""
    client("s3").put_object(
        Bucket=settings().data_bucket, Key=key, Body=text.encode(), ContentType="application/json"
    )


def get_text(key: str) -> str:
    """Read a document out of the data bucket; raises the SDK's ClientError when it isn't there."""
    return _read(settings().data_bucket, key).decode()


def _read(bucket: str, key: str) -> bytes:
    answer = client("s3").get_object(Bucket=bucket, Key=key)
    body: bytes = answer["Body"].read()
    return body


def head(bucket: str, key: str) -> dict[str, Any] | None:
    """What S3 says of an object; None when there is no such object or bucket. A refusal (403) answers an empty dict:
    without the right to list, S3 doesn't tell whether the object exists."""
    from botocore.exceptions import ClientError, ParamValidationError

    try:
        answer: dict[str, Any] = client("s3").head_object(Bucket=bucket, Key=key)
    except ParamValidationError:
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


def delete_under(prefix: str) -> int:
    """Delete every object and version under a prefix of the data bucket; answers how many."""
    bucket, deleted = settings().data_bucket, 0
    pages = client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        keys = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in found]
        if keys:
            answer = client("s3").delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
            if answer.get("Errors"):
                raise DeletionIncomplete(f"{len(answer['Errors'])} objects under {prefix} could not be deleted")
        deleted += len(keys)
    return deleted
