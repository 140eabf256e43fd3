"""Making an asset of an object in S3; the object stays where it is."""

from __future__ import annotations

from typing import Any

from chalicelib.assets import media_types, store
from chalicelib.aws import clock, objects, transaction
from chalicelib.web.errors import BadRequestError, shown


def create(given: dict[str, Any]) -> dict[str, str]:
    """Make an asset; raises BadRequestError for an object that doesn't exist or whose kind doesn't show."""
    bucket, key = given["S3Bucket"], given["S3Key"]
    found = objects.head(bucket, key)
    if found is None:
        raise BadRequestError(f"Input.S3Key: there is no object {shown(f's3://{bucket}/{key}')}")
    media_type = given.get("MediaType") or media_types.inferred(found.get("ContentType", ""), key)
    if media_type is None:
        raise BadRequestError("Input.MediaType: neither content type nor key tell the media type; send it")
    asset_id, created = clock.new_id(), clock.now()
    store.ensure_month(created)
    transaction.commit(store.asset_writes_new(asset_id, media_type, bucket, key, created, None))
    return {"AssetId": asset_id, "MediaType": media_type, "S3Bucket": bucket, "S3Key": key}
