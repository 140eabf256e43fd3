"""Uploads: a user is granted the right to put one file into the bucket, past the API, which holds no file in memory.

Items of the System table: Kind `upload#<user>`, Name the upload's id, forgotten with the file after some days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.aws import clock, dynamodb, transaction
from chalicelib.aws.dynamodb import Value
from chalicelib.aws.settings import settings
from chalicelib.jobs import bucket, multipart
from chalicelib.jobs.errors import TooLargeFile, UnknownUpload
from chalicelib.jobs.multipart import Part
from chalicelib.web.errors import shown

KEPT_SECONDS = 8 * 86_400
"""As long as the bucket keeps uploads (`forget-uploads` in cfn/bucket.yaml)."""
DEFAULT_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Upload:
    """A granted upload; `filename` is what the user calls the file, `begun` S3's id of one that comes in parts."""

    id: str
    key: str
    filename: str
    begun: str | None = None


def grant(user: str, asked: dict[str, Any]) -> dict[str, Any]:
    """How the user uploads one file: by a form, or part by part where it says to be larger than a form takes.

    Raises TooLargeFile for more than a file may have.
    """
    size, content_type = int(asked.get("size", 0)), asked.get("content_type", DEFAULT_TYPE)
    most = settings().max_upload_bytes
    if size > most:
        raise TooLargeFile(f"The file has {size} bytes; an upload may have {most}")
    upload_id = clock.new_id()
    key = bucket.upload_key(user, upload_id)
    begun = multipart.begin(key, content_type) if size > bucket.FORM_BYTES else None
    _remember(user, Upload(upload_id, key, asked.get("filename", ""), begun))
    granted = {"upload_id": upload_id, "expires_in": bucket.GRANT_SECONDS}
    if begun:
        parts = multipart.addresses(key, begun, size)
        return {**granted, "part_bytes": multipart.PART_BYTES, "parts": parts, "max_bytes": most}
    most = min(most, bucket.FORM_BYTES)
    form = bucket.upload_form(key, content_type, most)
    return {**granted, "url": form["url"], "fields": form["fields"], "max_bytes": most}


def complete(user: str, upload_id: str, parts: Sequence[Part]) -> None:
    """Put an upload together whose parts have been uploaded; raises UnknownUpload, and what `multipart.finish`
    does."""
    upload = read(user, upload_id)
    if upload.begun is None:
        raise UnknownUpload(f"upload {shown(upload_id)} doesn't come in parts")
    multipart.finish(upload.key, upload.begun, parts)


def store(user: str, filename: str, content: bytes, content_type: str) -> Upload:
    """Keep a file that came in a request as an upload of the user's."""
    upload_id = clock.new_id()
    upload = Upload(upload_id, bucket.upload_key(user, upload_id), filename)
    bucket.put(upload.key, content, content_type)
    return upload


def read(user: str, upload_id: str) -> Upload:
    """An upload that was granted to the user; raises UnknownUpload."""
    item = dynamodb.get(settings().system_table, _item_key(user, upload_id))
    if item is None or item["ExpiresAt"] <= clock.seconds():
        raise UnknownUpload(f"upload_id: there is no upload {shown(upload_id)} of yours")
    return Upload(upload_id, item["Key"], item["Filename"], item.get("Begun"))


def _remember(user: str, upload: Upload) -> None:
    item: dict[str, Value | None] = {
        **_item_key(user, upload.id),
        "Key": upload.key,
        "Filename": upload.filename,
        "Begun": upload.begun,
        "ExpiresAt": int(clock.seconds()) + KEPT_SECONDS,
    }
    transaction.commit([transaction.put(settings().system_table, item)])


def _item_key(user: str, upload_id: str) -> dict[str, str]:
    return {"Kind": f"upload#{user}", "Name": upload_id}
