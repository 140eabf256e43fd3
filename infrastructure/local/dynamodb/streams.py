"""DynamoDB Streams as AWS delivers them: after the write, in order, in batches, late or twice when asked.

One dispatcher thread per stream hands records on and forgets them; so `GetRecords` has nothing to give, while
`DescribeStream` and `ListStreams` answer as before.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, NamedTuple

from infrastructure.local.clock import CLOCK
from infrastructure.local.dynamodb import data_plane
from infrastructure.local.dynamodb.json_text import dumps
from infrastructure.local.dynamodb.keys import Key
from infrastructure.local.dynamodb.rows import Row
from infrastructure.local.dynamodb.tables import CHANGE_HOOKS, rows_of
from infrastructure.local.dynamodb.values import to_wire
from infrastructure.local.faults import FAULTS

Record = dict[str, Any]
Deliver = Callable[[str, list[Record]], None]

MAX_BATCH = 100
IDLE_SECONDS = 5.0

_log = logging.getLogger(__name__)
_FIRST_SEQUENCE = 1100000000017454423009
_BY_SERVICE = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
"""Who made the record of an expired item."""


class _Change(NamedTuple):
    """One change; changes are delivered by `due` (`time.monotonic()`), then in their order."""

    due: float
    sequence: int
    at: float
    old: Row | None
    new: Row | None
    expired: bool


class Stream:
    """The changes of one table that are still to be delivered; its thread lives while there are any."""

    def __init__(self, arn: str, table: Any, deliver: Deliver) -> None:
        self.arn = arn
        self._table = table
        self._deliver = deliver
        self._view: str = table.stream_specification["StreamViewType"]
        self._changes: list[_Change] = []
        self._in_hand = 0
        self._last_due: dict[Key, float] = {}
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._sequence = _FIRST_SEQUENCE

    def add(self, old: Row | None, new: Row | None, expired: bool) -> None:
        """Note one change; called under the lock of the writes, hence in their order."""
        with self._wake:
            self._sequence += 1
            due = self._due_of(new or old)
            heappush(self._changes, _Change(due, self._sequence, CLOCK.now(), old, new, expired))
            if self._thread is None and not self._stopped:
                self._thread = threading.Thread(target=self._run, name=f"stream {self._table.name}", daemon=True)
                self._thread.start()
            else:
                self._wake.notify_all()

    def _due_of(self, row: Row | None) -> float:
        due = time.monotonic() + FAULTS.stream_lag
        if FAULTS.shuffle_stream_records > 0 and row is not None:
            due += random.uniform(0, FAULTS.shuffle_stream_records)
            if random.random() >= FAULTS.shuffle_within_items:
                due = max(due, self._last_due.get(row.key, due))
            self._last_due[row.key] = due
        return due

    def pending(self) -> int:
        """Changes not yet delivered, those in hand included."""
        return len(self._changes) + self._in_hand

    def wait_empty(self, deadline: float) -> bool:
        """Wait until all is delivered, at most until a `time.monotonic()`."""
        with self._wake:
            return self._wake.wait_for(
                lambda: not self.pending() or self._stopped, max(0.0, deadline - time.monotonic())
            )

    def stop(self) -> None:
        """Drop what is undelivered and end the thread."""
        with self._wake:
            self._stopped = True
            self._changes.clear()
            self._wake.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=5)

    def _run(self) -> None:
        while self._deliver_batch():
            pass

    def _deliver_batch(self) -> bool:
        batch = self._next_batch()
        self._hand_over([self._record(change) for change in batch])
        with self._wake:
            # only now: whoever waits for emptiness waits for the delivery too
            self._in_hand = 0
            self._wake.notify_all()
        return bool(batch)

    def _next_batch(self) -> list[_Change]:
        with self._wake:
            while not self._stopped:
                if not self._changes:
                    self._last_due.clear()
                    if not self._wake.wait(IDLE_SECONDS) and not self._changes:
                        break
                    continue
                wait = self._changes[0].due - time.monotonic()
                if wait <= 0:
                    return self._due()
                self._wake.wait(wait)
            self._thread = None
            return []

    def _due(self) -> list[_Change]:
        latest = time.monotonic()
        batch: list[_Change] = []
        while self._changes and self._changes[0].due <= latest and len(batch) < MAX_BATCH:
            batch.append(heappop(self._changes))
        self._in_hand = len(batch)
        return batch

    def _hand_over(self, records: list[Record]) -> None:
        share = FAULTS.duplicate_stream_records
        repeated = [record for record in records if share > 0 and random.random() < share]
        for batch in (records, repeated):
            if not batch:
                continue
            try:
                self._deliver(self.arn, batch)
            except Exception:  # the outermost edge of the thread: the stream must go on
                _log.exception("A consumer of the stream %s failed", self.arn)

    def _record(self, change: _Change) -> Record:
        _, sequence, at, old, new, expired = change
        row = new or old
        keys = rows_of(self._table).schema.wire_of(row.attributes) if row else {}
        body: dict[str, Any] = {
            "ApproximateCreationDateTime": int(at),
            "Keys": keys,
            "SequenceNumber": str(sequence),
            "SizeBytes": sum(image.size for image in (old, new) if image is not None),
            "StreamViewType": self._view,
        }
        if new is not None and self._view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
            body["NewImage"] = _image(new)
        if old is not None and self._view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
            body["OldImage"] = _image(old)
        return {
            "eventID": f"{hash(self.arn) & 0xFFFFFFFF:08x}{sequence:024x}",
            "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self._table.region_name,
            "dynamodb": body,
            "eventSourceARN": self.arn,
            **({"userIdentity": dict(_BY_SERVICE)} if expired else {}),
        }


def _image(row: Row) -> dict[str, Any]:
    image = to_wire(row.attributes)
    if any(value[0] in ("B", "BS", "M", "L") for value in row.attributes.values()):
        return json.loads(dumps(image))  # type: ignore[no-any-return]
    return image


class _Streams:
    """All streams with the one who gets their records."""

    def __init__(self) -> None:
        self.deliver: Deliver | None = None
        self.open: dict[str, Stream] = {}

    def changed(self, table: Any, old: Row | None, new: Row | None, expired: bool) -> None:
        if self.deliver is None or not table.stream_specification["StreamEnabled"]:
            return
        arn = f"{table.table_arn}/stream/{table.latest_stream_label}"
        stream = self.open.get(arn)
        if stream is None:
            stream = self.open[arn] = Stream(arn, table, self.deliver)
        stream.add(old, new, expired)


_STREAMS = _Streams()


def install(deliver: Deliver) -> None:
    """Deliver the records of all streams to `deliver(stream ARN, records)`, never inside a write.

    Installs the data plane too. Installing again replaces the receiver.
    """
    data_plane.install()
    stop()
    _STREAMS.deliver = deliver
    if _STREAMS.changed not in CHANGE_HOOKS:
        CHANGE_HOOKS.append(_STREAMS.changed)


def drain(seconds: float) -> bool:
    """Wait until every stream has delivered everything; false when that takes longer."""
    deadline = time.monotonic() + seconds
    return all(stream.wait_empty(deadline) for stream in list(_STREAMS.open.values()))


def pending() -> int:
    """How many changes are still to be delivered."""
    return sum(stream.pending() for stream in list(_STREAMS.open.values()))


def stop() -> None:
    """End all dispatchers; what is undelivered is dropped, and no more is delivered until `install`."""
    _STREAMS.deliver = None
    for stream in list(_STREAMS.open.values()):
        stream.stop()
    _STREAMS.open.clear()
