"""What the last sweep found, for whoever asks how the engine is doing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.aws import dynamodb, transaction
from chalicelib.aws.dynamodb import Value
from chalicelib.aws.settings import settings
from chalicelib.web.documents import compact

KEY = {"Kind": "sweep", "Name": "last"}


def put(at: str, repairs: Mapping[str, int], failures: int) -> None:
    """Record a sweep that was made at an ISO time."""
    item: dict[str, Value | None] = {**KEY, "At": at, "Repairs": compact(dict(repairs)), "Failures": failures}
    transaction.commit([transaction.put(settings().system_table, item)])


def last() -> dict[str, Any] | None:
    """The last sweep: when it was made, what it repaired, how much it could not."""
    item = dynamodb.get(settings().system_table, KEY)
    if item is None:
        return None
    return {"At": item["At"], "Repairs": json.loads(item["Repairs"]), "Failures": item["Failures"]}
