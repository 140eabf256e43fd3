"""Lets a queue forget what is older than its `MessageRetentionPeriod` whenever a message comes.

moto looks at it only when somebody receives, and the queue subscribed to the engine's topic may have no reader.
"""

from __future__ import annotations

from typing import Any

import moto.sqs.models as moto_sqs

from infrastructure.local.clock import CLOCK

_QUEUE: Any = moto_sqs.Queue
_ORIGINAL: dict[str, Any] = {}


def install() -> None:
    """Patch moto's queues; again is harmless."""
    if not _ORIGINAL:
        _ORIGINAL["add_message"] = _QUEUE.add_message
        _QUEUE.add_message = _add_message


def _add_message(self: Any, message: Any) -> None:
    now = CLOCK.now()
    message.arrived = now
    with self._messages_lock:
        kept = self._messages
        while kept and kept[0].arrived + self.message_retention_period < now:
            kept.pop(0)
    _ORIGINAL["add_message"](self, message)
