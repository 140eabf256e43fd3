"""Uploads and results in S3: what users may send there and fetch from there, by URLs that carry the right to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.aws.clients import client, code
from chalicelib.aws.settings import settings

UPLOADS = "private/uploads/"
GRANT_SECONDS = 3_600
FORM_BYTES = 5_368_709_120
"""What S3 takes in one form."""


@dataclass(frozen=True)
class Beginning:
    """The first bytes of an object, and how many it has."""

    head: bytes
    size: int


def prefix_of(user: str) -> str:
    """Where a user's uploads lie."""
    return f"{UPLOADS}{user}/"


def upload_key(user: str, upload_id: str) -> str:
    """Where one upload lies."""
    return prefix_of(user) + upload_id


def put(key: str, content: bytes, content_type: str) -> None:
    """Write a file that came in a request."""
    client("s3").put_object(Bucket=settings().data_bucket, Key=key, Body=content, ContentType=content_type)


def beginning(bucket: str, key: str, most: int) -> Beginning | None:
    """How an object begins; None when there is none that may be read."""
    from botocore.exceptions import ClientError, EndpointResolutionError, ParamValidationError

    try:
        answer = client("s3").get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{most - 1}")
    except (ParamValidationError, EndpointResolutionError):
        return None
    except ClientError as error:
        if code(error) == "InvalidRange":
            return Beginning(b"", 0)
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403, 404):
            return None
        raise
    head: bytes = answer["Body"].read()
    return Beginning(head, int(answer["ContentRange"].rpartition("/")[2]))


def upload_form(key: str, content_type: str, most: int) -> dict[str, Any]:
    """The address and fields of a form that stores one file of that type, of 1 to `most` bytes, at just that key."""
    form: dict[str, Any] = client("s3").generate_presigned_post(
        settings().data_bucket,
        key,
        Fields={"Content-Type": content_type},
        Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, most]],
        ExpiresIn=GRANT_SECONDS,
    )
    return form


def download_url(bucket: str, key: str, disposition: str, seconds: int) -> str:
    """An address that answers one object as a download for so long, or as long as the function's role signs for."""
    url: str = client("s3").generate_presigned_url(
        "get_object",
        Params={"Bucket": bucket, "Key": key, "ResponseContentDisposition": disposition},
        ExpiresIn=seconds,
    )
    return url
