"""Mends moto's S3: calls of this process at the embedded endpoint, policies that ask for TLS, and that a bucket's
notifications go to EventBridge."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import botocore.handlers
import moto.core.models as moto_core
import moto.iam.access_control as moto_policies
import moto.s3.models as moto_s3
import moto.s3.responses as moto_s3_responses

_CORE: Any = moto_core
_BUCKET: Any = moto_s3.FakeBucket
_POLICIES: Any = moto_policies
_RESPONSE: Any = moto_s3_responses.S3Response
_HANDLERS: Any = botocore.handlers.BUILTIN_HANDLERS
_endpoint: list[str] = []
_ORIGINAL: dict[str, Any] = {}
_ROOT = "NotificationConfiguration"


def install(endpoint_url: str) -> None:
    """Patch moto and botocore, from now on with this endpoint; again is harmless.

    This process's S3 clients must know the endpoint, because presigned URLs are made from it; their calls
    still reach the backend without HTTP.
    """
    if not _endpoint:
        _HANDLERS.insert(0, ("before-send.s3", _send))
        _BUCKET.get_permission = _get_permission
        _ORIGINAL["get_bucket_notification"] = _RESPONSE.get_bucket_notification
        _RESPONSE.get_bucket_notification = _get_bucket_notification
    _endpoint[:] = [urlsplit(endpoint_url).netloc]


def _send(request: Any, **_: Any) -> None:
    parts = urlsplit(request.url)
    if parts.netloc != _endpoint[0] or not _CORE.botocore_stubber.enabled:
        return
    if hasattr(request.body, "read"):  # moto takes a file for an upload form
        request.body = request.body.read()
    # moto's own handler of this event comes after this one and answers what is addressed to AWS
    request.url = urlunsplit(("https", "s3.amazonaws.com", parts.path, parts.query, ""))


def _get_permission(bucket: Any, action: str, resource: str) -> Any:
    """moto takes a denial under a condition for one without; connections to this machine count as secure."""
    if bucket.policy is None:
        return _POLICIES.PermissionResult.NEUTRAL
    policy = json.loads(bucket.policy)
    policy["Statement"] = [entry for entry in policy["Statement"] if not _is_about_tls(entry)]
    return _POLICIES.IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


def _is_about_tls(statement: dict[str, Any]) -> bool:
    conditions = statement.get("Condition", {}).values()
    return any(key.lower() == "aws:securetransport" for condition in conditions for key in condition)


def _get_bucket_notification(self: Any) -> Any:
    """moto keeps that a bucket tells EventBridge, and leaves it out of its answer."""
    status, headers, text = _ORIGINAL["get_bucket_notification"](self)
    found = self.backend.get_bucket_notification_configuration(self.bucket_name)
    if found and found.event_bridge is not None:
        whole = re.sub(rf"<{_ROOT}([^>]*)/>", rf"<{_ROOT}\1></{_ROOT}>", text)
        text = whole.replace(f"</{_ROOT}>", f"<EventBridgeConfiguration/></{_ROOT}>")
    return status, headers, text
