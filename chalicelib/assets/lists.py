"""The lists of all assets and of all locks."""

from __future__ import annotations

from typing import Any

from chalicelib.assets import store

Position = dict[str, Any]


def asset_ids(limit: int, position: Position | None) -> tuple[list[str], Position | None]:
    """A page of all assets' ids, newest first, and where the next one begins."""
    found: list[str] = []
    start = position["start"] if position else None
    months = [month for month in store.months() if position is None or month <= position["month"]]
    for month in months:
        while len(found) < limit:
            ids, start = store.assets_of_month(month, limit - len(found), start)
            found += ids
            if start is None:
                break
        if len(found) == limit:
            return found, _next(months, month, start)
    return found, None


def locks(limit: int, position: Position | None) -> tuple[list[dict[str, Any]], Position | None]:
    """A page of the locks, oldest first, and where the next one begins."""
    found, following = store.locks(limit, position)
    return [
        {"AssetId": lock.asset_id, "LockedBy": lock.locked_by, "LockedAt": lock.locked_at} for lock in found
    ], following


def _next(months: list[str], month: str, start: Any) -> Position | None:
    if start is not None:
        return {"month": month, "start": start}
    earlier = [other for other in months if other < month]
    return {"month": earlier[0], "start": None} if earlier else None
