"""Telling the engine how far an operation is, without troubling it or the work."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from mediawright.errors import DataPlaneError

EACH_SECONDS = 2.0
MOST_PERCENT = 99
"""Only the operation's answer means that it is done."""
_LOG = logging.getLogger("mediawright.progress")


class Progress:
    """Hands on a percentage at most every two seconds, and only a greater one than the last."""

    def __init__(self, tell: Callable[[int], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._clock = clock
        self._last = 0
        self._told_at = clock()

    def reached(self, percent: float) -> None:
        """Take in how far the work is. A report that gets lost is no reason to fail the work: the next says more."""
        whole = min(MOST_PERCENT, int(percent))
        if whole <= self._last or self._clock() - self._told_at < EACH_SECONDS:
            return
        self._last, self._told_at = whole, self._clock()
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._tell(whole)
        except (DataPlaneError, BotoCoreError, ClientError) as error:
            _LOG.info("progress was not reported: %s", type(error).__name__)
