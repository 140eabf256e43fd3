"""Sends to SQS queues of the embedded AWS by ARN, as AWS services do for failures and rule targets.

`install` mends moto's queues, where each send counts all messages: its cost would grow with the queue.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import moto.sqs.exceptions as moto_sqs_exceptions
import moto.sqs.models as moto_sqs

_BACKENDS: Any = moto_sqs.sqs_backends
_NO_QUEUE: Any = moto_sqs_exceptions.QueueDoesNotExist
_QUEUE: Any = moto_sqs.Queue
_ORIGINAL: dict[str, Any] = {}
_DEDUPLICATION = "ContentBasedDeduplication"
_LOGGER = logging.getLogger(__name__)


def send_to_queue(
    queue_arn: str, body: str, attributes: Mapping[str, str] | None = None, group: str | None = None
) -> bool:
    """Send one message with string attributes; false (and a warning) when the ARN names no queue here."""
    _, _, service, region, account, name = (queue_arn.split(":", 5) + [""] * 6)[:6]
    try:
        if service != "sqs":
            raise KeyError(service)
        _BACKENDS[account][region].send_message(
            name,
            body,
            message_attributes={
                key: {"DataType": "String", "StringValue": value} for key, value in (attributes or {}).items()
            },
            group_id=group,
        )
    except (_NO_QUEUE, KeyError):
        _LOGGER.warning("no queue to take a message: %r", queue_arn)
        return False
    return True


class _Attributes(Mapping[str, Any]):
    """A queue's attributes, counted only for those who look at more than the one that every send asks for."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue

    def _whole(self) -> dict[str, Any]:
        whole: dict[str, Any] = _ORIGINAL["attributes"].fget(self._queue)
        return whole

    def get(self, name: str, default: Any = None) -> Any:
        """One attribute."""
        if name == _DEDUPLICATION and not self._queue.fifo_queue:
            return default
        return self._whole().get(name, default)

    def __getitem__(self, name: str) -> Any:
        return self._whole()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole())

    def __len__(self) -> int:
        return len(self._whole())


def install() -> None:
    """Make sends as cheap to a long queue as to an empty one; again is harmless."""
    if not _ORIGINAL:
        _ORIGINAL["attributes"] = _QUEUE.attributes
        _QUEUE.attributes = property(_Attributes)
