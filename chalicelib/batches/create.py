"""A new batch: what can be checked at once is; its input is put where the state machine reads it; then it is begun.

The record is what makes a batch. A process that dies before it leaves objects that nobody refers to. One that dies
after it leaves a batch whose machine isn't started: a repeat with the same key starts it, or the sweep does.
"""

from __future__ import annotations

from typing import Any

from chalicelib.aws import clock, objects
from chalicelib.aws.settings import settings
from chalicelib.batches import bucket, machine, manifest, store
from chalicelib.batches.batch import Batch, BatchStatus, Source, ordered_id
from chalicelib.definitions import revisions
from chalicelib.executions import plan
from chalicelib.web import idempotency
from chalicelib.web.errors import BadRequestError, shown
from chalicelib.web.idempotency import Claim, KeyClaimed

MAX_MANIFEST_BYTES = 10_000_000_000
_SOURCES = ("Inputs", "Manifest", "Prefix")
_OF_EVERY_RUN = ("Name", "Stage", "Configuration", "Priority")


def create(body: dict[str, Any], caller: str, claimed: Claim | None = None, *, dry_run: bool = False) -> Batch:
    """Make a batch and begin it, or answer the one that an equal request made.

    A dry run checks all and writes nothing. Raises BadRequestError naming the field.
    """
    known = _made_before(claimed)
    if known is not None:
        return known
    batch = _checked(body, caller)
    if dry_run:
        return batch
    try:
        batch = _make(batch, body, claimed)
    except KeyClaimed:
        known = _made_before(claimed)
        if known is None:
            raise
        return known
    machine.start(batch.id, "plan")
    return batch


def _made_before(claimed: Claim | None) -> Batch | None:
    batch_id = idempotency.made(claimed) if claimed else None
    if batch_id is None:
        return None
    batch = store.get(batch_id)
    if batch.is_read:
        machine.start(batch.id, "plan", batch.round)
    return batch


def _checked(body: dict[str, Any], caller: str) -> Batch:
    subject = _check_subject(body)
    now = clock.now()
    batch_id = ordered_id(now, clock.new_id())
    return Batch(
        id=batch_id,
        status=BatchStatus.CHECKING,
        created=now,
        changed=now,
        caller=caller,
        subject=subject,
        workflow=body[subject],
        source=_source(body, batch_id),
        tolerated=body.get("ToleratedFailurePercentage", 100),
        on_bad_line=body.get("OnBadLine", "reject"),
    )


def _check_subject(body: dict[str, Any]) -> str:
    """`Name` or `Stage`, once it exists and takes the batch's Configuration."""
    if ("Name" in body) == ("Stage" in body):
        raise BadRequestError("Name: either Name (of a workflow) or Stage (of a stage to run alone) is required")
    subject = "Stage" if "Stage" in body else "Name"
    find = revisions.current_stage if subject == "Stage" else revisions.current
    revision = find(body[subject])
    plan.check_override(revision, plan.normalised(revision, body.get("Configuration") or {}))
    return subject


def _source(body: dict[str, Any], batch_id: str) -> Source:
    given = [name for name in _SOURCES if name in body]
    if len(given) != 1:
        raise BadRequestError(f"{(given or _SOURCES)[0]}: exactly one of Inputs, Manifest and Prefix is expected")
    if given == ["Inputs"]:
        return Source("inline", settings().data_bucket, bucket.inputs_key(batch_id))
    return _manifest(body["Manifest"]) if given == ["Manifest"] else _prefix(body["Prefix"])


def _manifest(given: dict[str, str]) -> Source:
    place, key = given["S3Bucket"], given["S3Key"]
    _check_bucket(place, "Manifest.S3Bucket")
    found = objects.head(place, key)
    if not found:
        why = "may not be read" if found == {} else "doesn't exist"
        raise BadRequestError(f"Manifest.S3Key: the object {shown(f's3://{place}/{key}')} {why}")
    size = found["ContentLength"]
    if not 0 < size <= MAX_MANIFEST_BYTES:
        raise BadRequestError(f"Manifest.S3Key: the object has {size} bytes; 1 to {MAX_MANIFEST_BYTES} are expected")
    return Source("manifest", place, key, etag=found["ETag"])


def _prefix(given: dict[str, str]) -> Source:
    place, prefix = given["S3Bucket"], given["S3Prefix"]
    _check_bucket(place, "Prefix.S3Bucket")
    if not bucket.has_objects(place, prefix):
        raise BadRequestError(f"Prefix.S3Prefix: there is no object under {shown(f's3://{place}/{prefix}')}")
    return Source("prefix", place, prefix, media_type=given.get("MediaType"))


def _check_bucket(name: str, field: str) -> None:
    """Only buckets that the stack's roles may read, and Step Functions' maps in this account and Region."""
    readable = [place for place in (settings().data_bucket, settings().external_bucket) if place]
    if name not in readable:
        known = " and ".join(readable)
        raise BadRequestError(f"{field}: batches are read from {known} only, not from {shown(name)}")
    if name != settings().data_bucket and not bucket.is_here(name):
        raise BadRequestError(f"{field}: the bucket must be in this account and in Region {settings().region}")


def _make(batch: Batch, body: dict[str, Any], claimed: Claim | None) -> Batch:
    bucket.put_defaults(batch.id, "request", {name: body[name] for name in _OF_EVERY_RUN if name in body})
    if batch.source.kind == "inline":
        batch = bucket.with_inputs(batch, manifest.lines(body["Inputs"]))
    claims = [idempotency.write(claimed, batch.id)] if claimed else []
    store.commit([*store.make(batch), *claims])
    return batch
