"""One pass of the sweep: what it has found, and how much it may still do."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from chalicelib.aws import clock, transaction
from chalicelib.aws.transaction import Write
from chalicelib.executions import store
from chalicelib.executions.errors import RunMoved
from chalicelib.executions.run import Run

_LOG = logging.getLogger("mediawright.sweep")

SETTLED_SECONDS = 60
"""What is younger is left alone: it may be on its way, and a query may see half of a transaction."""
QUIET_SECONDS = 900
"""A state machine that has said nothing for so long is asked after."""
MOST_QUESTIONS = 200
"""How many executions a pass asks after: AWS lets us ask of fifteen a second."""
STOPPING_SECONDS, BEGUN_SECONDS, ASKING_SECONDS, PASS_SECONDS = 30, 75, 110, 150
"""Up to when in a pass the steps of this room go on, each one leaving time to those behind it; the function has four
minutes."""


class Pass:
    """One pass: its repairs, and the failures that didn't keep it from going on."""

    def __init__(self) -> None:
        self.now = clock.epoch(clock.now())
        self.repairs: Counter[str] = Counter()
        self.failures = 0
        self.seen_waiting: set[str] = set()
        """The sort keys of what this pass has seen in the queue and the parkings."""

    def age(self, moment: str) -> float:
        """Seconds since an ISO time."""
        return self.now - clock.epoch(moment)

    def has_time(self, until: float = PASS_SECONDS) -> bool:
        """Whether fewer seconds of the pass are over; what a step leaves, the next pass does."""
        return clock.epoch(clock.now()) - self.now < until

    def attempt(self, work: Callable[..., None], *arguments: Any) -> None:
        """Do one thing; its failure is logged and must not keep the others from being done."""
        try:
            work(self, *arguments)
        except Exception:  # whatever is wrong with one item, the others are still to be swept
            _LOG.exception("the sweep failed in %s", work.__name__)
            self.failures += 1


def commits(writes: list[Write]) -> int:
    """1 when the writes were carried out, 0 when somebody has moved the run meanwhile."""
    try:
        transaction.commit(writes)
    except RunMoved:
        return 0
    return 1


def unchanged(run_id: str, run: Run | None) -> Write:
    """Demand that a run is as it was read, or still gone: what was read of its slots and notes is older."""
    return store.demand_gone(run_id) if run is None else store.demand(run.fence, (run.status,))


def fresh(run_ids: Iterable[str]) -> dict[str, Run]:
    """Runs by id, strongly consistent."""
    return {run.id: run for run in store.read_runs(list(run_ids), consistent=True)}
