"""Who waits, as items of the Executions table: runs for slots, runs for people, state machines for being stopped.

| Id              | Part                        | who                                                          |
|-----------------|-----------------------------|--------------------------------------------------------------|
| queue           | <9-priority>#<queued>#<run> | a run that waits for a slot of the global pool               |
| parked#<pool>   | the same                    | a run that waits for a slot of a capped pool                 |
| waiting         | <run>                       | a run that holds no slot until somebody resumes it           |
| stopping        | <execution>                 | a state machine execution that is to be stopped              |

None is ever an index: they are read strongly consistent, the first two ordered by priority, then by age. A run
that is blocked by a pool of its own is parked there, so that nobody reads past it; a freed slot of that pool brings
it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from chalicelib.aws import dynamodb, transaction
from chalicelib.aws.dynamodb import Item, Key, Value
from chalicelib.aws.transaction import Write
from chalicelib.executions.errors import RunMoved
from chalicelib.executions.run import Fence, Run
from chalicelib.executions.store import table

QUEUE = "queue"
STOPPING = "stopping"
WAITING = "waiting"


def parking(pool: str) -> str:
    """The partition of the runs that wait for a slot of a capped pool."""
    return f"parked#{pool}"


@dataclass(frozen=True)
class QueueEntry:
    """A run that waits for slots, with all that its admission needs. `place` is its partition."""

    fence: Fence
    machine_arn: str
    part: str
    pools: tuple[str, ...] = ()
    resumed: bool = False
    place: str = QUEUE

    @property
    def since(self) -> str:
        """When the run was queued."""
        return self.part.split("#")[1]

    def item(self) -> dict[str, Value | None]:
        """The whole item."""
        return {
            "Id": self.place,
            "Part": self.part,
            "Run": self.fence.run_id,
            "Attempt": self.fence.attempt,
            "MachineArn": self.machine_arn,
            "RunCreated": self.fence.created,
            "Pools": list(self.pools) or None,
            "Resumed": self.resumed or None,
        }


def entry_of(run: Run) -> QueueEntry:
    """A run's place in the queue."""
    return QueueEntry(run.fence, run.machine_arn, run.queue_part, run.pools)


def resumed_entry(run: Run, now: str, pools: tuple[str, ...]) -> QueueEntry:
    """The place that a waiting run gets when it is resumed, with the pools that still lie ahead of it."""
    return replace(entry_of(replace(run, queued=now)), pools=pools, resumed=True)


def put(entry: QueueEntry) -> Write:
    """Let a run wait where its entry says."""
    return transaction.put(table(), entry.item())


def take(entry: QueueEntry) -> Write:
    """Take a run from where it waits; refused when it isn't there any more."""
    return transaction.delete(table(), {"Id": entry.place, "Part": entry.part}, transaction.present("Id"), RunMoved)


def forget(run: Run) -> list[Write]:
    """Take a run from wherever it may wait for slots."""
    places = [QUEUE, *map(parking, run.pools)]
    return [transaction.delete(table(), {"Id": place, "Part": run.queue_part}) for place in places]


def moved(entry: QueueEntry, place: str) -> list[Write]:
    """Let a run wait elsewhere; refused when it isn't where the entry says."""
    return [take(entry), put(replace(entry, place=place))]


def places_of(run: Run) -> list[str]:
    """The partitions in which a run waits for slots, strongly consistent."""
    keys = [{"Id": place, "Part": run.queue_part} for place in (QUEUE, *map(parking, run.pools))]
    return [item["Id"] for item in dynamodb.batch_get(table(), keys)]


def put_missing(run: Run, entry: QueueEntry) -> list[Write]:
    """Put a run into the queue that waits for slots nowhere; refused when it waits somewhere."""
    parked = [{"Id": parking(pool), "Part": entry.part} for pool in run.pools]
    return [
        transaction.put(table(), entry.item(), transaction.absent("Id"), RunMoved),
        *(transaction.check(table(), key, transaction.absent("Id"), RunMoved) for key in parked),
    ]


def heads(count: int, place: str = QUEUE) -> list[QueueEntry]:
    """The runs that are next, strongly consistent: by priority, then by age."""
    page = dynamodb.query_page(table(), dynamodb.equals("Id", place), consistent=True, limit=count)
    return [_entry(item) for item in page.items]


def run_ids(pools: Iterable[str]) -> list[str]:
    """The ids of all runs that wait for slots, of these capped pools and then of the global one, strongly
    consistent."""
    places = [*map(parking, pools), QUEUE]
    return [item["Run"] for place in places for item in _all(place)]


def page(start: str | None, count: int, place: str = QUEUE) -> tuple[list[QueueEntry], str | None]:
    """A page of a partition from a sort key on, and where the next one begins."""
    key: Key | None = {"Id": place, "Part": start} if start else None
    page = dynamodb.query_page(table(), dynamodb.equals("Id", place), consistent=True, limit=count, start=key)
    return [_entry(item) for item in page.items], (page.next_key or {}).get("Part")


def length(place: str) -> int:
    """How many wait in a partition, strongly consistent."""
    return dynamodb.count(table(), dynamodb.equals("Id", place))


def oldest() -> str | None:
    """Since when the one that waits longest in the queue has waited: the first of each priority is looked at."""
    found = []
    for priority in range(10):
        condition = dynamodb.begins(("Id", QUEUE), ("Part", f"{priority}#"))
        page = dynamodb.query_page(table(), condition, consistent=True, limit=1)
        found += [_entry(item).since for item in page.items]
    return min(found, default=None)


def _all(place: str) -> Iterator[Item]:
    return dynamodb.query(table(), dynamodb.equals("Id", place), consistent=True)


def _entry(item: Item) -> QueueEntry:
    return QueueEntry(
        fence=Fence(item["Run"], item["Attempt"], item["RunCreated"]),
        machine_arn=item["MachineArn"],
        part=item["Part"],
        pools=tuple(item.get("Pools", [])),
        resumed=item.get("Resumed", False),
        place=item["Id"],
    )


# -- runs that wait for people -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class WaitingRun:
    """A run that holds no slot until it is resumed."""

    run_id: str
    attempt: int
    since: str


def put_waiting(run: Run, since: str) -> Write:
    """Note that a run waits for people."""
    note: dict[str, Value | None] = {
        "Id": WAITING,
        "Part": run.id,
        "Run": run.id,
        "Attempt": run.attempt,
        "Since": since,
    }
    return transaction.put(table(), note)


def delete_waiting(run_id: str) -> Write:
    """The run doesn't wait for people any more."""
    return transaction.delete(table(), {"Id": WAITING, "Part": run_id})


def drop_waiting(waiting: WaitingRun) -> Write:
    """Remove a note whose run doesn't wait; refused when it is gone or another attempt's."""
    his = dynamodb.Expression("#attempt = :attempt", {"#attempt": "Attempt"}, {":attempt": waiting.attempt})
    return transaction.delete(table(), {"Id": WAITING, "Part": waiting.run_id}, his, RunMoved)


def waiting() -> list[WaitingRun]:
    """All runs that wait for people, strongly consistent."""
    return [WaitingRun(item["Run"], item["Attempt"], item["Since"]) for item in _all(WAITING)]


# -- executions that are to be stopped ---------------------------------------------------------------------------


def put_stopping(run: Run, since: str) -> Write:
    """Remember that the state machine of a run is to be stopped, until it has been."""
    item = {"Id": STOPPING, "Part": run.execution_name, "MachineArn": run.machine_arn, "Since": since}
    return transaction.put(table(), item)


def delete_stopping(execution: str) -> Write:
    """The execution of this name has been stopped."""
    return transaction.delete(table(), {"Id": STOPPING, "Part": execution})


@dataclass(frozen=True)
class Stopping:
    """A state machine execution that is to be stopped, and since when."""

    machine_arn: str
    execution: str
    since: str


def stopping() -> list[Stopping]:
    """All executions that are still to be stopped."""
    items = _all(STOPPING)
    return [Stopping(item["MachineArn"], item["Part"], item["Since"]) for item in items]
