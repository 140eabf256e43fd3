"""What was refused, so that tests fail even where the engine lives with a refusal."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Denial:
    """A request that a role's policies don't grant; `caller` is a function's or a state machine's role by name."""

    caller: str
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.caller} may not {self.action} on {self.resource}"


class Denials:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recorded: list[Denial] = []

    def record(self, denial: Denial) -> None:
        """Note a refusal."""
        with self._lock:
            self._recorded.append(denial)

    def take(self) -> list[Denial]:
        """All that were noted since the last call."""
        with self._lock:
            taken, self._recorded = self._recorded, []
            return taken


DENIALS = Denials()
