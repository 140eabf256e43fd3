"""Operators' metadata: written as whole documents or page by page, read back by cursor.

An object is written before the transaction that makes it visible, and removed again when that is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.assets import bucket, pointers, store
from chalicelib.assets.body import Submission
from chalicelib.assets.pointers import Open, Origin, Sealed
from chalicelib.aws import clock, transaction
from chalicelib.aws.transaction import StillContended, Write, WriteRefused
from chalicelib.web import documents
from chalicelib.web.errors import GoneError, MediawrightError, NotFoundError, UnavailableError

_TRIES = 16


@dataclass(frozen=True)
class Position:
    """A page that a reader asks for. The set is fixed when it first shows, so that a reader never mixes two."""

    operator: str
    set_id: str
    page: int
    pages: int

    def document(self) -> dict[str, Any]:
        """As a cursor carries it."""
        return {"operator": self.operator, "set": self.set_id, "page": self.page, "pages": self.pages}


@dataclass(frozen=True)
class Entry:
    """A page of an operator's metadata as its sender spelled it, and what comes after."""

    operator: str
    text: str
    following: Position | None


def position(document: dict[str, Any]) -> Position:
    """The page that a cursor points to."""
    return Position(document["operator"], document["set"], document["page"], document["pages"])


def store_whole(asset_id: str, given: Submission) -> str:
    """Keep a document as an operator's newest metadata; answers its key. Raises NotFoundError."""
    origin = _origin(asset_id, given)
    key = f"{bucket.run_prefix(asset_id, given.workflow)}{given.operator}.json"
    _written(key, given.results, lambda: transaction.commit(pointers.whole_writes(origin, key)))
    return key


def store_page(asset_id: str, given: Submission) -> None:
    """Add a page to the operator's set of this workflow. Raises NotFoundError."""
    origin = _origin(asset_id, given)
    key = _fresh_key(origin, "page")

    def append(current: Open) -> None:
        transaction.commit(pointers.append_writes(origin, current, key))

    _written(key, given.results, lambda: _contend(origin, append))


def store_last_page(asset_id: str, given: Submission) -> str:
    """Add a page and show the set to readers; answers the key of the list of its pages. Raises NotFoundError."""
    origin = _origin(asset_id, given)
    key = _fresh_key(origin, "page")
    manifests: list[str] = []

    def seal(current: Open) -> None:
        earlier = pointers.page_keys(asset_id, given.operator, current.set_id) if current.pages else []
        manifest = _fresh_key(origin, "pages")
        text = documents.compact({"Pages": [*earlier, key]}).encode()
        _written(manifest, text, lambda: _commit(pointers.seal_writes(origin, current, key, manifest)))
        manifests.append(manifest)

    _written(key, given.results, lambda: _contend(origin, seal))
    return manifests[-1]


def first(asset_id: str, operator: str) -> Position:
    """The first page of an operator's newest metadata. Raises NotFoundError."""
    sealed = pointers.newest(asset_id, operator)
    if sealed is None:
        raise NotFoundError(f"Asset {asset_id} has no metadata of operator {operator}")
    return _start(sealed)


def first_of_all(asset_id: str) -> Position | None:
    """The first page of the first operator by name; None when no operator has stored anything."""
    sealed = pointers.next_operator(asset_id, None)
    return _start(sealed) if sealed else None


def entry(asset_id: str, at: Position, *, all_operators: bool) -> Entry:
    """A page; what follows is the operator's next page, or the next operator where all are read. Raises GoneError."""
    key = pointers.page_key(asset_id, at.operator, at.set_id, at.page)
    text = bucket.get_document(key) if key else None
    if text is None:
        raise GoneError(f"cursor: this metadata of operator {at.operator} has been deleted")
    if at.page + 1 < at.pages:
        return Entry(at.operator, text, Position(at.operator, at.set_id, at.page + 1, at.pages))
    following = pointers.next_operator(asset_id, at.operator) if all_operators else None
    return Entry(at.operator, text, _start(following) if following else None)


def _start(sealed: Sealed) -> Position:
    return Position(sealed.operator, sealed.set_id, 0, sealed.pages)


def _origin(asset_id: str, given: Submission) -> Origin:
    if store.get_asset(asset_id) is None:
        raise store.unknown(asset_id)
    return Origin(asset_id, given.operator, given.workflow)


def _fresh_key(origin: Origin, kind: str) -> str:
    return f"{bucket.run_prefix(origin.asset_id, origin.workflow)}{origin.operator}/{kind}-{clock.new_id()}.json"


def _commit(writes: list[Write]) -> None:
    transaction.commit(writes)


def _contend(origin: Origin, attempt: Callable[[Open], None]) -> None:
    """Try with the set as it is now until no other writer was faster."""
    for n in range(_TRIES):
        try:
            return attempt(pointers.open_set(origin))
        except WriteRefused:
            clock.sleep(clock.jitter(min(1.0, 0.02 * 2**n)))
    raise UnavailableError(f"Too many writers of {origin.operator} at once; try again later")


def _written(key: str, text: bytes, commit: Callable[[], None]) -> None:
    version = bucket.put_document(key, text)
    try:
        commit()
    except (MediawrightError, WriteRefused, StillContended):
        bucket.take_back(key, version)
        raise
