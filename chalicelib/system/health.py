"""How the engine is doing: what runs and what waits."""

from __future__ import annotations

from typing import Any

from chalicelib.system import store
from chalicelib.system.configuration import cap


def report() -> dict[str, Any]:
    """Slots used of the cap, and the length of the queue."""
    return {
        "Status": "ok",
        "Slots": {"Used": store.slots_used(), "Max": cap()},
        "Queue": {"Length": store.queue_length()},
    }
