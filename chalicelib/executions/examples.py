"""Examples of this room's bodies, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

RUN_ID = "0d5f0b5e-6f2c-4f0e-9a51-6f6f0a6a4b11"
_ASSET_ID = "5b1c7c1e-27a7-4f4e-8a37-0c0a8f6c2d10"
_MEDIA = {"Video": {"S3Bucket": "media", "S3Key": "uploads/clip.mp4"}}

CREATE: dict[str, Any] = {
    "Name": "describe-video",
    "Input": {"Media": _MEDIA},
    "Configuration": {"look": {"Thumbnail": {"Enabled": False}}},
}

SUMMARY: dict[str, Any] = {
    "Id": RUN_ID,
    "AssetId": _ASSET_ID,
    "CurrentStage": "look",
    "Status": "Started",
    "Workflow": {"Name": "describe-video"},
    "Created": "1795233600.000001",
}

CANCELED: dict[str, Any] = {**SUMMARY, "Status": "Canceled", "Message": "Canceled: wrong file"}

RETRIED: dict[str, Any] = {**SUMMARY, "Status": "Queued"}

CALLBACK: dict[str, Any] = {
    "Operation": "transcribe",
    "Token": "AQCEAAAAKgAAAAMAAAAAAAAAAU",
    "Status": "Complete",
    "MetaData": {"Words": 1204},
}

PROGRESS: dict[str, Any] = {"Stage": "_VideoConvert", "Operation": "VideoConvert", "Attempt": 1, "Percent": 42}

EXECUTION: dict[str, Any] = {
    **SUMMARY,
    "WorkflowExecutionId": RUN_ID,
    "Trigger": "api",
    "Status": "Queued",
    "Globals": {"Media": _MEDIA, "MetaData": {}},
    "Configuration": {"look": {"Thumbnail": {"Enabled": False}}},
    "Version": "v0",
    "ResourceType": "WORKFLOW_EXECUTION",
    "ApiVersion": "3.0.0",
    "Attempt": 1,
    "Priority": 5,
    "Workflow": {
        "Name": "describe-video",
        "StartAt": "look",
        "Stages": {
            "look": {
                "Name": "look",
                "Operations": ["Thumbnail"],
                "Configuration": {"Thumbnail": {"MediaType": "Video", "Enabled": False}},
                "Status": "Started",
                "Metrics": {},
                "MetaData": {},
                "AssetId": _ASSET_ID,
                "WorkflowExecutionId": RUN_ID,
                "Input": {"Media": _MEDIA, "MetaData": {}},
                "End": True,
            }
        },
    },
}
