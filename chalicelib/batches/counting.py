"""The counts of a batch follow its runs, whatever comes twice, late or not at all.

The publisher tells every change of a run's status. The sweep looks after runs of which nothing was told for long.
"""

from __future__ import annotations

from chalicelib.batches import ending, markers
from chalicelib.executions.changes import Change
from chalicelib.executions.statuses import ENDED, Status

_DECISIVE = (*ENDED, Status.QUEUED)
"""An end may end the batch; a run that is queued (again) may reopen it."""


def count(change: Change) -> None:
    """Count a run as it is after a change of its status, and draw the conclusion for its batch.

    Telling the same again, or an earlier change later, is harmless, and needed where a process died half way.
    Raises StillContended: it must be told once more.
    """
    run = change.run
    if run.batch is None:
        return
    markers.move(run)
    if run.status in _DECISIVE:
        ending.settle(run.batch)
