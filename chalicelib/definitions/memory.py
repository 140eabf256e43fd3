"""Revisions kept in memory: they never change, and every run asks for one."""

from __future__ import annotations

import threading
from collections import OrderedDict

from chalicelib.definitions.revision import Subject
from chalicelib.definitions.store import StoredRevision

CAPACITY = 256

Key = tuple[Subject, str, str]
"""Subject, name and id of a revision."""

_LOCK = threading.Lock()
_KEPT: OrderedDict[Key, StoredRevision] = OrderedDict()


def recall(key: Key) -> StoredRevision | None:
    """A revision that was kept and not yet displaced."""
    with _LOCK:
        stored = _KEPT.get(key)
        if stored is not None:
            _KEPT.move_to_end(key)
        return stored


def keep(stored: StoredRevision) -> None:
    """Keep a revision; the one unused for longest makes room."""
    revision = stored.revision
    with _LOCK:
        _KEPT[(revision.subject, revision.name, revision.id)] = stored
        while len(_KEPT) > CAPACITY:
            _KEPT.popitem(last=False)


def forget() -> None:
    """Drop all, for tests that change the world under them."""
    with _LOCK:
        _KEPT.clear()
