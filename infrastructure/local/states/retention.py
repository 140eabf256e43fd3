"""What is kept of a finished execution: facts and history as small bytes, no threads and no environments."""

from __future__ import annotations

import json
import threading
import zlib
from collections import deque
from datetime import datetime
from typing import Any

from infrastructure.local.states.values import dumps

KEPT_HISTORIES = 500
"""Finished executions whose history, input and output are served in full."""

KEPT_FACTS = 50_000
"""Finished executions that are known at all."""

_SMALL = 2_048
"""Compressed bytes of input, output, error and cause that an older execution may keep."""

_LONG = 64
"""Characters from which a string is stored once for all events of a history."""


def _squeeze(value: Any) -> bytes:
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1)


def _expand(packed: bytes) -> Any:
    return json.loads(zlib.decompress(packed))


def pack(events: list[dict[str, Any]]) -> bytes:
    """A history as bytes; inputs and outputs, which recur from event to event, are in it once."""
    texts: dict[str, int] = {}

    def referred(details: Any) -> Any:
        if not isinstance(details, dict):
            return details
        return {
            key: {"": texts.setdefault(value, len(texts))} if isinstance(value, str) and len(value) > _LONG else value
            for key, value in details.items()
        }

    compact = [{key: referred(value) for key, value in event.items()} for event in events]
    return _squeeze([compact, list(texts)])


def unpack(packed: bytes) -> list[dict[str, Any]]:
    """The events of a packed history."""
    events, texts = _expand(packed)

    def resolved(details: Any) -> Any:
        if not isinstance(details, dict):
            return details
        return {
            key: texts[value[""]] if isinstance(value, dict) and "" in value else value
            for key, value in details.items()
        }

    return [{key: resolved(value) for key, value in event.items()} for event in events]


class Finished:
    """An execution that has ended, as DescribeExecution and GetExecutionHistory need it."""

    __slots__ = ("_facts", "_history", "exec_arn", "name", "sequence", "start", "state_machine_arn", "status", "stop")

    def __init__(self, execution: Any) -> None:
        self.exec_arn: str = execution.exec_arn
        self.name: str = execution.name
        self.state_machine_arn: str = execution.state_machine_arn
        self.status = str(execution.status)
        self.sequence: int = execution.sequence
        self.start: datetime = execution.start_date
        self.stop: datetime = execution.stop_date
        output = dumps(execution.output) if self.status == "SUCCEEDED" else None
        self._facts = _squeeze([execution.execution_input, output, execution.error, execution.cause])
        self._history: bytes | None = pack(execution.exec_worker.env.event_manager._history_event_list)

    def facts(self) -> list[str | None]:
        """Input, output, error and cause; input and output are None when they weren't kept."""
        facts: list[str | None] = _expand(self._facts)
        return facts

    def events(self) -> list[dict[str, Any]] | None:
        """The history, or None when it is no longer kept."""
        return None if self._history is None else unpack(self._history)

    def shrink(self) -> None:
        """Drop the history, and input and output unless they are small."""
        self._history = None
        if len(self._facts) > _SMALL:
            error, cause = self.facts()[2:]
            self._facts = _squeeze([None, None, error, (cause or "")[:_SMALL] or None])


class Retention:
    """Keeps the last finished executions in full, older ones small, and forgets the oldest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._full: deque[Finished] = deque()
        self._small: deque[Finished] = deque()

    def add(self, finished: Finished) -> Finished | None:
        """Take a finished execution; answers the one to forget, if any."""
        with self._lock:
            self._full.append(finished)
            if len(self._full) <= KEPT_HISTORIES:
                return None
            oldest = self._full.popleft()
            oldest.shrink()
            self._small.append(oldest)
            return self._small.popleft() if len(self._small) > KEPT_FACTS else None
