"""S3's events on EventBridge, for buckets that ask for them.

moto gives every event the same `sequencer` and some members other names than AWS, tells of a multipart upload twice,
and drops an event without a word when rules change meanwhile.
Source: the S3 user guide, "EventBridge event message structure".
"""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import moto.s3.notifications as moto_notifications

Publish = Callable[[dict[str, Any]], None]

_NOTIFICATIONS: Any = moto_notifications
_REASONS = {
    "Put": "PutObject",
    "Post": "POST Object",
    "Copy": "CopyObject",
    "CompleteMultipartUpload": "CompleteMultipartUpload",
    "Delete": "DeleteObject",
    "DeleteMarkerCreated": "DeleteObject",
}
_ORIGINAL: dict[str, Any] = {}
_LOCK = threading.Lock()
_publish: list[Publish] = []
_numbers = itertools.count(time.time_ns())


def install(publish: Publish) -> None:
    """Bring every bucket's events to `publish` from now on."""
    with _LOCK:
        _publish[:] = [publish]
        if not _ORIGINAL:
            _ORIGINAL["send"] = _NOTIFICATIONS._send_event_bridge_message
            _NOTIFICATIONS._send_event_bridge_message = _send


def release() -> None:
    """Leave the events to moto again."""
    with _LOCK:
        _publish.clear()


def _send(account_id: str, bucket: Any, event_name: Any, key: Any) -> None:
    publish = next(iter(_publish), None)
    if publish is None:
        _ORIGINAL["send"](account_id, bucket, event_name, key)
        return
    action = event_name.value.split(":")[2]
    if action == "Put" and key.multipart is not None:
        return  # moto puts the object that a finished upload makes; its own event follows
    event = {
        "detail-type": _NOTIFICATIONS._detail_type(event_name),
        "source": "aws.s3",
        "account": account_id,
        "region": bucket.region_name,
        "resources": [bucket.arn],
        "detail": _detail(account_id, bucket, action, key),
    }
    publish(event)


def _detail(account_id: str, bucket: Any, action: str, key: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"key": key.name, "size": key.size, "etag": key.etag.strip('"')}
    if bucket.is_versioned:
        found["version-id"] = key.version_id
    if action.startswith("Delete"):
        del found["size"]
    found["sequencer"] = f"{next(_numbers):018X}"
    return {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": found,
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": account_id,
        "source-ip-address": "127.0.0.1",
        "reason": _REASONS.get(action, action),
    }
