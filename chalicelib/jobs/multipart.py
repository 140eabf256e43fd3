"""Uploads of more than S3 takes in one form: part by part, each by an address of its own, then put together.

What is begun and never put together the bucket gives up after seven days (`give-up-unfinished-uploads`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.aws.clients import client, code
from chalicelib.aws.settings import settings
from chalicelib.jobs.bucket import GRANT_SECONDS
from chalicelib.jobs.errors import MissingUpload
from chalicelib.web.errors import BadRequestError

PART_BYTES = 536_870_912
_UNFIT = {"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"}


@dataclass(frozen=True)
class Part:
    """A part that was uploaded: its number, from 1, and the ETag that S3 answered."""

    number: int
    etag: str


def begin(key: str, content_type: str) -> str:
    """Begin an upload; answers S3's id of it."""
    answer = client("s3").create_multipart_upload(Bucket=settings().data_bucket, Key=key, ContentType=content_type)
    begun: str = answer["UploadId"]
    return begun


def addresses(key: str, begun: str, size: int) -> list[dict[str, Any]]:
    """Where each part of a file of that size is to be PUT."""
    count = -(-size // PART_BYTES)
    return [{"part_number": number, "url": _address(key, begun, number)} for number in range(1, count + 1)]


def finish(key: str, begun: str, parts: Sequence[Part]) -> None:
    """Put an upload together; again, it changes nothing. Raises BadRequestError for parts that aren't those that were
    uploaded, and MissingUpload when it was given up."""
    from botocore.exceptions import ClientError

    named = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
    where = {"Bucket": settings().data_bucket, "Key": key}
    try:
        client("s3").complete_multipart_upload(**where, UploadId=begun, MultipartUpload={"Parts": named})
    except ClientError as error:
        if code(error) in _UNFIT:
            raise BadRequestError(
                "parts: they are not those that were uploaded, in their order", ("parts",)
            ) from None
        if code(error) != "NoSuchUpload":
            raise
        _demand_finished(where)


def _demand_finished(where: dict[str, str]) -> None:
    from botocore.exceptions import ClientError

    try:
        client("s3").head_object(**where)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        raise MissingUpload("The upload was given up: ask for another one") from None


def _address(key: str, begun: str, number: int) -> str:
    where = {"Bucket": settings().data_bucket, "Key": key, "UploadId": begun, "PartNumber": number}
    url: str = client("s3").generate_presigned_url("upload_part", Params=where, ExpiresIn=GRANT_SECONDS)
    return url
