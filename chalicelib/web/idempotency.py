"""`Idempotency-Key`: the same request sent again makes nothing new.

The key is claimed in the very transaction that makes what the request asks for, so of any number of equal requests
at once one makes it and the others find it. A claim is remembered for a day; the same key with another body is a
conflict.
Items of the System table: Kind `idempotency`, Name the digest of route and key.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from chalicelib.aws import clock, dynamodb, transaction
from chalicelib.aws.dynamodb import Expression, Item, Value
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Write
from chalicelib.web.errors import BadRequestError, ConflictError, shown

HEADER = "idempotency-key"
REMEMBERED_SECONDS = 86_400
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class KeyClaimed(Exception):
    """An equal request, or another one with the same key, was quicker: look what it made."""


@dataclass(frozen=True)
class Claim:
    """A request's key, with what it is compared by."""

    key: str
    name: str
    digest: str


def claim(route: str, headers: dict[str, str], body: Any) -> Claim | None:
    """The claim that a request makes, None without the header; BadRequestError for a key that is none."""
    key = headers.get(HEADER)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise BadRequestError(f"Idempotency-Key: 1 to 255 visible ASCII characters are expected, not {shown(key)}")
    return Claim(key, _digest([route, key]), _digest(body))


def made(claimed: Claim) -> str | None:
    """The id of what an earlier request with this key made; ConflictError when that one had another body."""
    item = dynamodb.get(settings().system_table, _item_key(claimed))
    if item is None or item["ExpiresAt"] <= _now():
        return None
    _check_body(claimed, item)
    result: str = item["Result"]
    return result


def write(claimed: Claim, result: str) -> Write:
    """Claim the key for what is made in the same transaction; refused with KeyClaimed."""
    now = _now()
    item: dict[str, Value | None] = {
        **_item_key(claimed),
        "Digest": claimed.digest,
        "Result": result,
        "ExpiresAt": now + REMEMBERED_SECONDS,
    }
    free = Expression(
        "attribute_not_exists(#kind) OR #until <= :now", {"#kind": "Kind", "#until": "ExpiresAt"}, {":now": now}
    )
    return transaction.put(settings().system_table, item, free, KeyClaimed)


def _check_body(claimed: Claim, item: Item) -> None:
    if item["Digest"] != claimed.digest:
        raise ConflictError(f"Idempotency-Key: {shown(claimed.key)} was used with another request before")


def _item_key(claimed: Claim) -> dict[str, str]:
    return {"Kind": "idempotency", "Name": claimed.name}


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _now() -> int:
    return int(clock.epoch(clock.now()))
