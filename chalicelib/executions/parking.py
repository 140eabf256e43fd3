"""Runs that are blocked by a capped pool of their own wait in that pool's parking, where nobody reads past them.

Whoever frees a slot of the pool brings one run back into the queue for it; whoever parks a run, or takes one out of
the queue that doesn't begin, looks whether that leaves a slot for another. The sweep looks at every pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.aws import clock, transaction
from chalicelib.aws.transaction import Write
from chalicelib.executions import pools, queue
from chalicelib.executions.errors import RunMoved
from chalicelib.executions.queue import QueueEntry
from chalicelib.executions.run import Run

MOST = 25
"""How many runs are moved at a time; a transaction has a hundred actions."""

ALL = 100_000
"""More than ever wait for one pool."""

_LOST = 20

Numbers = dict[str, list[int] | None]
"""The free numbers of capped pools; None where the cap was taken away."""

Blocked = dict[str, list[QueueEntry]]
"""Runs by the pool that has no slot for them."""


@dataclass(frozen=True)
class Candidate:
    """A run that may begin, with a free number in each of its capped pools."""

    entry: QueueEntry
    numbers: dict[str, int]


def sorted_out(heads: Sequence[QueueEntry]) -> tuple[list[Candidate], Blocked]:
    """Those runs that may begin, and those that a pool of their own blocks.

    Who is neither only stands behind one who may take the last number of a pool: that isn't decided yet.
    """
    found: Numbers = {}
    left: Numbers = {}
    ready: list[Candidate] = []
    blocked: Blocked = {}
    for entry in heads:
        for pool in entry.pools:
            if pool not in found:
                found[pool] = _open_numbers(pool)
                left[pool] = None if found[pool] is None else list(found[pool] or ())
        full = next((pool for pool in entry.pools if found[pool] == []), None)
        if full is not None:
            blocked.setdefault(full, []).append(entry)
        elif all(left[pool] != [] for pool in entry.pools):
            ready.append(Candidate(entry, _picked(entry, left)))
    return ready, blocked


def _picked(entry: QueueEntry, left: Numbers) -> dict[str, int]:
    """A number in each pool that is capped; what is picked isn't there for the next in line."""
    picked: dict[str, int] = {}
    for pool in entry.pools:
        numbers = left[pool]
        if numbers is not None:
            picked[pool] = clock.pick(numbers)
            numbers.remove(picked[pool])
    return picked


def park_all(blocked: Blocked) -> int:
    """Let blocked runs wait for their pools, and tell how many of them were still in the queue."""
    return sum(park(entries, pool) for pool, entries in blocked.items())


def park(entries: Sequence[QueueEntry], pool: str) -> int:
    """Let runs wait for a slot of a pool of their own, and tell how many of them were still in the queue.

    The pool is read once more afterwards: a slot that came free in between was looked at too early. And what such a
    run leaves free in its other pools may be another's.
    """
    parked = _moved(entries, queue.parking(pool))
    unpark(pool, len(entries))
    for other in sorted({other for entry in entries for other in entry.pools} - {pool}):
        unpark(other, len(entries))
    return parked


def unpark(pool: str, most: int) -> int:
    """Bring runs back into the queue, at most as many as the pool has free slots, and tell how many came.

    Whom somebody else brings back meanwhile is brought for a slot that he has seen: the next one is for this.
    Raises StillContended when others are quicker every time.
    """
    place = queue.parking(pool)
    waiting = queue.heads(min(most, MOST), place)
    numbers = _open_numbers(pool) if waiting else []
    room = most if numbers is None else min(most, len(numbers))
    came = lost = 0
    while waiting and came < room:
        moved = _moved(waiting[: room - came], queue.QUEUE)
        came += moved
        lost += not moved
        if lost == _LOST:
            raise transaction.StillContended(f"others brought the runs of pool {pool} back {lost} times")
        waiting = queue.heads(min(room - came, MOST), place) if came < room else []
    return came


def pass_on(run: Run) -> None:
    """Let others have what a run that leaves the queue without beginning may have been brought back for."""
    for pool in run.pools:
        unpark(pool, 1)


def _open_numbers(pool: str) -> list[int] | None:
    found = pools.read(pool)
    return None if found.maximum is None else found.free()


def _moved(entries: Sequence[QueueEntry], place: str) -> int:
    """Move all in one transaction; if one of them isn't there any more, each by itself."""
    if not entries:
        return 0
    if _commits([write for entry in entries for write in queue.moved(entry, place)]):
        return len(entries)
    return sum(_commits(queue.moved(entry, place)) for entry in entries) if len(entries) > 1 else 0


def _commits(writes: list[Write]) -> bool:
    try:
        transaction.commit(writes)
    except RunMoved:
        return False
    return True
