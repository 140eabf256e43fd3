"""Following a run to its end."""

from __future__ import annotations

import time
from collections.abc import Callable

from mediawright.client.control import ControlRoutes
from mediawright.client.documents import Execution
from mediawright.errors import RunTimeout

ENDED = ("Complete", "Error", "Canceled")
"""The statuses that a run doesn't leave by itself."""

_SHORTEST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0


class Waiting(ControlRoutes):
    """Polls runs."""

    def wait(
        self,
        run_id: str,
        on_change: Callable[[Execution], None] | None = None,
        *,
        timeout: float | None = None,
    ) -> Execution:
        """Return a run when it has ended, however it ended.

        `on_change` is given the run at once and whenever it has changed. `timeout` is in seconds; RunTimeout is
        raised when it has passed. It asks every 0.1 s at first, then less often, every second at last.
        """
        until = None if timeout is None else time.monotonic() + timeout
        seen: Execution | None = None
        pause = _SHORTEST_PAUSE_SECONDS
        while True:
            run = self.execution(run_id)
            if run != seen and on_change is not None:
                on_change(run)
            if run["Status"] in ENDED:
                return run
            if until is not None and time.monotonic() + pause > until:
                raise RunTimeout(f"run {run_id} has not ended within {timeout} seconds: it is {run['Status']}")
            seen = run
            self._sleep(pause)
            pause = min(pause * 1.3, _LONGEST_PAUSE_SECONDS)
