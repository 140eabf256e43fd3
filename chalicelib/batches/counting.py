"""The counts of a batch follow its runs, whatever comes twice, late or not at all.

The publisher tells every change of a run's status. The sweep looks after runs of which nothing was told for long.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.batches import ending, markers
from chalicelib.executions.changes import Change
from chalicelib.executions.statuses import ENDED, Status

_DECISIVE = (*ENDED, Status.QUEUED)
"""An end may end the batch; a run that is queued (again) may reopen it."""


def batch_of(change: Change) -> str | None:
    """The batch whose counts a change concerns, if any."""
    return change.run.batch


def count(batch_id: str, changes: Sequence[Change]) -> None:
    """Count runs of a batch as they are after changes of their statuses, and draw the conclusion for the batch.

    Telling the same again, or an earlier change later, is harmless, and needed where a process died half way.
    Raises StillContended: they must be told once more.
    """
    markers.move(batch_id, [change.run for change in changes])
    if any(change.run.status in _DECISIVE for change in changes):
        ending.settle(batch_id)
