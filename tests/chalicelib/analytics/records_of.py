"""Records of the Assets stream as DynamoDB makes them."""

from __future__ import annotations

import itertools
from typing import Any

from chalicelib.aws.dynamodb import typed_item

Record = dict[str, Any]
_POSITIONS = itertools.count(1001)
ASSET = {
    "MediaType": "Video",
    "S3Bucket": "media",
    "S3Key": "clip.mp4",
    "Created": "2026-11-21T04:05:06.000007Z",
    "Month": "2026-11",
}


def record(asset_id: str, part: str, old: Any = None, new: Any = None) -> Record:
    """A change from one image to another; None is an item that isn't there."""
    position = next(_POSITIONS)
    keys = {"AssetId": asset_id, "Part": part}
    images = {
        name: typed_item({**keys, **image})
        for name, image in (("OldImage", old), ("NewImage", new))
        if image is not None
    }
    kind = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
    dynamodb = {"Keys": typed_item(keys), "SequenceNumber": str(position), **images}
    return {"eventID": f"event-{position}", "eventName": kind, "dynamodb": dynamodb}


def head(key: str, workflow: str = "run-1", set_id: str | None = None, pages: int = 1) -> Record:
    """The item that names an operator's newest metadata."""
    return {"Operator": "labels", "Workflow": workflow, "Set": set_id or workflow, "Pages": pages, "Key": key}
