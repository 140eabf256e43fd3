"""Event source mappings: delivers the records of DynamoDB streams to Lambda functions as AWS's pollers do.

moto would invoke the function inside the write that made the record; here each mapping has a thread and a queue
of its own, with filters, batches, retries (paced by CLOCK), bisection, partial failures and a queue for what is given
up.
A mapping gets what is written after it was created, whatever its starting position.
Source: the Lambda developer guide, "Using Lambda with Amazon DynamoDB" and "Event filtering".
"""

from __future__ import annotations

import threading
from typing import Any

import moto.awslambda.exceptions as moto_exceptions
import moto.awslambda.models as moto_lambda

from infrastructure.local.events.patterns import InvalidPattern, matches, parse_pattern
from infrastructure.local.events.stream_consumer import Mapping, StreamConsumer
from infrastructure.local.invocation import Invoke

READERS_PER_STREAM = 2
FILTERS_PER_MAPPING = 5

_BACKEND: Any = moto_lambda.LambdaBackend
_BACKENDS: Any = moto_lambda.lambda_backends
_INVALID: Any = moto_exceptions.InvalidParameterValueException
_ORIGINAL: dict[str, Any] = {}
_LOCK = threading.Lock()
_current: EventSources | None = None


class EventSources:
    """Hands stream records to every mapping of the stream; thread-safe."""

    def __init__(self, invoke: Invoke) -> None:
        self._invoke = invoke
        self._lock = threading.Lock()
        self._consumers: dict[str, StreamConsumer] = {}
        self._stopped = False

    def deliver(self, stream_arn: str, records: list[dict[str, Any]]) -> None:
        """Queue records (in the form of a Lambda event's `Records`) for the mappings of a stream; returns at once."""
        for mapping in _mappings(stream_arn):
            wanted = [record for record in records if passes(mapping.filter_criteria, record)]
            consumer = self._consumer(mapping) if wanted else None
            if consumer:
                consumer.put(wanted)

    def _consumer(self, mapping: Mapping) -> StreamConsumer | None:
        with self._lock:
            if self._stopped:
                return None
            consumer = self._consumers.get(mapping.uuid)
            if consumer is None or consumer.ended:
                consumer = StreamConsumer(mapping, self._invoke, lambda: _exists(mapping))
                self._consumers[mapping.uuid] = consumer
            return consumer

    def pending(self) -> int:
        """How many records wait or are being delivered."""
        with self._lock:
            return sum(consumer.pending() for consumer in self._consumers.values())

    def stop(self) -> None:
        """End every thread; records still queued are dropped."""
        global _current
        with self._lock:
            self._stopped = True
            consumers = list(self._consumers.values())
        for consumer in consumers:
            consumer.stop()
        with _LOCK:
            if _current is self:
                _current = None


def install(invoke: Invoke) -> EventSources:
    """Take over moto's event source mappings of DynamoDB streams; the latest call counts."""
    global _current
    with _LOCK:
        if not _ORIGINAL:
            for name, replacement in (
                ("create_event_source_mapping", _create_mapping),
                ("send_dynamodb_items", _send_dynamodb_items),
            ):
                _ORIGINAL[name] = getattr(_BACKEND, name)
                setattr(_BACKEND, name, replacement)
        _current = EventSources(invoke)
        return _current


def passes(filter_criteria: dict[str, Any] | None, record: dict[str, Any]) -> bool:
    """Whether any filter of the criteria takes the record; without filters each is taken."""
    filters = (filter_criteria or {}).get("Filters") or []
    return not filters or any(matches(parse_pattern(one.get("Pattern") or "{}"), record) for one in filters)


def _mappings(stream_arn: str) -> list[Mapping]:
    _, _, _, region, account, _ = stream_arn.split(":", 5)
    mappings = list(_BACKENDS[account][region]._event_source_mappings.values())
    return [mapping for mapping in mappings if mapping.event_source_arn == stream_arn]


def _exists(mapping: Mapping) -> bool:
    return any(other.uuid == mapping.uuid for other in _mappings(mapping.event_source_arn))


def _create_mapping(self: Any, spec: dict[str, Any]) -> Any:
    if _current is not None:
        _check_filters(spec.get("FilterCriteria"))
        _check_readers(str(spec.get("EventSourceArn")))
    return _ORIGINAL["create_event_source_mapping"](self, spec)


def _check_filters(criteria: dict[str, Any] | None) -> None:
    filters = (criteria or {}).get("Filters") or []
    if len(filters) > FILTERS_PER_MAPPING:
        raise _INVALID(f"A mapping has at most {FILTERS_PER_MAPPING} filters")
    try:
        for one in filters:
            parse_pattern(one.get("Pattern") or "{}")
    except InvalidPattern as error:
        raise _INVALID(f"Invalid filter pattern definition. {error}") from error


def _check_readers(stream_arn: str) -> None:
    """AWS throttles a third reader of a shard; here it is refused, so that nobody relies on it."""
    is_stream = ":dynamodb:" in stream_arn and stream_arn.count(":") >= 5
    if is_stream and len(_mappings(stream_arn)) >= READERS_PER_STREAM:
        raise _INVALID(f"A stream has at most {READERS_PER_STREAM} readers: {stream_arn}")


def _send_dynamodb_items(self: Any, function_arn: str, items: Any, source: str) -> bool:
    """What moto calls inside a write: nothing, since `deliver` brings the records later."""
    if _current is None:
        return bool(_ORIGINAL["send_dynamodb_items"](self, function_arn, items, source))
    return True
