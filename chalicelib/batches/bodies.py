"""What a run of a batch is submitted with: its item, what the batch's request says of all runs, and what retries of
the batch have changed since.

A retry's Configuration is for every run that it takes up. Those that it makes, since the batch broke off before, get
it as those do that it queues again: member by member in place of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chalicelib.batches import bucket
from chalicelib.batches.batch import Batch
from chalicelib.definitions import revisions
from chalicelib.definitions.revision import Revision
from chalicelib.executions import plan
from chalicelib.executions.plan import Override

Body = dict[str, Any]


def revision(batch: Batch) -> Revision:
    """The revision that a new run of the batch uses; raises BadRequestError when there is none any more."""
    find = revisions.current_stage if batch.subject == "Stage" else revisions.current
    return find(batch.workflow)


def body(batch: Batch, item: Body) -> Body:
    """The request of the run of an item; raises BadRequestError for a Configuration that doesn't fit."""
    made = {**bucket.defaults(batch.id, "request"), **item}
    changes = [change for change in _changes(batch) if change]
    if not changes:
        return made
    current = revision(batch)
    override = plan.normalised(current, made.get("Configuration") or {})
    for change in changes:
        override = _changed(override, plan.normalised(current, change))
    return {**made, "Configuration": override}


def _changes(batch: Batch) -> Iterator[Body | None]:
    for round_number in range(1, batch.round + 1):
        yield bucket.defaults(batch.id, f"retry-{round_number}")["Configuration"]


def _changed(before: Override, change: Override) -> Override:
    return {
        stage: {
            operation: {**before.get(stage, {}).get(operation, {}), **change.get(stage, {}).get(operation, {})}
            for operation in {**before.get(stage, {}), **change.get(stage, {})}
        }
        for stage in {**before, **change}
    }
