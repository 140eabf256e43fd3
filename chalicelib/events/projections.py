"""Who keeps books on runs within the engine, in the order in which each is told of a change before the outside is.

A projection may be told of the same change again (`event_id`), and raises when it must be told once more.
"""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.batches import counting
from chalicelib.executions.changes import Change

Projection = Callable[[Change], None]

PROJECTIONS: tuple[Projection, ...] = (counting.count,)


def project(change: Change) -> None:
    """Tell every projection of a change."""
    for projection in PROJECTIONS:
        projection(change)
