"""Execution documents as the engine answers them, at different moments of one run."""

from __future__ import annotations

from typing import Any

SOURCE = {"Video": {"S3Bucket": "data", "S3Key": "upload/x/clip.mp4"}}
SHEET = {"S3Bucket": "data", "S3Key": "private/assets/a/workflows/r/Thumbnail/sheet.jpg"}


def output(name: str, status: str = "Complete", media: Any = None, **members: Any) -> dict[str, Any]:
    times = {"Entered": "2026-01-01T00:00:00.000Z", "Left": "2026-01-01T00:00:01.500Z"}
    return {"Name": name, "Status": status, "Media": media or {}, "MetaData": {}, **times, **members}


def run(
    status: str, first: str, second: str, outputs: Any = None, more: Any = None, **members: Any
) -> dict[str, Any]:
    one: dict[str, Any] = {"Name": "look", "Operations": ["Mediainfo", "Thumbnail"], "Status": first, "Next": "count"}
    two: dict[str, Any] = {"Name": "count", "Operations": ["Statistics"], "Status": second, "End": True}
    one["Input"] = {"Media": SOURCE, "MetaData": {}}
    if outputs is not None:
        one["Outputs"] = outputs
    if more is not None:
        two["Outputs"] = more
    workflow = {"Name": "w", "StartAt": "look", "Stages": {"count": two, "look": one}}
    return {"Id": "r", "AssetId": "a", "Status": status, "Created": "1700000000.1", "Workflow": workflow, **members}


LOOKED = [output("Mediainfo"), output("Thumbnail", media={"Image": SHEET})]
QUEUED = run("Queued", "Started", "Not Started")
LOOKING = run("Started", "Started", "Not Started", Started="1700000000.5")
COUNTING = run("Started", "Complete", "Started", LOOKED, Started="1700000000.5")
COMPLETE = run(
    "Complete", "Complete", "Complete", LOOKED, [output("Statistics")], Started="1700000000.5", Ended="1700000003.0"
)
FAILED = run(
    "Error",
    "Error",
    "Not Started",
    [output("Mediainfo"), output("Thumbnail", "Error", Error="InvalidInput", Cause="no such codec")],
    Message="Stage look: operation Thumbnail failed: InvalidInput: no such codec",
    Started="1700000000.5",
    Ended="1700000001.0",
)
