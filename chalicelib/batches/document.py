"""A batch as the API answers it."""

from __future__ import annotations

from typing import Any

from chalicelib.aws.settings import settings
from chalicelib.batches import bucket
from chalicelib.batches.batch import Batch
from chalicelib.executions.document import old_time, summary
from chalicelib.executions.run import Run
from chalicelib.executions.statuses import Status

Document = dict[str, Any]


def batch_summary(batch: Batch) -> Document:
    """A batch without its bad lines, as lists show it."""
    document: Document = {
        "Id": batch.id,
        "Status": batch.status.value,
        batch.subject: batch.workflow,
        "Created": old_time(batch.created),
        "CreatedBy": batch.caller,
        **_source(batch),
        "OnBadLine": batch.on_bad_line,
        "ToleratedFailurePercentage": batch.tolerated,
        "Counts": _counts(batch),
        "Retries": batch.round,
    }
    facts = {
        "Ended": old_time(batch.ended) if batch.ended else None,
        "Message": batch.message,
        "EndedBy": batch.ended_by,
    }
    return document | {name: value for name, value in facts.items() if value is not None}


def batch_document(batch: Batch) -> Document:
    """A whole batch: with the first of the lines that made no run, and where all of them are."""
    document = batch_summary(batch)
    if batch.refused:
        document["BadLines"] = bucket.first_bad_lines(batch.id)
        place = {"S3Bucket": settings().data_bucket, "S3Key": bucket.report_key(batch.id)}
        document["BadLinesObject"] = place
    return document


def run_summary(run: Run, place: dict[str, Any]) -> Document:
    """A run of a batch in short, with the line or the key it was made of."""
    return {**summary(run), **place}


def _counts(batch: Batch) -> dict[str, int | None]:
    return {
        "Total": batch.total,
        "Submitted": batch.submitted,
        **{status.value: batch.runs.get(status, 0) for status in Status},
        "Refused": batch.refused,
    }


def _source(batch: Batch) -> Document:
    source = batch.source
    if source.kind == "inline":
        return {"Source": "Inputs"}
    if source.kind == "manifest":
        return {"Source": "Manifest", "Manifest": {"S3Bucket": source.bucket, "S3Key": source.key}}
    place = {"S3Bucket": source.bucket, "S3Prefix": source.key}
    return {"Source": "Prefix", "Prefix": place | ({"MediaType": source.media_type} if source.media_type else {})}
