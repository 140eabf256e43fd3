"""Going over all runs of a batch, page by page: first by the batches' machine, then by the sweep.

How far a walk has come stands in the batch's record, so that whoever goes on begins where the last one stopped. A
page that is done twice, since somebody died or two walk at once, changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.aws import clock
from chalicelib.aws.dynamodb import Value
from chalicelib.batches import store
from chalicelib.batches.batch import Batch
from chalicelib.batches.store import Member

BEGINNING: dict[str, Value | None] = {"WalkedTo": None, "WalkBegan": None}
"""What a batch's record says when the next walk begins with its first run."""


def walk(page: Callable[[], bool], until: float) -> bool:
    """Do page after page until an epoch time, at least one; answers whether there are more."""
    more = page()
    while more and clock.seconds() < until:
        more = page()
    return more


def ahead(batch: Batch, limit: int) -> tuple[list[Member], bool]:
    """The runs of the next page, and whether more follow."""
    start = store.member_key(batch.id, batch.walked_to) if batch.walked_to else None
    members, following = store.members(batch.id, limit, start)
    return members, following is not None


def began(batch: Batch) -> str:
    """Since when this walk has been going, as an ISO time."""
    return batch.walk_began or clock.now()


def passed(members: list[Member], since: str) -> dict[str, Value | None]:
    """What a batch's record says once a page, which more runs follow, is done."""
    return {"WalkedTo": members[-1].run_id, "WalkBegan": since}
