"""What AWS invokes of this room besides the API."""

from __future__ import annotations

from functools import partial
from typing import Any

from chalicelib.aws import clock
from chalicelib.batches import continuing, ending, forgetting, items, retrying, steps, store, walking
from chalicelib.batches.batch import BatchStatus
from chalicelib.batches.errors import ManifestChanged
from chalicelib.batches.manifest import Chunk

_WALK_SECONDS = 60
"""A task goes over a batch's runs for so long: the machine's 25,000 events then last for any batch."""


def batch_items(event: Any) -> dict[str, Any]:
    """One task of the batches' state machine (cfn/batches.yaml).

    A map's task brings `Items`, of objects under a prefix, or a `Chunk` of a manifest. The others name their step.
    """
    if "Items" in event:
        event = {**event["BatchInput"], "Objects": event["Items"]}
    # an execution that an update of the stack finds running says no round: it is of the first
    event = {"Round": 0, **event}
    return _chunk(event) if "Objects" in event or "Chunk" in event else _step(event)


def sweeping() -> dict[str, int]:
    """Every five minutes: batches that a crash cut short. Besides, the objects of those that have expired go."""
    try:
        forgetting.forget_expired()
    finally:
        continued = continuing.continue_batches()
    return {"continued_batches": continued}


def _chunk(event: dict[str, Any]) -> dict[str, Any]:
    batch = store.get(event["Batch"])
    if not batch.is_read_in(event["Round"]):
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
    batch_id, round_number, step = event["Batch"], event["Round"], event["Step"]
    if step == "plan":
        return steps.plan(batch_id, round_number)
    if step == "decide":
        return steps.decide(batch_id, round_number, event["Of"])
    if step == "failed":
        steps.failed(batch_id, round_number, event["Why"])
        return {}
    close, retry = partial(ending.close_page, batch_id), partial(retrying.retry_page, batch_id, round_number)
    more = walking.walk(close if step == "close" else retry, clock.seconds() + _WALK_SECONDS)
    return {**event, "More": more}
