"""Who keeps books on runs within the engine, in the order in which each is told of changes before the outside is.

A projection is told of all changes of a stream's batch that go into one of its books at once, those of each run in
their order, so that it can add them up. It may be told of the same change again (`event_id`), and raises when it must
be told once more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.batches import counting
from chalicelib.executions.changes import Change
from chalicelib.jobs import notifying

_LOG = logging.getLogger("mediawright.events")


@dataclass(frozen=True)
class Projection:
    """`book` names what a change is entered into, None for nothing; `enter` enters changes into a book."""

    book: Callable[[Change], str | None]
    enter: Callable[[str, Sequence[Change]], None]


PROJECTIONS: tuple[Projection, ...] = (
    Projection(counting.batch_of, counting.count),
    Projection(notifying.job_of, notifying.notify),
)


def project(changes: Sequence[Change]) -> frozenset[str]:
    """Tell every projection of the changes; answers the runs whose changes must be told once more."""
    failed: set[str] = set()
    for projection in PROJECTIONS:
        told = [change for change in changes if change.run.id not in failed]
        for book, entries in _by_book(projection, told).items():
            try:
                projection.enter(book, entries)
            except Exception:  # whatever is wrong with one book, the others are still to be kept
                _LOG.exception("%d changes could not be entered into %s", len(entries), book)
                failed |= {change.run.id for change in entries}
    return frozenset(failed)


def _by_book(projection: Projection, changes: Sequence[Change]) -> dict[str, list[Change]]:
    books: dict[str, list[Change]] = {}
    for change in changes:
        book = projection.book(change)
        if book is not None:
            books.setdefault(book, []).append(change)
    return books
