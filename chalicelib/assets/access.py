"""Which objects presigned URLs may reach, and the URLs."""

from __future__ import annotations

from typing import Any

from chalicelib.assets import bucket
from chalicelib.aws.settings import settings
from chalicelib.web.errors import BadRequestError

_MAX_KEY_BYTES = 1024
_PLACEHOLDER = "${filename}"


def upload(given: dict[str, str]) -> dict[str, Any]:
    """The form to upload one object into the data bucket, outside what the engine keeps there."""
    key = _key(given)
    if given["S3Bucket"] != settings().data_bucket:
        raise BadRequestError(f"S3Bucket: only the data bucket {settings().data_bucket} takes uploads")
    if key.startswith(bucket.PRIVATE):
        raise BadRequestError(f"S3Key: keys under {bucket.PRIVATE} are the engine's; try upload/")
    if _PLACEHOLDER in key:
        # S3 would let the uploader choose what stands here, and with it the key
        raise BadRequestError(f"S3Key: {_PLACEHOLDER} is not allowed")
    return bucket.presigned_post(given["S3Bucket"], key)


def download(given: dict[str, str]) -> str:
    """The address to download one object of the data bucket or of the external bucket."""
    key = _key(given)
    readable = {settings().data_bucket, settings().external_bucket} - {""}
    if given["S3Bucket"] not in readable:
        raise BadRequestError(f"S3Bucket: only {' and '.join(sorted(readable))} may be read")
    return bucket.presigned_get(given["S3Bucket"], key)


def _key(given: dict[str, str]) -> str:
    key = given["S3Key"]
    if len(key.encode()) > _MAX_KEY_BYTES:
        raise BadRequestError(f"S3Key: more than {_MAX_KEY_BYTES} bytes")
    return key
