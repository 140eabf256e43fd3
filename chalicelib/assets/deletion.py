"""Deleting: what readers see goes first, the objects next, and the items that know of them last.

So a repeat continues where a crash ended.
"""

from __future__ import annotations

from chalicelib.assets import bucket, pointers, store
from chalicelib.aws import clock
from chalicelib.web.errors import NotFoundError, UnavailableError

SECONDS = 20.0
"""How long one request deletes: API Gateway gives it 29 s."""


def delete_asset(asset_id: str, seconds: float = SECONDS) -> None:
    """Delete an asset with its documents and the media derived from it; its source only where it lies among these.

    Raises NotFoundError, ConflictError while a run works on it, and UnavailableError when time is up: the asset is
    hidden by then, and a repeat continues.
    """
    store.mark_deleting(asset_id)
    _finish(asset_id, clock.epoch(clock.now()) + seconds)


def continue_deletions(seconds: float) -> int:
    """Finish the deletions that were cut short; answers how many."""
    until = clock.epoch(clock.now()) + seconds
    finished = 0
    for asset_id in store.deleting():
        try:
            _finish(asset_id, until)
        except UnavailableError:
            return finished
        finished += 1
    return finished


def delete_metadata(asset_id: str, operator: str) -> list[str]:
    """Delete all metadata of an operator; answers the keys of its objects. Raises NotFoundError."""
    items = pointers.of_operator(asset_id, operator) if store.get_asset(asset_id) else []
    if not items:
        raise NotFoundError(f"Unable to delete metadata, pointer does not exist for {operator}")
    seen = [item for item in items if item["Part"].startswith(("head#", "open#"))]
    pointers.delete(seen)
    keys = {item[name] for item in items for name in ("Key", "Manifest") if name in item}
    for workflow in sorted({item["Workflow"] for item in items if "Workflow" in item}):
        bucket.delete_keys(f"{bucket.run_prefix(asset_id, workflow)}{operator}", keys)
    pointers.delete(item for item in items if item not in seen)
    return sorted(keys)


def _finish(asset_id: str, until: float) -> None:
    for _ in bucket.delete_all(bucket.asset_prefix(asset_id)):
        if clock.epoch(clock.now()) > until:
            raise UnavailableError(
                f"Asset {asset_id} is hidden, but not all of it is deleted yet; repeat the request"
            )
    pointers.delete(pointers.parts(asset_id))
    store.delete_asset(asset_id)
