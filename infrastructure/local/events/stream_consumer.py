"""One event source mapping at work: takes batches off its queue, in order, and sees each through."""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from infrastructure.local.clock import CLOCK
from infrastructure.local.invocation import Invocation, Invoke
from infrastructure.local.lambdas.errors import PAYLOAD_LIMIT
from infrastructure.local.queues import send_to_queue

RETENTION_SECONDS = 86400
BACKOFF_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
POLL_SECONDS = 0.25
"""Lambda reads a shard four times a second."""
_DISABLED_SECONDS = 0.05
_LOGGER = logging.getLogger(__name__)


class Mapping(Protocol):
    """moto's EventSourceMapping, as far as it is read here; its attributes may change at any time."""

    uuid: str
    function_arn: str
    event_source_arn: str
    batch_size: int
    enabled: Any
    filter_criteria: dict[str, Any] | None
    max_batch_window: int | None
    max_record_age: int | None
    max_retry_attempts: int | None
    bisect_on_error: Any
    function_response_types: list[str] | None
    destination_config: dict[str, Any] | None


@dataclass(frozen=True)
class _Entry:
    """A record with its JSON, so that retries don't encode it again."""

    record: dict[str, Any]
    text: str
    queued: float = field(default_factory=time.monotonic)

    @property
    def sequence(self) -> str:
        return str(self.record["dynamodb"].get("SequenceNumber", ""))

    @property
    def arrived(self) -> float:
        return float(self.record["dynamodb"].get("ApproximateCreationDateTime", 0))


@dataclass(frozen=True)
class _Batch:
    entries: tuple[_Entry, ...]
    attempts: int = 0


class StreamConsumer:
    """A thread that serves one mapping until it is stopped or the mapping is deleted."""

    def __init__(self, mapping: Mapping, invoke: Invoke, exists: Callable[[], bool]) -> None:
        self._mapping = mapping
        self._invoke = invoke
        self._exists = exists
        self._queue: deque[_Entry] = deque()
        self._in_hand = 0
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self.ended = False
        self._thread = threading.Thread(target=self._run, name="event-source", daemon=True)
        self._thread.start()

    def put(self, records: list[dict[str, Any]]) -> None:
        """Queue records behind those already there."""
        arn = self._mapping.event_source_arn
        entries = [_Entry(record, json.dumps({"eventSourceARN": arn, **record})) for record in records]
        with self._changed:
            self._queue.extend(entries)
            self._changed.notify_all()

    def pending(self) -> int:
        """How many records wait or are being delivered."""
        with self._changed:
            return len(self._queue) + self._in_hand

    def stop(self) -> None:
        """End the thread after the invocation under way."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread is not threading.current_thread():
            self._thread.join(10)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._await_records()
            if not self._exists():
                break
            if not _true(self._mapping.enabled):
                self._stopping.wait(_DISABLED_SECONDS)
                continue
            self._await_poll()
            self._await_window()
            self._see_through(_Batch(self._take()))
            with self._changed:
                self._in_hand = 0
        with self._changed:
            self.ended = True
            self._queue.clear()
            self._in_hand = 0

    def _await_records(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._stopping.is_set())

    def _await_poll(self) -> None:
        interval = CLOCK.scaled(POLL_SECONDS)
        self._stopping.wait(interval - time.monotonic() % interval)

    def _await_window(self) -> None:
        window = CLOCK.scaled(float(self._mapping.max_batch_window or 0))
        full = int(self._mapping.batch_size)
        with self._changed:
            self._changed.wait_for(lambda: len(self._queue) >= full or self._stopping.is_set(), window)

    def _take(self) -> tuple[_Entry, ...]:
        """At most the batch size, and at most what one invocation carries."""
        taken: list[_Entry] = []
        size = len('{"Records":[]}')
        with self._changed:
            while self._queue and len(taken) < int(self._mapping.batch_size):
                size += len(self._queue[0].text.encode()) + 1
                if taken and size > PAYLOAD_LIMIT:
                    break
                taken.append(self._queue.popleft())
            self._in_hand = len(taken)
        return tuple(taken)

    def _see_through(self, whole: _Batch) -> None:
        """Deliver a batch, in parts if need be, until every record is processed or given up."""
        parts = deque([whole] if whole.entries else [])
        while parts and not self._stopping.is_set() and self._exists():
            batch = parts.popleft()
            old = tuple(entry for entry in batch.entries if self._too_old(entry))
            fresh = tuple(entry for entry in batch.entries if entry not in old) if old else batch.entries
            if old:
                self._give_up(old, batch.attempts, "RecordAgeExceeded", None)
            if fresh:
                parts.extendleft(reversed(self._attempt(_Batch(fresh, batch.attempts))))

    def _attempt(self, batch: _Batch) -> list[_Batch]:
        """Invoke once; what remains to be done, in order."""
        body = '{"Records":[' + ",".join(entry.text for entry in batch.entries) + "]}"
        answer = self._invoke(self._mapping.function_arn, body.encode())
        failed = self._failed_from(batch, answer)
        if failed is None:
            return []
        rest = batch.entries[failed:]
        if _true(self._mapping.bisect_on_error) and len(rest) > 1 and failed == 0:
            middle = len(rest) // 2
            return [_Batch(rest[:middle], batch.attempts), _Batch(rest[middle:], batch.attempts)]
        limit = self._mapping.max_retry_attempts
        if limit is not None and 0 <= int(limit) <= batch.attempts:
            self._give_up(rest, batch.attempts + 1, "RetryAttemptsExhausted", answer)
            return []
        pause = BACKOFF_SECONDS[min(batch.attempts, len(BACKOFF_SECONDS) - 1)]
        CLOCK.sleep(pause, self._stopping)
        return [_Batch(rest, batch.attempts + 1)]

    def _failed_from(self, batch: _Batch, answer: Invocation) -> int | None:
        """Index of the first record to deliver again; None when all are done."""
        if answer.error:
            return 0
        if "ReportBatchItemFailures" not in (self._mapping.function_response_types or []):
            return None
        return _first_failure([entry.sequence for entry in batch.entries], answer.payload)

    def _too_old(self, entry: _Entry) -> bool:
        limit = int(self._mapping.max_record_age or -1)
        age = CLOCK.now() - entry.arrived + (time.monotonic() - entry.queued) * (CLOCK.speed - 1)
        return bool(entry.arrived) and age > (limit if limit > 0 else RETENTION_SECONDS)

    def _give_up(self, entries: tuple[_Entry, ...], attempts: int, condition: str, answer: Invocation | None) -> None:
        _LOGGER.warning("gave up %d stream records for %s: %s", len(entries), self._mapping.function_arn, condition)
        destination = ((self._mapping.destination_config or {}).get("OnFailure") or {}).get("Destination")
        if destination:
            send_to_queue(destination, _failure_record(self._mapping, entries, attempts, condition, answer))


def _true(flag: Any) -> bool:
    """Templates may say "true"."""
    return str(flag).lower() == "true"


def _first_failure(sequences: list[str], payload: bytes) -> int | None:
    """The lowest reported record; 0 (the whole batch) for an answer that isn't as documented."""
    try:
        answer = json.loads(payload)
        failures = (answer.get("batchItemFailures") if answer else None) or []
        return min((sequences.index(str(failure["itemIdentifier"])) for failure in failures), default=None)
    except (ValueError, AttributeError, KeyError, TypeError):
        return 0


def _failure_record(
    mapping: Mapping, entries: tuple[_Entry, ...], attempts: int, condition: str, answer: Invocation | None
) -> str:
    """The record that Lambda sends to an OnFailure destination: where the batch lies, not what it holds."""
    record: dict[str, Any] = {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": mapping.function_arn,
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "version": "1.0",
        "timestamp": _iso(time.time()),
        "DDBStreamBatchInfo": {
            "shardId": "shardId-00000001",
            "startSequenceNumber": entries[0].sequence,
            "endSequenceNumber": entries[-1].sequence,
            "approximateArrivalOfFirstRecord": _iso(entries[0].arrived),
            "approximateArrivalOfLastRecord": _iso(entries[-1].arrived),
            "batchSize": len(entries),
            "streamArn": mapping.event_source_arn,
        },
    }
    if answer:
        record["responseContext"] = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": answer.error}
    return json.dumps(record)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
