"""Assets and their locks in the Assets table.

An asset is the item `Part = "asset"`. It is alive while it has a MediaType and isn't Deleting. Marking it Deleting
moves it to a month of its own in the index by time: no list shows it, and whoever continues deletions finds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from chalicelib.aws import clock, dynamodb, transaction
from chalicelib.aws.dynamodb import Expression, Item, Key, Value
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Write
from chalicelib.web.errors import ConflictError, NotFoundError

MAX_ID = 128
"""The most characters of an asset's id; ours are UUIDs."""

_MONTHS = "months"
_DELETING = "deleting"
_ALIVE = "attribute_exists(#alive) AND attribute_not_exists(#deleting)"
_ALIVE_NAMES = {"#alive": "MediaType", "#deleting": "Deleting"}


@dataclass(frozen=True)
class Asset:
    """The facts of an asset; `created` is ISO 8601, `active_run` the run that works on it."""

    asset_id: str
    media_type: str
    bucket: str
    key: str
    created: str
    active_run: str | None


@dataclass(frozen=True)
class Lock:
    """Who checked an asset out, and when (epoch seconds)."""

    asset_id: str
    locked_by: str
    locked_at: int


def get_asset(asset_id: str) -> Asset | None:
    """An asset that is alive; None for one that never was or is being deleted."""
    item = _item(asset_id) if 0 < len(asset_id) <= MAX_ID else None
    if item is None or "MediaType" not in item or "Deleting" in item:
        return None
    return Asset(asset_id, item["MediaType"], item["S3Bucket"], item["S3Key"], item["Created"], item.get("ActiveRun"))


def unknown(asset_id: str) -> NotFoundError:
    """The refusal for an asset that isn't there."""
    return NotFoundError(f"Asset {asset_id} does not exist")


def asset_writes_new(
    asset_id: str, media_type: str, bucket: str, key: str, created: str, run_id: str | None
) -> list[Write]:
    """The writes that make an asset, held by a run if one is given. Call `ensure_month(created)` before."""
    item = {
        **_key(asset_id),
        "MediaType": media_type,
        "S3Bucket": bucket,
        "S3Key": key,
        "Created": created,
        "Month": clock.month(created),
        "ActiveRun": run_id,
    }
    taken = ConflictError(f"Asset {asset_id} exists already")
    return [transaction.put(_table(), item, transaction.absent("AssetId"), lambda: taken)]


def lock_for_run(asset_id: str, run_id: str) -> Write:
    """Give an asset to a run; refused with NotFoundError, or with ConflictError while another run has it."""
    condition = Expression(f"{_ALIVE} AND attribute_not_exists(#run)", {**_ALIVE_NAMES, "#run": "ActiveRun"})
    return transaction.update(_table(), _key(asset_id), {"ActiveRun": run_id}, condition, _busy(asset_id))


def unlock_for_run(asset_id: str, run_id: str) -> Write:
    """Take an asset back from a run.

    The condition fails only where another run has the asset, which no history leads to: a lock is put on a free asset
    only, and an asset with a run isn't deleted. An item removed by hand doesn't fail it either (the update leaves an
    item of keys alone, which no reader takes for an asset).
    """
    condition = Expression("attribute_not_exists(#run) OR #run = :run", {"#run": "ActiveRun"}, {":run": run_id})
    return transaction.update(_table(), _key(asset_id), {"ActiveRun": None}, condition, _busy(asset_id))


def alive(asset_id: str) -> Write:
    """Demand in a transaction that an asset is there and not being deleted."""
    return transaction.check(_table(), _key(asset_id), Expression(_ALIVE, _ALIVE_NAMES), lambda: unknown(asset_id))


def check_out(lock: Lock) -> None:
    """Lock an asset for a user; raises NotFoundError, or ConflictError when it is locked."""
    condition = Expression(f"{_ALIVE} AND attribute_not_exists(#locked)", {**_ALIVE_NAMES, "#locked": "Locked"})
    values: dict[str, Value | None] = {"Locked": "true", "LockedBy": lock.locked_by, "LockedAt": lock.locked_at}

    def refusal() -> Exception:
        if get_asset(lock.asset_id) is None:
            return unknown(lock.asset_id)
        return ConflictError(f"Unable to lock asset: {lock.asset_id} is locked")

    transaction.commit([transaction.update(_table(), _key(lock.asset_id), values, condition, refusal)])


def check_in(asset_id: str) -> None:
    """Unlock an asset; raises NotFoundError, or ConflictError when it isn't locked."""
    condition = Expression(f"{_ALIVE} AND attribute_exists(#locked)", {**_ALIVE_NAMES, "#locked": "Locked"})
    values: dict[str, Value | None] = {"Locked": None, "LockedBy": None, "LockedAt": None}

    def refusal() -> Exception:
        if get_asset(asset_id) is None:
            return unknown(asset_id)
        return ConflictError(f"Unable to unlock asset: {asset_id} is not locked")

    transaction.commit([transaction.update(_table(), _key(asset_id), values, condition, refusal)])


def locks(limit: int, start: Key | None) -> tuple[list[Lock], Key | None]:
    """A page of the locks, oldest first, and where the next one begins."""
    page = dynamodb.query_page(_table(), dynamodb.equals("Locked", "true"), index="locked", limit=limit, start=start)
    return [Lock(item["AssetId"], item["LockedBy"], item["LockedAt"]) for item in page.items], page.next_key


def ensure_month(moment: str) -> None:
    """Make the month of an ISO time known to the list of all assets: a write once per process and month."""
    _put_month(_table(), clock.month(moment))


@cache
def _put_month(table: str, month: str) -> None:
    transaction.commit([transaction.put(table, {"AssetId": _MONTHS, "Part": month})])


def months() -> list[str]:
    """The months that have assets, newest first."""
    items = dynamodb.query(_table(), dynamodb.equals("AssetId", _MONTHS), consistent=True)
    return sorted({item["Part"] for item in items} | {clock.month(clock.now())}, reverse=True)


def assets_of_month(month: str, limit: int, start: Key | None) -> tuple[list[str], Key | None]:
    """A page of a month's asset ids, newest first, and where the next one begins."""
    page = dynamodb.query_page(
        _table(), dynamodb.equals("Month", month), index="by-time", forward=False, limit=limit, start=start
    )
    return [item["AssetId"] for item in page.items], page.next_key


def mark_deleting(asset_id: str) -> None:
    """Hide an asset from every reader; raises NotFoundError, or ConflictError while a run works on it."""
    condition = Expression(
        "attribute_exists(#alive) AND attribute_not_exists(#run)", {"#alive": "MediaType", "#run": "ActiveRun"}
    )
    values: dict[str, Value | None] = {
        "Deleting": True,
        "Month": _DELETING,
        "Locked": None,
        "LockedBy": None,
        "LockedAt": None,
    }
    transaction.commit([transaction.update(_table(), _key(asset_id), values, condition, _busy(asset_id))])


def deleting() -> list[str]:
    """Assets whose deletion isn't finished, oldest first, at most a hundred."""
    page = dynamodb.query_page(_table(), dynamodb.equals("Month", _DELETING), index="by-time", limit=100)
    return [item["AssetId"] for item in page.items]


def delete_asset(asset_id: str) -> None:
    """Remove the asset item: the last step of a deletion."""
    transaction.commit([transaction.delete(_table(), _key(asset_id))])


def _busy(asset_id: str) -> Callable[[], Exception]:
    def refusal() -> Exception:
        item = _item(asset_id)
        if item is None or "MediaType" not in item or "Deleting" in item:
            return unknown(asset_id)
        # the run that refused us may have ended since
        holder = f" by execution {item['ActiveRun']}" if "ActiveRun" in item else ", or was a moment ago; try again"
        return ConflictError(f"Asset {asset_id} is in use{holder}")

    return refusal


def _item(asset_id: str) -> Item | None:
    return dynamodb.get(_table(), _key(asset_id))


def _key(asset_id: str) -> Key:
    return {"AssetId": asset_id, "Part": "asset"}


def _table() -> str:
    return settings().assets_table
