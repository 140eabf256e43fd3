"""Examples of this room's bodies, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

BATCH_ID = "019a7c52-5b1e-7c3d-9a51-6f6f0a6a4b11"
_MEDIA = {"Video": {"S3Bucket": "media", "S3Key": "uploads/clip.mp4"}}

CREATE: dict[str, Any] = {
    "Name": "describe-video",
    "Inputs": [{"Input": {"Media": _MEDIA}}, {"Input": {"AssetId": "5b1c7c1e-27a7-4f4e-8a37-0c0a8f6c2d10"}}],
    "Priority": 3,
    "ToleratedFailurePercentage": 10,
    "OnBadLine": "skip",
}

SUMMARY: dict[str, Any] = {
    "Id": BATCH_ID,
    "Status": "Running",
    "Name": "describe-video",
    "Created": "1795233600.000001",
    "CreatedBy": "arn:aws:iam::123456789012:user/night-shift",
    "Source": "Inputs",
    "OnBadLine": "skip",
    "ToleratedFailurePercentage": 10,
    "Counts": {
        "Total": 3,
        "Submitted": 2,
        "Queued": 0,
        "Started": 1,
        "Waiting": 0,
        "Resumed": 0,
        "Complete": 1,
        "Error": 0,
        "Canceled": 0,
        "Refused": 1,
    },
    "Retries": 0,
}

BATCH: dict[str, Any] = {
    **SUMMARY,
    "BadLines": [{"Line": 3, "Message": "'Input' is a required property"}],
    "BadLinesObject": {"S3Bucket": "data", "S3Key": f"private/batches/{BATCH_ID}/bad-lines.jsonl"},
}

CANCELED: dict[str, Any] = {
    **BATCH,
    "Status": "Canceled",
    "Ended": "1795233660.000001",
    "EndedBy": "arn:aws:iam::123456789012:user/night-shift",
    "Message": "Canceled: wrong workflow",
}
