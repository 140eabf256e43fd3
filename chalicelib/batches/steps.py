"""The steps of a batch's state machine.

`plan` tells the map what to read. The map is run twice, first to check every item, then to submit. After each,
`decide` says what follows. Every step may be repeated: a change of the record is made from the status that the step
begins with, and a repeat finds it made. A retry of a batch that broke off takes the steps anew, in a round of its
own: what is left of an earlier round's execution changes nothing any more.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from chalicelib.aws import clock, objects
from chalicelib.aws.settings import settings
from chalicelib.batches import bucket, ending, manifest, store
from chalicelib.batches.batch import Batch, BatchStatus
from chalicelib.batches.errors import BatchMoved, ManifestChanged

Plan = dict[str, Any]
"""What the machine does next: `Kind` is `lines`, `objects` or `none`, `Step` is `check` or `submit`."""


def plan(batch_id: str, round_number: int) -> Plan:
    """Cut the manifest into chunks."""
    batch = store.get(batch_id)
    if not batch.is_read_in(round_number):
        return _nothing(batch)
    try:
        if batch.source.kind != "prefix":
            found = manifest.chunks(bucket.blocks(batch.source))
            objects.put_pieces(bucket.index_key(batch_id), map(manifest.index_line, found))
    except ManifestChanged as error:
        ending.break_off(batch, BatchStatus.FAILED, str(error), "engine")
        return _nothing(batch)
    return _read(batch, "check" if batch.status is BatchStatus.CHECKING else "submit")


def decide(batch_id: str, round_number: int, step: str) -> Plan:
    """Draw the conclusion from what all invocations of a step found."""
    batch = store.get(batch_id)
    if batch.round != round_number:
        return _nothing(batch)
    if step == "check" and batch.status is BatchStatus.CHECKING:
        batch = _checked(batch)
    elif step == "submit" and batch.status is BatchStatus.SUBMITTING:
        batch = _submitted(batch)
    if batch.status is BatchStatus.SUBMITTING:
        return _read(batch, "submit")
    ending.settle(batch_id)
    return _nothing(batch)


def failed(batch_id: str, round_number: int, why: dict[str, str]) -> None:
    """The machine could not go on; `why` is Step Functions' error output."""
    batch = store.get(batch_id)
    if batch.is_read_in(round_number):
        message = ": ".join(why[member] for member in ("Error", "Cause") if why.get(member))
        ending.break_off(batch, BatchStatus.FAILED, message, "engine")


def _checked(batch: Batch) -> Batch:
    total, refused = _report(batch, "check")
    counts = {"Total": total, "Refused": refused}
    why = _rejection(batch, total, refused)
    if why is None:
        return _changed(batch, BatchStatus.SUBMITTING, **counts)
    facts = ending.ended("engine", clock.now())
    return _changed(batch, BatchStatus.REJECTED, Message=why, **counts, **facts)


def _rejection(batch: Batch, total: int, bad: int) -> str | None:
    if total == 0:
        return "there is nothing to run"
    if bad and (batch.on_bad_line == "reject" or bad == total):
        return f"{bad} of {total} items are bad; nothing was submitted"
    return None


def _submitted(batch: Batch) -> Batch:
    total, refused = _report(batch, "submit")
    # markers of runs that have expired meanwhile are gone; of an earlier round's, the objects may be
    expected = max(total - refused, store.count_members(batch.id))
    return _changed(batch, BatchStatus.RUNNING, Total=total, Refused=refused, Expected=expected)


def _report(batch: Batch, step: str) -> tuple[int, int]:
    """How many items there are and how many of them are bad; the latter are put together for the reader."""
    results = sorted(store.chunks(batch, step), key=lambda result: result.first)
    bad = sum(result.bad for result in results)
    if bad:
        bucket.put_report(batch.id, [result.report for result in results if result.report])
    return sum(result.items for result in results), bad


def _changed(batch: Batch, status: BatchStatus, **facts: Any) -> Batch:
    """The batch after a change of its status, or as somebody else has changed it."""
    if status is BatchStatus.REJECTED:
        writes = [*store.end(batch, status, **facts), store.delete_note(batch.id)]
    else:
        writes = [store.change(batch, status, **facts)]
    with suppress(BatchMoved):
        store.commit(writes)
    return store.get(batch.id)


def _read(batch: Batch, step: str) -> Plan:
    if batch.source.kind == "prefix":
        place = {"Kind": "objects", "Bucket": batch.source.bucket, "Prefix": batch.source.key}
    else:
        place = {"Kind": "lines", "Bucket": settings().data_bucket, "Key": bucket.index_key(batch.id)}
    return {"Batch": batch.id, "Round": batch.round, "Step": step, **place}


def _nothing(batch: Batch) -> Plan:
    return {"Batch": batch.id, "Round": batch.round, "Step": "end", "Kind": "none"}
