"""What S3 holds of a batch: its request, its manifest and index, the reports of bad lines, all under one prefix."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws import objects
from chalicelib.aws.clients import client, code
from chalicelib.aws.settings import settings
from chalicelib.batches.batch import Batch, Source
from chalicelib.batches.errors import ManifestChanged
from chalicelib.batches.manifest import Chunk
from chalicelib.web.documents import compact

FIRST_BAD_LINES = 100
_BLOCK_BYTES = 1_048_576
_READERS = 16
"""So many reports of chunks are read at a time, and are in memory: all bad lines of a large manifest wouldn't fit."""


def prefix(batch_id: str) -> str:
    """Where the bucket holds what belongs to a batch."""
    return f"private/batches/{batch_id}/"


def inputs_key(batch_id: str) -> str:
    """The manifest that is made of inline items."""
    return f"{prefix(batch_id)}inputs.jsonl"


def index_key(batch_id: str) -> str:
    """The chunks of the manifest, one a line."""
    return f"{prefix(batch_id)}index.jsonl"


def report_key(batch_id: str) -> str:
    """All bad lines, one JSON object a line."""
    return f"{prefix(batch_id)}bad-lines.jsonl"


# -- what the batch's own request says of every run ------------------------------------------------------------


def put_defaults(batch_id: str, name: str, defaults: dict[str, Any]) -> None:
    """Keep what a request (`request`, `retry-1`, ...) says of all runs."""
    objects.put_text(f"{prefix(batch_id)}{name}.json", compact(defaults))


@lru_cache(maxsize=32)
def defaults(batch_id: str, name: str) -> dict[str, Any]:
    """What a request says of all runs; it never changes."""
    found: dict[str, Any] = json.loads(objects.get_text(f"{prefix(batch_id)}{name}.json"))
    return found


# -- the manifest ----------------------------------------------------------------------------------------------


def with_inputs(batch: Batch, text: str) -> Batch:
    """Write a batch's inline items as its manifest."""
    answer = client("s3").put_object(
        Bucket=batch.source.bucket, Key=batch.source.key, Body=text.encode(), ContentType="application/jsonl"
    )
    return replace(batch, source=replace(batch.source, etag=answer["ETag"]))


def blocks(source: Source) -> Iterator[bytes]:
    """A manifest from begin to end; raises ManifestChanged."""
    yield from _body(source).iter_chunks(_BLOCK_BYTES)


def read(source: Source, chunk: Chunk) -> bytes:
    """A chunk of a manifest; raises ManifestChanged."""
    text: bytes = _body(source, Range=f"bytes={chunk.Begin}-{chunk.End - 1}").read()
    return text


def _body(source: Source, **options: Any) -> Any:
    try:
        answer = client("s3").get_object(Bucket=source.bucket, Key=source.key, **options)
    except ClientError as error:
        if code(error) not in ("NoSuchKey", "NoSuchBucket", "InvalidRange", "AccessDenied"):
            raise
        raise ManifestChanged(f"The manifest can't be read any more: {code(error)}") from None
    if answer["ETag"] != source.etag:
        raise ManifestChanged("The manifest was replaced while the batch read it")
    return answer["Body"]


# -- reports of bad lines --------------------------------------------------------------------------------------


def put_chunk_report(batch: Batch, step: str, name: str, bad: list[dict[str, Any]]) -> str:
    """Keep the bad lines of a chunk; answers the object's key."""
    key = f"{prefix(batch.id)}{step}-{batch.round}/{name}.json"
    objects.put_text(key, compact(bad))
    return key


def put_report(batch_id: str, keys: Sequence[str]) -> None:
    """Join the chunks' reports, in their order, to the batch's: all bad lines, and the first ones by themselves."""
    objects.put_pieces(report_key(batch_id), (compact(line) + "\n" for line in _bad_lines(keys)))
    objects.put_text(_first_key(batch_id), compact(list(islice(_bad_lines(keys), FIRST_BAD_LINES))))


def _bad_lines(keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    with ThreadPoolExecutor(_READERS) as readers:
        for start in range(0, len(keys), _READERS):
            for text in readers.map(objects.get_text, keys[start : start + _READERS]):
                yield from json.loads(text)


def first_bad_lines(batch_id: str) -> list[dict[str, Any]]:
    """The first bad lines of a batch that has some; none while they are being gathered."""
    try:
        found: list[dict[str, Any]] = json.loads(objects.get_text(_first_key(batch_id)))
    except ClientError as error:
        if code(error) != "NoSuchKey":
            raise
        return []
    return found


def _first_key(batch_id: str) -> str:
    return f"{prefix(batch_id)}bad-lines-first.json"


def object_chunk_name(first_key: str) -> str:
    """The name of a chunk of a prefix, by its first key."""
    return hashlib.sha256(first_key.encode()).hexdigest()[:24]


# -- where items may come from ---------------------------------------------------------------------------------


def is_here(bucket: str) -> bool:
    """Whether a bucket is in this account and this Region, as Step Functions demands of what its maps read."""
    account = settings().workflow_role_arn.split(":")[4]
    try:
        answer = client("s3").head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            raise
        return False
    return bool(answer.get("BucketRegion", settings().region) == settings().region)


def has_objects(bucket: str, key_prefix: str) -> bool:
    """Whether there is any object under a prefix."""
    return bool(client("s3").list_objects_v2(Bucket=bucket, Prefix=key_prefix, MaxKeys=1).get("KeyCount"))
