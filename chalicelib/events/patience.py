"""How long a change that can't be told may hold up those behind it.

Lambda brings a failing record again with everything behind it, the other runs' events included. What passes, such as
an outage of SNS, needs no more than that. What doesn't, since something is wrong with this one run, must not hold up
a shard for half a day: it is put aside, whole, for a person to hand in again.
"""

from __future__ import annotations

from chalicelib.aws import clock
from chalicelib.events import store

HELD_SECONDS = 5 * 60
"""For so long it may fail while others come through."""

OUTAGE_SECONDS = 3600
"""For so long while none does. Then what failed is safer in the queue, whole and for two weeks, than in the stream,
which forgets it after a day and of which Lambda tells no more than the place."""


def is_over(event: str, *, others_pass: bool) -> bool:
    """Whether a failing event is to be put aside; the first to ask notes since when it fails."""
    now = int(clock.seconds())
    return now - store.failing_since(event, now) >= (HELD_SECONDS if others_pass else OUTAGE_SECONDS)
