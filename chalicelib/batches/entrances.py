"""What AWS invokes of this room besides the API."""

from __future__ import annotations

from typing import Any

from chalicelib.batches import continuing, ending, items, retrying, steps, store
from chalicelib.batches.batch import BY_MACHINE, BatchStatus
from chalicelib.batches.errors import ManifestChanged
from chalicelib.batches.manifest import Chunk


def batch_items(event: Any) -> dict[str, Any]:
    """One task of the batches' state machine (cfn/batches.yaml).

    A map's task brings `Items`, of objects under a prefix, or a `Chunk` of a manifest. The others name their step.
    """
    if "Items" in event:
        return _chunk({**event["BatchInput"], "Objects": event["Items"]})
    if "Chunk" in event:
        return _chunk(event)
    return _step(event)


def sweeping() -> dict[str, int]:
    """Every five minutes: batches that a crash cut short."""
    return {"continued_batches": continuing.continue_batches()}


def _chunk(event: dict[str, Any]) -> dict[str, Any]:
    batch = store.get(event["Batch"])
    if batch.status not in BY_MACHINE:
        return {}
    if "Objects" in event:
        items.of_prefix(batch, event["Step"], event["Objects"])
        return {}
    try:
        items.of_manifest(batch, event["Step"], Chunk(**event["Chunk"]))
    except ManifestChanged as error:
        ending.break_off(batch, BatchStatus.FAILED, str(error), "engine")
    return {}


def _step(event: dict[str, Any]) -> dict[str, Any]:
    batch_id, step = event["Batch"], event["Step"]
    if step == "plan":
        return steps.plan(batch_id)
    if step == "decide":
        return steps.decide(batch_id, event["Of"])
    if step == "failed":
        steps.failed(batch_id, event["Why"])
        return {}
    if step == "close":
        after = ending.close_page(batch_id, event.get("After"))
    else:
        after = retrying.retry_page(batch_id, event["Round"], event.get("After"))
    return {**event, "After": after, "More": after is not None}
