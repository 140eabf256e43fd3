"""What has been counted of each run of a batch: the latest change that was told, once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chalicelib.aws import transaction
from chalicelib.batches import store
from chalicelib.batches.errors import BatchMoved, MemberMoved
from chalicelib.batches.store import Member
from chalicelib.executions.run import Run

_TRIES = 8


def move(batch_id: str, told: Iterable[Run]) -> None:
    """Move the markers of runs of a batch, and the batch's counters, to the runs' statuses. Of a run that is told
    several times the latest counts; a repeated or late change moves nothing.

    Raises StillContended; doing it again is always safe.
    """
    latest = list({run.id: run for run in sorted(told, key=lambda run: run.sequence)}.values())
    for start in range(0, len(latest), store.MOST_COUNTED):
        _move(batch_id, latest[start : start + store.MOST_COUNTED])


def _move(batch_id: str, told: Sequence[Run]) -> None:
    for _ in range(_TRIES):
        members = store.members_of(batch_id, [run.id for run in told])
        known = [(members[run.id], run) for run in told if run.id in members]
        moves = [(member, run) for member, run in known if _is_news(member, run)]
        try:
            if moves:
                store.commit(store.count(batch_id, moves))
        except MemberMoved:
            continue
        except BatchMoved:
            # the batch's record is gone: nobody asks for its counts
            return
        return
    raise transaction.StillContended(f"{len(told)} markers of batch {batch_id} kept moving")


def _is_news(member: Member, run: Run) -> bool:
    return member.status is None or member.sequence < run.sequence
