"""The Executions stream read as work: changes are told, and what belongs to expired runs is forgotten.

Each run of a batch is handled by itself and in order. What fails is reported, so that Lambda brings it again with
everything behind it; the other runs of the batch have been served by then, and are told again, by the same ids.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chalicelib.aws import clock, messaging, metrics, objects
from chalicelib.aws.settings import settings
from chalicelib.events import deliveries, message, projections, store
from chalicelib.events.webhooks import Webhook
from chalicelib.executions import changes, removal
from chalicelib.executions import store as runs
from chalicelib.executions import webhooks as run_webhooks
from chalicelib.executions.changes import Change, MalformedRecord
from chalicelib.executions.document import carried_along
from chalicelib.executions.run import Document
from chalicelib.executions.store import Stored
from chalicelib.web.documents import compact

_LOG = logging.getLogger("mediawright.events")

Record = Mapping[str, Any]


@dataclass(frozen=True)
class _Told:
    """A record with what it says: a change of status, or (`change` is None) that the run's time was over."""

    record: Record
    run_id: str
    change: Change | None

    @property
    def order(self) -> float:
        """By the run's own count, since a batch may bring records in any order; the end of a run comes last."""
        return self.change.run.sequence if self.change else float("inf")

    @property
    def position(self) -> int:
        """Where the record stands in the stream."""
        return int(self.record["dynamodb"]["SequenceNumber"])


class _Batch:
    """What the runs of one batch have in common."""

    @cached_property
    def webhooks(self) -> list[Webhook]:
        """The stack's webhooks, read when the first change needs them."""
        return store.webhooks()


def publish(event: Mapping[str, Any]) -> dict[str, Any]:
    """Handle a batch; answers the first record that must come again, if any."""
    failed = []
    told: dict[str, list[_Told]] = {}
    for record in event["Records"]:
        try:
            for one in _understood(record):
                told.setdefault(one.run_id, []).append(one)
        except Exception:  # the queue doesn't take the dead letter: the record must come again, the others go on
            _LOG.exception("a record that can't be read could not be put aside")
            failed.append(int(record["dynamodb"]["SequenceNumber"]))
    batch = _Batch()
    ordered = {run_id: sorted(of_run, key=lambda one: one.order) for run_id, of_run in told.items()}
    untold = projections.project([one.change for of_run in ordered.values() for one in of_run if one.change])
    for run_id, of_run in ordered.items():
        left = of_run if run_id in untold else _handled(of_run, batch)
        failed += [min(one.position for one in left)] if left else []
    # Lambda goes back to the lowest, with everything behind it
    return {"batchItemFailures": [{"itemIdentifier": str(min(failed))}] if failed else []}


def _understood(record: Record) -> Iterable[_Told]:
    """What a record says, if anything; one that can't be read goes to the dead letters and holds up nobody."""
    try:
        change = changes.change(record)
        if change or changes.is_expiry(record):
            return [_Told(record, changes.run_id(record), change)]
    except MalformedRecord as error:
        _LOG.error("a record was put aside: %s", error)
        messaging.enqueue(settings().publisher_dead_letters_url, {"Records": [record], "Reason": str(error)})
        metrics.emit(DeadRecords=1)
    return []


def _handled(ordered: list[_Told], batch: _Batch) -> list[_Told]:
    """See a run's records through; answers those that are left when something failed."""
    stored: Stored | None = None
    for done, one in enumerate(ordered):
        try:
            if one.change is None:
                removal.forget_rest(one.run_id)
            else:
                stored = stored or runs.read_whole(one.run_id)
                _tell(one.change, stored, batch)
        except Exception:  # whatever is wrong with one run, the others of the batch are still to be told of
            _LOG.exception("an event of run %s could not be published", one.run_id)
            return ordered[done:]
    return []


def _tell(change: Change, stored: Stored | None, batch: _Batch) -> None:
    told = message.document(change, carried_along(stored.stages) if stored else None)
    _fit(told, change)
    detail = compact(told)
    messaging.publish(settings().events_topic_arn, message.topic_message(told))
    messaging.put_event(message.SOURCE, message.DETAIL_TYPE, detail, clock.epoch(change.run.changed))
    # the run's own webhook was written with it and never changes: the read of its items shows it
    of_the_run = stored is not None and any(item["Part"] == run_webhooks.PART for item in stored.others)
    deliveries.begin(change, detail, batch.webhooks, of_the_run=of_the_run)


def _fit(told: Document, change: Change) -> None:
    """Put into the bucket what no message can carry, and refer to it."""
    for name in message.LARGE:
        if message.fits(told):
            return
        if name in told:
            key = f"{runs.object_prefix(change.run.id)}events/{change.run.sequence}-{name.lower()}.json"
            objects.put_text(key, compact(told[name]))
            told[name] = {"$ref": f"s3://{settings().data_bucket}/{key}"}
