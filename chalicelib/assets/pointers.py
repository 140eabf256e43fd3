"""Where the pages of the metadata documents lie: items of the Assets table beside the asset.

`doc#<operator>#<set>#<page>` points to a page's object. A whole document is a set of one page, named after its
workflow; pages sent one by one make sets of their own. `open#<operator>#<workflow>` counts the pages of a set that is
still being written; `head#<operator>` names the newest set that is complete, the only one that readers see.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.assets.store import alive
from chalicelib.aws import clock, dynamodb, transaction
from chalicelib.aws.clients import client
from chalicelib.aws.dynamodb import Expression, Item, Key, Value, typed_item
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Write

_BATCH = 25


@dataclass(frozen=True)
class Origin:
    """Whose metadata: of which asset, by which operator, in which workflow execution."""

    asset_id: str
    operator: str
    workflow: str


@dataclass(frozen=True)
class Sealed:
    """A complete set of pages."""

    operator: str
    set_id: str
    pages: int


@dataclass(frozen=True)
class Open:
    """A set that is being written, with the number of its pages so far: 0 when it is yet to be opened."""

    set_id: str
    pages: int


def open_set(origin: Origin) -> Open:
    """The set that the next page belongs to."""
    item = dynamodb.get(_table(), _open_key(origin))
    if item is None:
        return Open(f"{origin.workflow}~{clock.short_id()}", 0)
    return Open(item["Set"], item["Pages"])


def whole_writes(origin: Origin, key: str) -> list[Write]:
    """Make a whole document the operator's newest metadata, in place of an earlier one of the same workflow."""
    only = Open(origin.workflow, 0)
    return [alive(origin.asset_id), _page(origin, only, key, None), _head(origin, only, key)]


def append_writes(origin: Origin, current: Open, key: str) -> list[Write]:
    """Add a page to a set; refused with WriteRefused when another page or the end was faster."""
    counted: dict[str, Value] = {"Set": current.set_id, "Pages": current.pages + 1}
    if current.pages == 0:
        count = transaction.put(_table(), {**_open_key(origin), **counted}, transaction.absent("AssetId"))
    else:
        count = transaction.update(_table(), _open_key(origin), counted, _unchanged(current))
    return [alive(origin.asset_id), _page(origin, current, key, None), count]


def seal_writes(origin: Origin, current: Open, key: str, manifest: str) -> list[Write]:
    """Add the last page to a set and make the set the operator's newest; refused like `append_writes`."""
    if current.pages == 0:
        close = transaction.check(_table(), _open_key(origin), transaction.absent("AssetId"))
    else:
        close = transaction.delete(_table(), _open_key(origin), _unchanged(current))
    page = _page(origin, current, key, manifest)
    return [alive(origin.asset_id), page, close, _head(origin, current, manifest)]


def newest(asset_id: str, operator: str) -> Sealed | None:
    """The set that readers of an operator see; None when it has none."""
    item = dynamodb.get(_table(), {"AssetId": asset_id, "Part": f"head#{operator}"})
    return _sealed(item) if item else None


def next_operator(asset_id: str, after: str | None) -> Sealed | None:
    """The newest set of the operator that comes next by name, or of the first one."""
    condition = Expression(
        "#id = :id AND #part BETWEEN :from AND :to",
        {"#id": "AssetId", "#part": "Part"},
        {":id": asset_id, ":from": "head#" if after is None else f"head#{after}!", ":to": "head$"},
    )
    page = dynamodb.query_page(_table(), condition, consistent=True, limit=1)
    return _sealed(page.items[0]) if page.items else None


def page_key(asset_id: str, operator: str, set_id: str, page: int) -> str | None:
    """The object that holds a page; None once the page was deleted."""
    item = dynamodb.get(_table(), {"AssetId": asset_id, "Part": _part(operator, set_id, page)})
    return item["Key"] if item else None


def page_keys(asset_id: str, operator: str, set_id: str) -> list[str]:
    """The objects of a set's pages, in order."""
    return [item["Key"] for item in _items(asset_id, f"doc#{operator}#{set_id}#")]


def of_operator(asset_id: str, operator: str) -> list[Item]:
    """Everything that is known of an operator's metadata; what readers see comes first."""
    head = dynamodb.get(_table(), {"AssetId": asset_id, "Part": f"head#{operator}"})
    others = [*_items(asset_id, f"open#{operator}#"), *_items(asset_id, f"doc#{operator}#")]
    return [head, *others] if head else others


def parts(asset_id: str) -> Iterator[Item]:
    """All items of an asset besides the asset item itself."""
    items = dynamodb.query(_table(), dynamodb.equals("AssetId", asset_id), consistent=True)
    return (item for item in items if item["Part"] != "asset")


def delete(items: Iterable[Item]) -> None:
    """Remove items by their keys; may be repeated."""
    keys = [{"AssetId": item["AssetId"], "Part": item["Part"]} for item in items]
    for start in range(0, len(keys), _BATCH):
        _delete_batch(keys[start : start + _BATCH])


def _delete_batch(keys: list[Key]) -> None:
    wanted: Any = {_table(): [{"DeleteRequest": {"Key": typed_item(key)}} for key in keys]}
    while wanted:
        wanted = client("dynamodb").batch_write_item(RequestItems=wanted).get("UnprocessedItems")


def _items(asset_id: str, prefix: str) -> list[Item]:
    condition = dynamodb.begins(("AssetId", asset_id), ("Part", prefix))
    return list(dynamodb.query(_table(), condition, consistent=True))


def _page(origin: Origin, current: Open, key: str, manifest: str | None) -> Write:
    item = {
        "AssetId": origin.asset_id,
        "Part": _part(origin.operator, current.set_id, current.pages),
        "Workflow": origin.workflow,
        "Key": key,
        "Manifest": manifest,
    }
    return transaction.put(_table(), item)


def _head(origin: Origin, sealed: Open, key: str) -> Write:
    item: dict[str, Value | None] = {
        "AssetId": origin.asset_id,
        "Part": f"head#{origin.operator}",
        "Operator": origin.operator,
        "Workflow": origin.workflow,
        "Set": sealed.set_id,
        "Pages": sealed.pages + 1,
        "Key": key,
    }
    return transaction.put(_table(), item)


def _unchanged(current: Open) -> Expression:
    return Expression(
        "#set = :set AND #pages = :pages",
        {"#set": "Set", "#pages": "Pages"},
        {":set": current.set_id, ":pages": current.pages},
    )


def _sealed(item: Item) -> Sealed:
    return Sealed(item["Operator"], item["Set"], item["Pages"])


def _part(operator: str, set_id: str, page: int) -> str:
    return f"doc#{operator}#{set_id}#{page:06}"


def _open_key(origin: Origin) -> Key:
    return {"AssetId": origin.asset_id, "Part": f"open#{origin.operator}#{origin.workflow}"}


def _table() -> str:
    return settings().assets_table
