"""Following runs and batches to their end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from mediawright.client.batches import BatchRoutes
from mediawright.client.documents import Batch, Execution
from mediawright.client.executions import ExecutionRoutes
from mediawright.errors import RunTimeout

ENDED = ("Complete", "Error", "Canceled")
"""The statuses that a run doesn't leave by itself."""

BATCH_ENDED = ("Complete", "Rejected", "Failed", "Canceled")
"""The statuses that a batch doesn't leave by itself."""

_SHORTEST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0

_Document = TypeVar("_Document", bound=Mapping[str, Any])


class Waiting(ExecutionRoutes, BatchRoutes):
    """Polls runs and batches: every 0.1 s at first, then less often, every second at last."""

    def wait(
        self,
        run_id: str,
        on_change: Callable[[Execution], None] | None = None,
        *,
        timeout: float | None = None,
    ) -> Execution:
        """Return a run when it has ended, however it ended.

        `on_change` is given the run at once and whenever it has changed. `timeout` is in seconds; RunTimeout is
        raised when it has passed.
        """
        return self._ended(f"run {run_id}", lambda: self.execution(run_id), ENDED, on_change, timeout)

    def wait_batch(
        self,
        batch_id: str,
        on_change: Callable[[Batch], None] | None = None,
        *,
        timeout: float | None = None,
    ) -> Batch:
        """Return a batch when it has ended, however it ended. The arguments are those of `wait`."""
        return self._ended(f"batch {batch_id}", lambda: self.batch(batch_id), BATCH_ENDED, on_change, timeout)

    def _ended(
        self,
        what: str,
        read: Callable[[], _Document],
        ended: tuple[str, ...],
        on_change: Callable[[_Document], None] | None,
        timeout: float | None,
    ) -> _Document:
        until = None if timeout is None else time.monotonic() + timeout
        seen: _Document | None = None
        pause = _SHORTEST_PAUSE_SECONDS
        while True:
            document = read()
            if document != seen and on_change is not None:
                on_change(document)
            if document["Status"] in ended:
                return document
            if until is not None and time.monotonic() + pause > until:
                raise RunTimeout(f"{what} has not ended within {timeout} seconds: it is {document['Status']}")
            seen = document
            self._sleep(pause)
            pause = min(pause * 1.3, _LONGEST_PAUSE_SECONDS)
