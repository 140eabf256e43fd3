"""What the data plane keeps in S3: metadata documents, derived media, and presigned access to them."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

from chalicelib.aws import objects
from chalicelib.aws.clients import client
from chalicelib.aws.settings import settings
from chalicelib.web.errors import UnavailableError

PRIVATE = "private/"
URL_SECONDS = 3600
UPLOAD_BYTES = 5_368_709_120
_BATCH = 1000


def asset_prefix(asset_id: str) -> str:
    """Where everything that the engine keeps for an asset lies."""
    return f"{PRIVATE}assets/{asset_id}/"


def run_prefix(asset_id: str, workflow_id: str) -> str:
    """Where a run's documents and derived media of an asset lie."""
    return f"{asset_prefix(asset_id)}workflows/{workflow_id}/"


def put_document(key: str, text: bytes) -> str | None:
    """Write a JSON document, byte for byte; answers its version where the bucket keeps versions."""
    answer = client("s3").put_object(Bucket=_bucket(), Key=key, Body=text, ContentType="application/json")
    version: str | None = answer.get("VersionId")
    return version


def get_document(key: str) -> str | None:
    """A JSON document as it was written; None when it is gone."""
    s3 = client("s3")
    try:
        answer = s3.get_object(Bucket=_bucket(), Key=key)
    except s3.exceptions.NoSuchKey:
        return None
    body: bytes = answer["Body"].read()
    return body.decode()


def get_bytes(key: str, most: int) -> bytes | None:
    """An object, of which at most one byte beyond so many is read; None when there is none."""
    s3 = client("s3")
    try:
        answer = s3.get_object(Bucket=_bucket(), Key=key)
    except s3.exceptions.NoSuchKey:
        return None
    body: bytes = answer["Body"].read(most + 1)
    return body


def take_back(key: str, version: str | None) -> None:
    """Remove a document that was written and didn't become visible; what had its key before is there again."""
    if version is None:
        client("s3").delete_object(Bucket=_bucket(), Key=key)
    else:
        client("s3").delete_object(Bucket=_bucket(), Key=key, VersionId=version)


def delete_all(prefix: str) -> Iterator[int]:
    """Delete all objects below a prefix and all their versions, some a step; answers how many a step took."""
    try:
        yield from objects.delete_under(prefix)
    except objects.DeletionIncomplete as error:
        raise UnavailableError(f"S3: {error}; repeat the request") from error


def delete_keys(prefix: str, keys: Set[str]) -> None:
    """Delete those of the objects below a prefix that have one of the keys, with all their versions."""
    found = [version for version in objects.versions(prefix) if version[0] in keys]
    try:
        for start in range(0, len(found), _BATCH):
            objects.delete_versions(found[start : start + _BATCH])
    except objects.DeletionIncomplete as error:
        raise UnavailableError(f"S3: {error}; repeat the request") from error


def presigned_post(bucket: str, key: str) -> dict[str, Any]:
    """A form's address and fields by which anybody may upload one object within the hour."""
    answer: dict[str, Any] = client("s3").generate_presigned_post(
        bucket, key, Conditions=[["content-length-range", 0, UPLOAD_BYTES]], ExpiresIn=URL_SECONDS
    )
    return answer


def presigned_put(bucket: str, key: str) -> str:
    """An address to which anybody may put one JSON document within the hour."""
    url: str = client("s3").generate_presigned_url(
        "put_object",
        Params={"Bucket": bucket, "Key": key, "ContentType": "application/json"},
        ExpiresIn=URL_SECONDS,
    )
    return url


def presigned_get(bucket: str, key: str) -> str:
    """An address by which anybody may download one object within the hour."""
    url: str = client("s3").generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=URL_SECONDS
    )
    return url


def _bucket() -> str:
    return settings().data_bucket
