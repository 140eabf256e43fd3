"""Who waits, as items of the Executions table: runs for slots, and state machines for being stopped.

The queue is never an index: it is always read strongly consistent, ordered by priority, then by age.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.aws import dynamodb, transaction
from chalicelib.aws.dynamodb import Item, Key
from chalicelib.aws.transaction import Write
from chalicelib.executions.errors import RunMoved
from chalicelib.executions.run import Fence, Run
from chalicelib.executions.store import table

QUEUE = "queue"
STOPPING = "stopping"


@dataclass(frozen=True)
class QueueEntry:
    """A waiting run, with all that its admission needs."""

    fence: Fence
    machine_arn: str
    part: str

    @property
    def since(self) -> str:
        """When the run was queued."""
        return self.part.split("#")[1]


def put_item(run: Run) -> Write:
    """Let a run wait for its slots."""
    return transaction.put(
        table(),
        {
            "Id": QUEUE,
            "Part": run.queue_part,
            "Run": run.id,
            "Attempt": run.attempt,
            "MachineArn": run.machine_arn,
            "RunCreated": run.created,
        },
    )


def has_item(run: Run) -> bool:
    """Whether the run waits in the queue, strongly consistent."""
    return dynamodb.get(table(), {"Id": QUEUE, "Part": run.queue_part}) is not None


def delete_item(part: str) -> Write:
    """Take a run out of the queue."""
    return transaction.delete(table(), {"Id": QUEUE, "Part": part})


def drop_item(entry: QueueEntry) -> Write:
    """Take an item out of the queue whose run doesn't wait; refused when it is gone."""
    return transaction.delete(table(), {"Id": QUEUE, "Part": entry.part}, transaction.present("Id"), RunMoved)


def heads(count: int) -> list[QueueEntry]:
    """The runs that are next, strongly consistent: by priority, then by age."""
    page = dynamodb.query_page(table(), dynamodb.equals("Id", QUEUE), consistent=True, limit=count)
    return [_entry(item) for item in page.items]


def run_ids() -> list[str]:
    """The ids of all runs that wait, strongly consistent."""
    return [item["Run"] for item in dynamodb.query(table(), dynamodb.equals("Id", QUEUE), consistent=True)]


def page(start: str | None, count: int) -> tuple[list[QueueEntry], str | None]:
    """A page of the queue from a sort key on, and where the next one begins."""
    key: Key | None = {"Id": QUEUE, "Part": start} if start else None
    page = dynamodb.query_page(table(), dynamodb.equals("Id", QUEUE), consistent=True, limit=count, start=key)
    return [_entry(item) for item in page.items], (page.next_key or {}).get("Part")


def _entry(item: Item) -> QueueEntry:
    fence = Fence(item["Run"], item["Attempt"], item["RunCreated"])
    return QueueEntry(fence, item["MachineArn"], item["Part"])


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
    items = dynamodb.query(table(), dynamodb.equals("Id", STOPPING), consistent=True)
    return [Stopping(item["MachineArn"], item["Part"], item["Since"]) for item in items]
