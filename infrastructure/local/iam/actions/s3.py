"""S3: objects and buckets have no Region and no account in their ARNs; the account is a condition key instead."""

from __future__ import annotations

from functools import partial
from typing import Any

import moto.s3.models as moto_s3
from botocore.exceptions import ClientError

from infrastructure.local.iam.actions.place import Asks, Parameters, Place, keys
from infrastructure.local.iam.policies import Request

_BACKENDS: Any = moto_s3.s3_backends


def _exists(parameters: Parameters, place: Place) -> bool:
    """Whether the bucket exists: S3 says so of one that does not before it asks any policy."""
    return parameters["Bucket"] in _BACKENDS[place.account]["aws"].buckets


def _bucket(action: str, parameters: Parameters, place: Place) -> list[Request]:
    context = partial(keys, s3__prefix=parameters.get("Prefix"), aws__ResourceAccount=place.account)
    return [Request(f"s3:{action}", f"arn:aws:s3:::{parameters['Bucket']}", context)]


def _object(action: str, parameters: Parameters, place: Place, key: str | None = None) -> list[Request]:
    resource = f"arn:aws:s3:::{parameters['Bucket']}/{key or parameters['Key']}"
    return [Request(f"s3:{action}", resource, partial(keys, aws__ResourceAccount=place.account))]


def _version(action: str, parameters: Parameters, place: Place) -> list[Request]:
    """Versions have actions of their own."""
    return _object(f"{action}Version" if parameters.get("VersionId") else action, parameters, place)


def _put(parameters: Parameters, place: Place) -> list[Request]:
    asked = _object("PutObject", parameters, place)
    asked += _object("PutObjectTagging", parameters, place) if parameters.get("Tagging") else []
    return asked + (_object("PutObjectAcl", parameters, place) if parameters.get("ACL") else [])


def _delete_many(parameters: Parameters, place: Place) -> list[Request]:
    asked: list[Request] = []
    for entry in parameters["Delete"]["Objects"]:
        action = "DeleteObjectVersion" if entry.get("VersionId") else "DeleteObject"
        asked += _object(action, parameters, place, entry["Key"])
    return asked


def is_missing_object(error: ClientError) -> bool:
    """Whether S3 answered that there is no such object."""
    return error.operation_name in ("GetObject", "HeadObject") and error.response["Error"]["Code"] in (
        "NoSuchKey",
        "404",
    )


def tells_missing(parameters: dict[str, Any]) -> list[Request]:
    """What a caller needs to be told that an object isn't there; without it S3 answers 403."""
    return [Request("s3:ListBucket", f"arn:aws:s3:::{parameters['Bucket']}")]


def _asks(ask: Any, **actions: str) -> dict[str, Asks]:
    return {operation: partial(ask, action) for operation, action in actions.items()}


def _of_existing(asks: Asks) -> Asks:
    return lambda parameters, place: asks(parameters, place) if _exists(parameters, place) else []


_OPERATIONS: dict[str, Asks] = {
    **_asks(
        _bucket,
        HeadBucket="ListBucket",
        ListObjects="ListBucket",
        ListObjectsV2="ListBucket",
        ListObjectVersions="ListBucketVersions",
        ListMultipartUploads="ListBucketMultipartUploads",
        GetBucketLocation="GetBucketLocation",
        GetBucketNotificationConfiguration="GetBucketNotification",
    ),
    **_asks(_version, GetObject="GetObject", HeadObject="GetObject", DeleteObject="DeleteObject"),
    **_asks(
        _object,
        UploadPart="PutObject",
        CompleteMultipartUpload="PutObject",
        AbortMultipartUpload="AbortMultipartUpload",
        ListParts="ListMultipartUploadParts",
    ),
    "PutObject": _put,
    "CreateMultipartUpload": _put,
    "DeleteObjects": _delete_many,
}
OPERATIONS = {operation: _of_existing(asks) for operation, asks in _OPERATIONS.items()}
