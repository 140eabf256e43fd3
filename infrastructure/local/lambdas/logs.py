"""What functions print, in CloudWatch Logs.

Writers append to a queue; one background thread moves it into moto's logs backend every 50 ms, so that an
invocation never waits for it. Each stream keeps its last 2,000 events, each group its last 30
streams, the queue its last 100,000 events.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import moto.logs.models as moto_logs

EVENTS_KEPT = 2000
STREAMS_KEPT = 30
QUEUED = 100_000
TAIL_BYTES = 4096
_EVENT_BYTES = 256 * 1024 - 26
_FLUSH_SECONDS = 0.05

_BACKENDS: Any = moto_logs.logs_backends
_LOG_GROUP: Any = moto_logs.LogGroup
_LOG_STREAM: Any = moto_logs.LogStream


@dataclass(frozen=True)
class LogTarget:
    """Where lines go."""

    account: str
    region: str
    group: str
    stream: str


def stream_name(version: str, unique: str) -> str:
    """Lambda's pattern for stream names, such as `2026/11/02/[$LATEST]0123abcd`."""
    return f"{datetime.now(UTC):%Y/%m/%d}/[{version}]{unique}"


class Logs:
    """The one way into CloudWatch Logs; thread-safe."""

    def __init__(self) -> None:
        self._queue: deque[tuple[LogTarget, dict[str, Any]]] = deque(maxlen=QUEUED)
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, target: LogTarget, message: str) -> None:
        """Queue one event, time now."""
        self._queue.append((target, {"timestamp": time.time_ns() // 1_000_000, "message": message}))
        if not self._changed.is_set():
            self._changed.set()
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name="lambda-logs", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._changed.wait()
            self._stopping.wait(_FLUSH_SECONDS)
            self._changed.clear()
            self.flush()

    def flush(self) -> None:
        """Write all that is queued."""
        with self._lock:
            batches: dict[LogTarget, list[dict[str, Any]]] = {}
            for _ in range(len(self._queue)):
                target, event = self._queue.popleft()
                batches.setdefault(target, []).append(event)
            for target, events in batches.items():
                _write(target, events)

    def stop(self) -> None:
        """Write what is queued and end the thread."""
        self._stopping.set()
        self._changed.set()
        if self._thread:
            self._thread.join()
        self.flush()


def _write(target: LogTarget, events: list[dict[str, Any]]) -> None:
    backend = _BACKENDS[target.account][target.region]
    backend.ensure_log_group(target.group)
    group = backend.groups[target.group]
    if target.stream not in group.streams:
        _add_stream(group, target.stream)
    stream = group.streams[target.stream]
    stream.put_log_events(events)
    if len(stream.events) > EVENTS_KEPT:
        stream.events = stream.events[-EVENTS_KEPT:]


def _add_stream(group: Any, name: str) -> None:
    """Replaces the dict, since readers iterate over it in other threads."""
    kept = list(group.streams.items())[-(STREAMS_KEPT - 1) :]
    group.streams = {**dict(kept), name: _LOG_STREAM(log_group=group, name=name)}


class InvocationLog:
    """Collects one worker's output: splits it into lines, passes them on, keeps an invocation's last 4 KB."""

    def __init__(self, logs: Logs, target: LogTarget) -> None:
        self._logs = logs
        self._target = target
        self._partial = b""
        self._tail: deque[str] = deque()
        self._tail_size = 0

    def line(self, message: str) -> None:
        """One event; a newline is added if it lacks one."""
        message = message if message.endswith("\n") else message + "\n"
        self._logs.put(self._target, message)
        self._tail.append(message)
        self._tail_size += len(message)
        while self._tail_size - len(self._tail[0]) > TAIL_BYTES:
            self._tail_size -= len(self._tail.popleft())

    def feed(self, output: bytes) -> None:
        """Raw bytes as the process wrote them."""
        *lines, self._partial = (self._partial + output).split(b"\n")
        for line in lines:
            self.line(_text(line))
        if len(self._partial) > _EVENT_BYTES:
            self.end_line()

    def end_line(self) -> None:
        """Take what has been written since the last newline as a line."""
        partial, self._partial = self._partial, b""
        if partial:
            self.line(_text(partial))

    def begin(self) -> None:
        """Start an invocation's tail."""
        self._tail.clear()
        self._tail_size = 0

    def tail(self) -> str:
        """The last 4 KB since `begin`."""
        text = "".join(self._tail)
        return text.encode()[-TAIL_BYTES:].decode(errors="ignore")


def _text(line: bytes) -> str:
    # the runtime separates a traceback's lines by carriage returns, so that it stays one event
    return line[:_EVENT_BYTES].decode(errors="replace").rstrip("\r").replace("\r", "\n")
