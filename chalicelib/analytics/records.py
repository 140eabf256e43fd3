"""What a record of the Assets table's stream means to those who follow the data plane, in the old engine's terms.

Contract: chapter 8.9. The asset's id is the partition key there; here it stands in the document, too, and so does an
id that is the same whenever the change is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.aws import clock, dynamodb
from chalicelib.aws.dynamodb import Item

_HEAD = "head#"
_ASSET = "asset"


class MalformedRecord(Exception):
    """A record that isn't what this version of the engine writes."""


@dataclass(frozen=True)
class PageSet:
    """Pages that became an operator's newest metadata."""

    operator: str
    set_id: str
    pages: int


@dataclass(frozen=True)
class Change:
    """A change worth telling: `position` is its place in the stream, `pages` are still to be looked up."""

    asset_id: str
    event_id: str
    position: int
    members: dict[str, Any]
    pages: PageSet | None = None

    def documents(self, page_keys: list[str]) -> list[dict[str, Any]]:
        """What is told: one document, or one for each page, whose objects have these keys."""
        if self.pages is None:
            return [{**self.members, "AssetId": self.asset_id, "EventId": self.event_id}]
        return [
            {
                **self.members,
                "Pointer": key,
                "Page": number,
                "Pages": self.pages.pages,
                "AssetId": self.asset_id,
                "EventId": f"{self.event_id}-{number}",
            }
            for number, key in enumerate(page_keys, start=1)
        ]


def change(record: Mapping[str, Any]) -> Change | None:
    """What a record tells; None for locks, runs and whatever else readers of assets don't see. Raises
    MalformedRecord."""
    try:
        return _change(record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedRecord(f"the record can't be read: {error!r}") from error


def _change(record: Mapping[str, Any]) -> Change | None:
    told = record["dynamodb"]
    keys = dynamodb.plain_item(told["Keys"])
    old, new = (dynamodb.plain_item(told.get(name, {})) for name in ("OldImage", "NewImage"))
    part = keys["Part"]
    if part == _ASSET:
        members, pages = _of_asset(old, new), None
    elif part.startswith(_HEAD):
        members, pages = _of_operator(part.removeprefix(_HEAD), old, new)
    else:
        return None
    if members is None:
        return None
    return Change(keys["AssetId"], record["eventID"], int(told["SequenceNumber"]), members, pages)


def _of_asset(old: Item, new: Item) -> dict[str, Any] | None:
    # an item of keys alone, which an unlock may leave behind, is no asset
    was, is_now = "MediaType" in old, "MediaType" in new
    if is_now and not was:
        return {
            "MediaType": new["MediaType"],
            "S3Bucket": new["S3Bucket"],
            "S3Key": new["S3Key"],
            "Created": str(clock.epoch(new["Created"])),
            "Action": "INSERT",
        }
    return {"Action": "REMOVE"} if was and not is_now else None


def _of_operator(operator: str, old: Item, new: Item) -> tuple[dict[str, Any] | None, PageSet | None]:
    if not new:
        return {"Action": "REMOVE", "Operator": operator}, None
    if old.get("Key") == new["Key"]:
        return None, None
    members = {"Action": "MODIFY", "Pointer": new["Key"], "Operator": operator, "Workflow": new["Workflow"]}
    # a whole document is a set of one page that is named after its workflow
    is_whole = new["Set"] == new["Workflow"]
    return members, None if is_whole else PageSet(operator, new["Set"], new["Pages"])
