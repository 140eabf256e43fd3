"""How the engine is doing: what runs, what waits, and what the last sweep repaired."""

from __future__ import annotations

from typing import Any

from chalicelib.aws import clock
from chalicelib.executions import pools, queue, store, sweep_record
from chalicelib.executions.pools import Holder
from chalicelib.executions.run import GLOBAL_POOL
from chalicelib.system.configuration import cap


def report() -> dict[str, Any]:
    """Slots that are taken, against the runs that hold them, the queue, and the last sweep.

    In health, `Used` and `Held` are equal, but for runs that are just moving.
    """
    holders = pools.read(GLOBAL_POOL).holders
    document = {
        "Status": "ok",
        "Slots": {"Used": len(holders), "Held": _held(holders), "Max": cap()},
        "Queue": _queue(),
        "Waiting": queue.length(queue.WAITING),
    }
    last = sweep_record.last()
    return document | ({"Sweep": last} if last else {})


def _held(holders: tuple[Holder, ...]) -> int:
    """How many of the slots are listed by the very run that took them."""
    runs = {run.id: run for run in store.read_runs([holder.run_id for holder in holders], consistent=True)}
    return sum(holder.run_id in runs and holder.slot in runs[holder.run_id].slots for holder in holders)


def _queue() -> dict[str, Any]:
    oldest = queue.oldest()
    age = 0.0 if oldest is None else max(0.0, clock.epoch(clock.now()) - clock.epoch(oldest))
    parked = {pool: queue.length(queue.parking(pool)) for pool in pools.capped()}
    return {
        "Length": queue.length(queue.QUEUE),
        "Parked": {pool: length for pool, length in parked.items() if length},
        "OldestSeconds": round(age, 3),
    }
