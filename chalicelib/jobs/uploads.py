"""Uploads: a user is granted the right to put one file into the bucket, past the API, which holds no file in memory.

Items of the System table: Kind `upload#<user>`, Name the upload's id, forgotten with the file after some days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.aws import clock, dynamodb, transaction
from chalicelib.aws.dynamodb import Value
from chalicelib.aws.settings import settings
from chalicelib.jobs import bucket
from chalicelib.jobs.errors import TooLargeFile, UnknownUpload
from chalicelib.web.errors import shown

KEPT_SECONDS = 8 * 86_400
"""As long as the bucket keeps uploads (`forget-uploads` in cfn/bucket.yaml)."""
DEFAULT_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Upload:
    """A granted upload; `filename` is what the user calls the file."""

    id: str
    key: str
    filename: str


def grant(user: str, asked: dict[str, Any]) -> dict[str, Any]:
    """A form by which the user uploads one file; raises TooLargeFile for more than a file may have."""
    most = min(settings().max_upload_bytes, bucket.FORM_BYTES)
    if asked.get("size", 0) > most:
        raise TooLargeFile(f"The file has {asked['size']} bytes; an upload may have {most}")
    upload_id = clock.new_id()
    key = bucket.upload_key(user, upload_id)
    form = bucket.upload_form(key, asked.get("content_type", DEFAULT_TYPE), most)
    _remember(user, Upload(upload_id, key, asked.get("filename", "")))
    return {
        "upload_id": upload_id,
        "url": form["url"],
        "fields": form["fields"],
        "expires_in": bucket.GRANT_SECONDS,
        "max_bytes": most,
    }


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
    return Upload(upload_id, item["Key"], item["Filename"])


def _remember(user: str, upload: Upload) -> None:
    item: dict[str, Value | None] = {
        **_item_key(user, upload.id),
        "Key": upload.key,
        "Filename": upload.filename,
        "ExpiresAt": int(clock.seconds()) + KEPT_SECONDS,
    }
    transaction.commit([transaction.put(settings().system_table, item)])


def _item_key(user: str, upload_id: str) -> dict[str, str]:
    return {"Kind": f"upload#{user}", "Name": upload_id}
