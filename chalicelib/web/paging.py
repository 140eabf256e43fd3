"""Lists by `limit` and `cursor`: opaque signed cursors, and the `Link` header that leads to the next page."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

from chalicelib.aws import dynamodb, transaction
from chalicelib.aws.settings import settings
from chalicelib.web import documents
from chalicelib.web.errors import BadRequestError
from chalicelib.web.room import Answer, Request

QUERY: dict[str, dict[str, Any]] = {
    "limit": {"type": "integer", "minimum": 1, "description": "How many entries a page holds."},
    "cursor": {"type": "string", "description": "Where the page begins: from the `Link` header of the page before."},
}
"""The query parameters of every list, for its declaration."""


@cache
def _key() -> bytes:
    """The stack's secret for cursors: made by whoever needs it first, then the same for all."""
    table = settings().system_table
    where = {"Kind": "secret", "Name": "cursors"}
    fresh = {**where, "Value": secrets.token_hex(32)}
    while True:
        item = dynamodb.get(table, where)
        if item is not None:
            return bytes.fromhex(item["Value"])
        try:
            transaction.commit([transaction.put(table, fresh, transaction.absent("Kind"))])
        except transaction.WriteRefused:
            continue


def encode(purpose: str, position: Mapping[str, Any]) -> str:
    """A cursor for a position, good only for the same purpose (a route with what was asked of it)."""
    text = documents.canonical({"p": purpose, "at": position}).encode()
    return base64.urlsafe_b64encode(_signature(text) + text).decode().rstrip("=")


def decode(purpose: str, cursor: str) -> dict[str, Any]:
    """The position of a cursor that we made for this purpose; raises BadRequestError for any other text."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        signature, text = raw[:16], raw[16:]
        if hmac.compare_digest(signature, _signature(text)):
            document = documents.parse(text)
            if document["p"] == purpose:
                return dict(document["at"])
    except (ValueError, UnicodeEncodeError):
        pass
    raise BadRequestError("cursor: this is not a cursor that this list gave out")


def limit(request: Request, default: int, most: int) -> int:
    """How many entries the caller wants on a page."""
    text = request.query.get("limit")
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 7 and 1 <= int(text) <= most):
        raise BadRequestError(f"limit: a whole number from 1 to {most} is expected")
    return int(text)


def position(request: Request, purpose: str) -> dict[str, Any] | None:
    """Where the caller's page begins; None at the first."""
    cursor = request.query.get("cursor")
    return None if cursor is None else decode(purpose, cursor)


def page(request: Request, purpose: str, body: Any, next_position: Mapping[str, Any] | None) -> Answer:
    """The answer that carries a page, with a `Link` to the next one if there is one."""
    if next_position is None:
        return Answer(body)
    query = {**request.query, "cursor": encode(purpose, next_position)}
    return Answer(body, {"Link": f'<{request.url}?{urlencode(query)}>; rel="next"'})


def _signature(text: bytes) -> bytes:
    return hmac.new(_key(), text, hashlib.sha256).digest()[:16]
