"""The engine's health as people look at it."""

from __future__ import annotations

from typing import Any

from mediawright.client.documents import Health


def facts(health: Health) -> list[list[Any]]:
    """Return what a table shows: slots against the runs that hold them, the queue, and the last sweep."""
    slots, waiting = health["Slots"], health["Queue"]
    oldest = waiting["OldestSeconds"]
    rows: list[list[Any]] = [
        ["Status", health["Status"]],
        ["Slots", f"{slots['Used']} of {slots['Max']} used, {slots['Held']} held by their runs"],
        ["Queue", f"{waiting['Length']} runs" + (f", the oldest since {oldest:.1f} s" if waiting["Length"] else "")],
        *[["Parked", f"{count} runs for {pool}"] for pool, count in waiting["Parked"].items()],
        ["Waiting", f"{health['Waiting']} runs"],
    ]
    return [*rows, ["Last sweep", _sweep(health.get("Sweep"))]]


def _sweep(sweep: dict[str, Any] | None) -> str:
    if sweep is None:
        return "none yet"
    repairs = ", ".join(f"{name} {count}" for name, count in sweep["Repairs"].items()) or "nothing"
    failures = f"; {sweep['Failures']} things failed" if sweep["Failures"] else ""
    return f"{sweep['At']}: {repairs} repaired{failures}"
