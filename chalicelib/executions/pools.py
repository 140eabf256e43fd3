"""Slots as items of the Executions table: the cap is exact because a slot's number is unique."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.aws import dynamodb, transaction
from chalicelib.aws.dynamodb import Expression, Key, Value
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Write
from chalicelib.executions.errors import RunMoved, SlotTaken
from chalicelib.executions.run import GLOBAL_POOL, Fence, Slot
from chalicelib.executions.store import table


@dataclass(frozen=True)
class Holder:
    """A taken slot and who took it."""

    slot: Slot
    run_id: str
    attempt: int
    since: str


@dataclass(frozen=True)
class Pool:
    """A pool as one strongly consistent read found it. `maximum` is None when the cap was taken away."""

    maximum: int | None
    holders: tuple[Holder, ...]

    def free(self) -> list[int]:
        """The numbers within the cap that nobody holds; those above it, which a lowered cap leaves, take up room."""
        taken = {holder.slot.number for holder in self.holders}
        maximum = self.maximum or 0
        room = max(0, maximum - len(taken))
        return [number for number in range(1, maximum + 1) if number not in taken][:room]


def read(name: str) -> Pool:
    """A pool's cap and taken slots.

    Without a head, the global pool has the cap that the stack was deployed with, and any other pool has none.
    """
    maximum = settings().max_concurrent_workflows if name == GLOBAL_POOL else None
    holders = []
    for item in dynamodb.query(table(), dynamodb.equals("Id", f"pool#{name}"), consistent=True):
        if item["Part"] == "pool":
            maximum = item["Max"]
        else:
            slot = Slot(name, int(item["Part"].split("#")[1]))
            holders.append(Holder(slot, item["Run"], item["Attempt"], item["Since"]))
    return Pool(maximum, tuple(holders))


def capped() -> list[str]:
    """The names of all pools that definitions have ever capped, strongly consistent."""
    return [item["Part"] for item in dynamodb.query(table(), dynamodb.equals("Id", "pools"), consistent=True)]


def _slot_key(slot: Slot) -> Key:
    return {"Id": f"pool#{slot.pool}", "Part": f"slot#{slot.number:04}"}


def put_slot(slot: Slot, fence: Fence, since: str) -> Write:
    """Take a slot; refused when somebody holds it."""
    item: dict[str, Value | None] = {**_slot_key(slot), "Run": fence.run_id, "Attempt": fence.attempt, "Since": since}
    return transaction.put(table(), item, transaction.absent("Id"), SlotTaken)


def drop_slot(holder: Holder) -> Write:
    """Free a slot whose run doesn't hold it; refused when it is free, or another's."""
    his = Expression(
        "#run = :run AND #attempt = :attempt",
        {"#run": "Run", "#attempt": "Attempt"},
        {":run": holder.run_id, ":attempt": holder.attempt},
    )
    return transaction.delete(table(), _slot_key(holder.slot), his, RunMoved)


def delete_slot(slot: Slot, run_id: str, attempt: int) -> Write:
    """Give a slot back; refused when another run or attempt holds it."""
    mine = Expression(
        "attribute_not_exists(#id) OR (#run = :run AND #attempt = :attempt)",
        {"#id": "Id", "#run": "Run", "#attempt": "Attempt"},
        {":run": run_id, ":attempt": attempt},
    )
    return transaction.delete(table(), _slot_key(slot), mine, RunMoved)
