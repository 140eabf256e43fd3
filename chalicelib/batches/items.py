"""One chunk of a batch: its items are checked, or runs are made of them.

A chunk may be delivered again, in part done. A run's id follows from its batch and its place in the input, so what
was submitted before is not submitted again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chalicelib.batches import bodies, bucket, manifest, store
from chalicelib.batches.batch import Batch, BatchStatus
from chalicelib.batches.manifest import Chunk, Entry
from chalicelib.batches.store import ChunkResult
from chalicelib.executions.submit import Origin, submit
from chalicelib.web.errors import ConflictError, MediawrightError

_SERVERS_FAULT = 500


def of_manifest(batch: Batch, step: str, chunk: Chunk) -> None:
    """Check or submit the lines of a chunk; raises ManifestChanged."""
    overlong = manifest.too_long(chunk)
    entries = [overlong] if overlong else manifest.entries(bucket.read(batch.source, chunk), chunk.Line)
    _carry_out(batch, step, f"{chunk.Line:012}", f"{chunk.Line:012}", entries)


def of_prefix(batch: Batch, step: str, objects: list[dict[str, Any]]) -> None:
    """Check or submit a page of the objects under a prefix."""
    first = objects[0]["Key"]
    entries = manifest.objects_entries(objects, batch.source.bucket, batch.source.media_type)
    _carry_out(batch, step, bucket.object_chunk_name(first), first, entries)


def _carry_out(batch: Batch, step: str, name: str, first: str, entries: Iterable[Entry]) -> None:
    count, bad = 0, []
    for entry in entries:
        if step == "submit" and not _is_submitted(batch):
            return
        count += 1
        wrong = _wrong(batch, step, entry)
        if wrong is not None:
            bad.append(entry.bad(wrong))
    report = bucket.put_chunk_report(batch, step, name, bad) if bad else None
    store.put_chunk(batch, step, name, ChunkResult(first, count, len(bad), report))


def _is_submitted(batch: Batch) -> bool:
    """Whether the batch still is, by now; once it is taken up again others submit it."""
    found = store.get(batch.id)
    return found.status is BatchStatus.SUBMITTING and found.is_read_in(batch.round)


def _wrong(batch: Batch, step: str, entry: Entry) -> str | None:
    """Why no run can be made of an entry, after trying it; None when one can, or was."""
    if entry.item is None:
        return entry.wrong
    run_id = entry.run_id(batch.id)
    member = store.put_member(batch.id, run_id, entry.place)
    origin = Origin(trigger=f"batch/{batch.id}", run_id=run_id, batch=batch.id, writes=(member,))
    try:
        submit(bodies.body(batch, entry.item), origin=origin, dry_run=step == "check")
    except ConflictError as error:
        # a busy asset may be free when the line's turn comes
        return None if step == "check" else str(error)
    except MediawrightError as error:
        if error.status >= _SERVERS_FAULT:
            raise
        return str(error)
    return None
