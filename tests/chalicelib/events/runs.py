"""Runs as the Executions table holds them, and the records that its stream tells of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from chalicelib.aws import dynamodb, transaction
from chalicelib.executions import store
from chalicelib.executions.run import Run
from chalicelib.executions.statuses import Status

RUN_ID = "0d5f0b5e-6f2c-4f0e-9a51-6f6f0a6a4b11"
CREATED = "2026-11-21T04:05:06.000007Z"
MEDIA = {"Video": {"S3Bucket": "media", "S3Key": "clip.mp4"}}


def run(run_id: str = RUN_ID, **changes: Any) -> Run:
    """A run that was just queued, but for the changes."""
    queued = Run(
        id=run_id,
        subject="workflow",
        workflow="flow",
        revision="rev00001",
        machine_arn="arn:aws:states:us-east-1:123456789012:stateMachine:flow",
        asset_id="asset-1",
        status=Status.QUEUED,
        attempt=1,
        current_stage=0,
        stage_name="first",
        stages=2,
        created=CREATED,
        queued=CREATED,
        changed=CREATED,
    )
    return replace(queued, **changes)


def started(before: Run) -> Run:
    """The run after its admission."""
    return replace(before, status=Status.STARTED, sequence=before.sequence + 1, changed="2026-11-21T04:05:07.250000Z")


def failed(before: Run, message: str = "it broke") -> Run:
    """The run after its end."""
    later = "2026-11-21T04:05:09.500000Z"
    return replace(
        before, status=Status.ERROR, sequence=before.sequence + 1, changed=later, ended=later, message=message
    )


def keep(kept: Run, metadata: Any = None, override: str = '{"first":{"a":{"Language":"fr"}}}') -> None:
    """Write a run and its first stage into the table."""
    stage_input = {"Input": {"Media": MEDIA, "MetaData": metadata or {}}, "Plan": {}}
    transaction.commit([store.put_run(kept), store.put_stage(kept, 0, json.dumps(stage_input), override)])


def parts(run_id: str = RUN_ID) -> list[str]:
    """The sort keys of all that the table holds of a run."""
    items = dynamodb.query(store.table(), dynamodb.equals("Id", run_id), consistent=True)
    return [item["Part"] for item in items]


def record(new: Run | None, old: Run | None, position: int = 1) -> dict[str, Any]:
    """The stream's record of a write; without a new run of its removal, without an old one of its creation."""
    images = {"NewImage": new, "OldImage": old}
    shown = new or old
    assert shown is not None
    return {
        "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "Keys": {"Id": {"S": shown.id}, "Part": {"S": "execution"}},
            "SequenceNumber": str(position),
            **{name: dynamodb.typed_item(image.item()) for name, image in images.items() if image},
        },
    }


def expiry(old: Run, position: int = 1) -> dict[str, Any]:
    """The record of a removal by DynamoDB itself."""
    by = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    return {**record(None, old, position), "userIdentity": by}
