"""The outside of the publisher: what it published, which deliveries it had attempted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.aws import clock, functions, messaging

NOW = 1_795_233_600.0


@dataclass
class Outside:
    """Notes what leaves the engine; `refuse` may raise before anything is noted."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    dead: list[Any] = field(default_factory=list)
    attempts: list[dict[str, Any]] = field(default_factory=list)
    refuse: Callable[[str, Any], None] = lambda _kind, _told: None

    def publish(self, _topic: str, message: str) -> None:
        told = json.loads(json.loads(message)["default"])
        self.refuse("message", told)
        self.messages.append(told)

    def put_event(self, source: str, detail_type: str, detail: str, moment: float) -> None:
        told = json.loads(detail)
        self.refuse("event", told)
        self.events.append({"source": source, "detail-type": detail_type, "detail": told, "time": moment})

    def enqueue(self, _queue: str, body: Any) -> None:
        self.refuse("dead", body)
        self.dead.append(body)

    def invoke_later(self, _arn: str, payload: str) -> None:
        told = json.loads(payload)
        self.refuse("attempt", told)
        self.attempts.append(told)

    @property
    def ids(self) -> list[str]:
        """The published messages' ids, in their order."""
        return [told["EventId"] for told in self.messages]


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    noted = Outside()
    for name in ("publish", "put_event", "enqueue"):
        monkeypatch.setattr(messaging, name, getattr(noted, name))
    monkeypatch.setattr(functions, "invoke_later", noted.invoke_later)
    return noted


class Time:
    """The time of day, which stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = NOW

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    standing = Time()
    monkeypatch.setattr(clock, "time_source", lambda: standing.seconds)
    return standing
