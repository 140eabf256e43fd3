"""The Executions stream read as work: changes are told, and what belongs to expired runs is forgotten.

Each run of a batch is handled by itself and in order. What fails is reported, so that Lambda brings it again with
everything behind it; the other runs of the batch have been served by then, and are told again, by the same ids. What
keeps failing is put aside in the end, so that no run holds up others for long.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chalicelib.aws import clock, invocation, messaging, metrics, objects
from chalicelib.aws.metrics import Metric
from chalicelib.aws.settings import settings
from chalicelib.events import deliveries, message, patience, projections, store
from chalicelib.events.webhooks import Webhook
from chalicelib.executions import changes, removal
from chalicelib.executions import store as runs
from chalicelib.executions import webhooks as run_webhooks
from chalicelib.executions.changes import Change, MalformedRecord
from chalicelib.executions.document import carried_along
from chalicelib.executions.run import Document
from chalicelib.executions.statuses import Status
from chalicelib.executions.store import Stored
from chalicelib.jobs import forgetting
from chalicelib.web.documents import compact

_LOG = logging.getLogger("mediawright.events")

Record = Mapping[str, Any]

_ENDS = {
    Status.COMPLETE: Metric.RUNS_COMPLETED,
    Status.ERROR: Metric.RUNS_FAILED,
    Status.CANCELED: Metric.RUNS_CANCELED,
}


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
    def name(self) -> str:
        """The same whenever the record comes."""
        return self.change.event_id if self.change else f"{self.run_id}-expiry"

    @property
    def position(self) -> int:
        """Where the record stands in the stream."""
        return int(self.record["dynamodb"]["SequenceNumber"])


class _Batch:
    """What the runs of one batch have in common."""

    def __init__(self) -> None:
        self.changes_pass = False
        self.expiries_pass = False
        self.counts: Counter[Metric] = Counter()
        """Runs by what became of them. A batch that comes again counts again: it is for charts, not for books."""

    @cached_property
    def webhooks(self) -> list[Webhook]:
        """The stack's webhooks, read when the first change needs them."""
        return store.webhooks()

    def passed(self, one: _Told) -> None:
        """A record is done: so what others of its kind fail in is up, or they are the trouble themselves."""
        self.changes_pass |= one.change is not None
        self.expiries_pass |= one.change is None
        if one.change:
            metric = _ENDS.get(one.change.run.status) if one.change.previous else Metric.RUNS_SUBMITTED
            self.counts.update([metric] if metric else [])

    def others_pass(self, one: _Told) -> bool:
        """Whether records of the same kind came through."""
        return self.changes_pass if one.change else self.expiries_pass


@dataclass(frozen=True)
class _Left:
    """A run's records that aren't done, since the first of them failed."""

    records: list[_Told]
    why: str

    @property
    def position(self) -> int:
        """Where in the stream the run must go on."""
        return min(one.position for one in self.records)


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
    failed += [left.position for left in _published(told)]
    # Lambda goes back to the lowest, with everything behind it
    return {"batchItemFailures": [{"itemIdentifier": str(min(failed))}] if failed else []}


def _published(told: dict[str, list[_Told]]) -> list[_Left]:
    """See all runs through, each in its order; answers what must come again."""
    batch = _Batch()
    ordered = {run_id: sorted(of_run, key=lambda one: one.order) for run_id, of_run in told.items()}
    untold = projections.project([one.change for of_run in ordered.values() for one in of_run if one.change])
    failed = [
        _Left(of_run, "it could not be counted") if run_id in untold else _handled(of_run, batch)
        for run_id, of_run in ordered.items()
    ]
    # judged when all have had their try, which shows whether the trouble is theirs alone
    left_over = [left for one in failed if one and (left := _without_hopeless(one, batch))]
    metrics.emit(batch.counts)
    return left_over


def _understood(record: Record) -> Iterable[_Told]:
    """What a record says, if anything; one that can't be read goes to the dead letters and holds up nobody."""
    try:
        change = changes.change(record)
        if change or changes.is_expiry(record):
            return [_Told(record, changes.run_id(record), change)]
    except MalformedRecord as error:
        _put_aside(record, str(error))
    return []


def _put_aside(record: Record, why: str) -> None:
    _LOG.error("a record was put aside: %s", why)
    messaging.enqueue(settings().publisher_dead_letters_url, {"Records": [record], "Reason": why})
    metrics.emit({Metric.DEAD_LETTERS: 1}, DeadLetter="record")


def _handled(ordered: list[_Told], batch: _Batch) -> _Left | None:
    """See a run's records through; answers those that are left when something failed."""
    if not ordered:
        return None
    with invocation.part("publish", ordered[0].run_id):
        return _each(ordered, batch)


def _each(ordered: list[_Told], batch: _Batch) -> _Left | None:
    stored: Stored | None = None
    for done, one in enumerate(ordered):
        try:
            if one.change is None:
                _forget(one)
            else:
                stored = stored or runs.read_whole(one.run_id)
                _tell(one.change, stored, batch)
            batch.passed(one)
        except Exception as error:  # whatever is wrong with one run, the others of the batch are still to be told of
            _LOG.exception("an event of run %s could not be published", one.run_id)
            return _Left(ordered[done:], f"{type(error).__name__}: {error}"[:1000])
    return None


def _forget(one: _Told) -> None:
    """Delete what belonged to a run that has expired, what a view kept of it first: that is found by its items."""
    run = changes.expired(one.record)
    if run is not None:
        forgetting.forget(run)
    removal.forget_rest(one.run_id)


def _without_hopeless(failed: _Left, batch: _Batch) -> _Left | None:
    """Put aside what has failed for too long, and go on behind it; answers what is left."""
    left: _Left | None = failed
    try:
        while left and patience.is_over(left.records[0].name, others_pass=batch.others_pass(left.records[0])):
            _put_aside(left.records[0].record, left.why)
            left = _handled(left.records[1:], batch)
    except Exception:  # it can't be put aside now: it must come again
        _LOG.exception("an event of run %s could not be put aside", failed.records[0].run_id)
    return left


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
