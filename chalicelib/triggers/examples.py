"""Requests and answers as the API's description shows them."""

from __future__ import annotations

from typing import Any

TRIGGER_ID = "0b1f6d0e-6c0a-4c52-9d3b-6a5a8f3f6f01"

OBJECTS: dict[str, Any] = {
    "Name": "incoming-clips",
    "Workflow": "Preview",
    "Configuration": {"Look": {"Thumbnail": {"EverySeconds": 5}}},
    "Priority": 7,
    "S3": {"Bucket": "mediawright-data", "Prefix": "incoming/", "Suffix": ".mp4", "MediaType": "Video"},
}
EVENTS: dict[str, Any] = {
    "Name": "delivered-masters",
    "Workflow": "Preview",
    "EventPattern": {"Pattern": {"source": ["archive"], "detail-type": ["Master delivered"]}},
    "Input": {"Media": {"Video": {"S3Bucket": {"Pointer": "/detail/bucket"}, "S3Key": {"Pointer": "/detail/key"}}}},
}
MESSAGES: dict[str, Any] = {
    "Name": "again",
    "Workflow": "Preview",
    "SNS": {"TopicArn": "arn:aws:sns:us-east-1:123456789012:look-again"},
    "Input": {"AssetId": {"Pointer": "/Message/AssetId"}},
}
NIGHTLY: dict[str, Any] = {
    "Name": "nightly",
    "Workflow": "Preview",
    "Schedule": {"Expression": "cron(30 2 * * ? *)", "Timezone": "Europe/Berlin"},
    "Input": {"Media": {"Video": {"S3Bucket": "mediawright-data", "S3Key": "reference/test-card.mp4"}}},
}
ANSWER: dict[str, Any] = {
    "Id": TRIGGER_ID,
    "Kind": "S3",
    "Status": "Active",
    **OBJECTS,
    "Enabled": True,
    "Created": "2026-11-21T04:05:06.000007Z",
    "Changed": "2026-11-21T04:05:06.000007Z",
    "LastFired": "2026-11-22T09:10:11.000012Z",
    "LastRun": "7e0b0a3c-1d5c-5d0e-8a40-2f4f4c1f9a77",
}
