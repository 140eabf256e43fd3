"""The Executions table: every expression on runs, their stages, the queue and the slots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from chalicelib.aws import clock, dynamodb, objects, transaction
from chalicelib.aws.dynamodb import Expression, Item, Key, Value
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Write
from chalicelib.executions.errors import RunMoved, SlotTaken
from chalicelib.executions.run import Fence, Run, Slot, StagePart, status_month
from chalicelib.executions.statuses import ENDED, StageStatus, Status

EXECUTION = "execution"
QUEUE = "queue"
_TORN_READS = 5


def table() -> str:
    """The table's name."""
    return settings().executions_table


def stage_key(position: int) -> str:
    """The sort key of a stage's part; stages count from 0."""
    return f"stage#{position:02}"


# -- reading ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stored:
    """A run with those of its stages that were read."""

    run: Run
    stages: dict[int, StagePart]


def read(run_id: str, stages: Iterable[int] = ()) -> Stored | None:
    """A run and some of its stages, strongly consistent, in one request; None when there is no such run."""
    parts = [EXECUTION, *(stage_key(position) for position in sorted(set(stages)))]
    items = dynamodb.batch_get(table(), [{"Id": run_id, "Part": part} for part in parts])
    return _stored(items)


def read_whole(run_id: str) -> Stored | None:
    """A run and all its stages, strongly consistent.

    A query may see half of a transaction that is being carried out; such a read is done again.
    """
    for _ in range(_TORN_READS):
        stored = _stored(list(dynamodb.query(table(), dynamodb.equals("Id", run_id), consistent=True)))
        if stored is None or not _is_torn(stored):
            break
        clock.sleep(0.01)
    return stored


def _is_torn(stored: Stored) -> bool:
    last = stored.stages.get(stored.run.current_stage)
    closed = stored.run.status in (Status.COMPLETE, Status.ERROR)
    return last is None or (closed and last.status == StageStatus.STARTED)


def read_runs(run_ids: Sequence[str], *, consistent: bool = False) -> list[Run]:
    """The small facts of many runs, in their order; those that are gone are left out."""
    keys = [{"Id": run_id, "Part": EXECUTION} for run_id in run_ids]
    return [Run.of(item) for item in dynamodb.batch_get(table(), keys, consistent=consistent)]


def read_stages(runs: Sequence[Run]) -> dict[str, dict[int, StagePart]]:
    """The entered stages of many runs, by run and position."""
    keys = [
        {"Id": run.id, "Part": stage_key(position)}
        for run in runs
        for position in range(min(run.current_stage + 1, run.stages))
    ]
    found: dict[str, dict[int, StagePart]] = {run.id: {} for run in runs}
    for item in dynamodb.batch_get(table(), keys, consistent=False):
        part = _stage_part(item)
        found[item["Id"]][part.position] = part
    return found


def _stored(items: list[Item]) -> Stored | None:
    runs = [Run.of(item) for item in items if item["Part"] == EXECUTION]
    stages = [_stage_part(item) for item in items if item["Part"].startswith("stage#")]
    return Stored(runs[0], {stage.position: stage for stage in stages}) if runs else None


def _stage_part(item: Item) -> StagePart:
    return StagePart(
        position=int(item["Part"].split("#")[1]),
        input=_text(item, "Input") or "",
        outputs=_text(item, "Outputs"),
        status=item.get("Status"),
        entered=item.get("Entered"),
        ended=item.get("Ended"),
        message=item.get("Message"),
        override=_text(item, "Override"),
    )


def _text(item: Item, name: str) -> str | None:
    reference = item.get(f"{name}Ref")
    return objects.get_text(reference) if reference else item.get(name)


def _carried(run: Run, position: int, name: str, text: str) -> dict[str, Value | None]:
    """Attributes for a text of a stage; a large one goes to the bucket before the item that refers to it."""
    key = f"{object_prefix(run.id)}{run.attempt}/{stage_key(position).replace('#', '-')}-{name.lower()}.json"
    carried = objects.carried(text, key)
    return {name: carried["Text"]} if "Text" in carried else {f"{name}Ref": carried["Ref"]}


def object_prefix(run_id: str) -> str:
    """Where the bucket holds what is too large for a run's items."""
    return f"private/executions/{run_id}/"


# -- the run's own items ---------------------------------------------------------------------------------------


def put_run(run: Run) -> Write:
    """A new run."""
    return transaction.put(table(), run.item(), transaction.absent("Id"), RunMoved)


def update_run(
    fence: Fence, expected: Sequence[Status], values: dict[str, Value | None], *, in_stage: int | None = None
) -> Write:
    """Change a run, on condition of its attempt, its status and (if given) its current stage."""
    if "Status" in values:
        values = {**values, "StatusMonth": status_month(Status(str(values["Status"])), fence.created)}
    return transaction.update(
        table(), {"Id": fence.run_id, "Part": EXECUTION}, values, _standing(fence, expected, in_stage), RunMoved
    )


def demand(fence: Fence, expected: Sequence[Status]) -> Write:
    """Demand an attempt and a status of a run that the transaction doesn't change."""
    key = {"Id": fence.run_id, "Part": EXECUTION}
    return transaction.check(table(), key, _standing(fence, expected, None), RunMoved)


def _standing(fence: Fence, expected: Sequence[Status], in_stage: int | None) -> Expression:
    statuses = {f":s{n}": status.value for n, status in enumerate(expected)}
    text = f"#attempt = :attempt AND #status IN ({', '.join(statuses)})"
    names = {"#attempt": "Attempt", "#status": "Status"}
    values: dict[str, Value] = {":attempt": fence.attempt, **statuses}
    if in_stage is not None:
        text += " AND #stage = :stage"
        names["#stage"] = "CurrentStage"
        values[":stage"] = in_stage
    return Expression(text, names, values)


def put_stage(run: Run, position: int, stage_input: str, override: str | None = None) -> Write:
    """The stage that a run enters: its input, and at the first one the run's own configuration."""
    item: dict[str, Value | None] = {"Id": run.id, "Part": stage_key(position), "Status": "Started"}
    item |= _carried(run, position, "Input", stage_input)
    if override is not None:
        item |= _carried(run, position, "Override", override)
    return transaction.put(table(), item)


def update_stage(run: Run, position: int, outputs: str, facts: dict[str, Value | None]) -> Write:
    """A stage's outputs with its status, times and message."""
    values = {**_carried(run, position, "Outputs", outputs), **facts}
    return transaction.update(table(), {"Id": run.id, "Part": stage_key(position)}, values)


def delete_part(run_id: str, part: str) -> Write:
    """Remove one item of a run."""
    return transaction.delete(table(), {"Id": run_id, "Part": part})


def other_parts(run_id: str) -> list[str]:
    """The sort keys of a run's items but its own."""
    items = dynamodb.query(table(), dynamodb.equals("Id", run_id), consistent=True)
    return [item["Part"] for item in items if item["Part"] != EXECUTION]


def delete_run(run: Run) -> Write:
    """Remove a run that has ended, unless it has been taken up again."""
    key = {"Id": run.id, "Part": EXECUTION}
    return transaction.delete(table(), key, _standing(run.fence, ENDED, None), RunMoved)


# -- the queue -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class QueueEntry:
    """A waiting run, with all that its admission needs."""

    fence: Fence
    machine_arn: str
    part: str


def put_queue_item(run: Run) -> Write:
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


def has_queue_item(run: Run) -> bool:
    """Whether the run waits in the queue, strongly consistent."""
    return dynamodb.get(table(), {"Id": QUEUE, "Part": run.queue_part}) is not None


def delete_queue_item(part: str) -> Write:
    """Take a run out of the queue."""
    return transaction.delete(table(), {"Id": QUEUE, "Part": part})


def queue_heads(count: int) -> list[QueueEntry]:
    """The runs that are next, strongly consistent: by priority, then by age."""
    page = dynamodb.query_page(table(), dynamodb.equals("Id", QUEUE), consistent=True, limit=count)
    return [_queue_entry(item) for item in page.items]


def queue_page(start: str | None, count: int) -> tuple[list[QueueEntry], str | None]:
    """A page of the queue from a sort key on, and where the next one begins."""
    key: Key | None = {"Id": QUEUE, "Part": start} if start else None
    page = dynamodb.query_page(table(), dynamodb.equals("Id", QUEUE), consistent=True, limit=count, start=key)
    return [_queue_entry(item) for item in page.items], (page.next_key or {}).get("Part")


def _queue_entry(item: Item) -> QueueEntry:
    fence = Fence(item["Run"], item["Attempt"], item["RunCreated"])
    return QueueEntry(fence, item["MachineArn"], item["Part"])


# -- state machines that are to be stopped ---------------------------------------------------------------------

STOPPING = "stopping"


def put_stopping(run: Run) -> Write:
    """Remember that the state machine of a run is to be stopped, until it has been."""
    item = {"Id": STOPPING, "Part": run.execution_name, "MachineArn": run.machine_arn}
    return transaction.put(table(), item)


def delete_stopping(execution: str) -> Write:
    """The execution of this name has been stopped."""
    return transaction.delete(table(), {"Id": STOPPING, "Part": execution})


def stopping() -> list[tuple[str, str]]:
    """Machine ARN and execution name of all that are still to be stopped."""
    items = dynamodb.query(table(), dynamodb.equals("Id", STOPPING), consistent=True)
    return [(item["MachineArn"], item["Part"]) for item in items]


# -- pools and slots -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Holder:
    """A taken slot and who took it."""

    slot: Slot
    run_id: str
    attempt: int
    since: str


@dataclass(frozen=True)
class Pool:
    """A pool as one strongly consistent read found it."""

    maximum: int
    holders: tuple[Holder, ...]

    def free(self) -> list[int]:
        """The numbers within the cap that nobody holds."""
        taken = {holder.slot.number for holder in self.holders}
        return [number for number in range(1, self.maximum + 1) if number not in taken]


def read_pool(name: str) -> Pool:
    """A pool's cap and taken slots. A pool without a head has the cap that the stack was deployed with."""
    maximum, holders = settings().max_concurrent_workflows, []
    for item in dynamodb.query(table(), dynamodb.equals("Id", f"pool#{name}"), consistent=True):
        if item["Part"] == "pool":
            maximum = item["Max"]
        else:
            slot = Slot(name, int(item["Part"].split("#")[1]))
            holders.append(Holder(slot, item["Run"], item["Attempt"], item["Since"]))
    return Pool(maximum, tuple(holders))


def _slot_key(slot: Slot) -> Key:
    return {"Id": f"pool#{slot.pool}", "Part": f"slot#{slot.number:04}"}


def put_slot(slot: Slot, fence: Fence, since: str) -> Write:
    """Take a slot; refused when somebody holds it."""
    item: dict[str, Value | None] = {**_slot_key(slot), "Run": fence.run_id, "Attempt": fence.attempt, "Since": since}
    return transaction.put(table(), item, transaction.absent("Id"), SlotTaken)


def delete_slot(slot: Slot, run_id: str, attempt: int) -> Write:
    """Give a slot back; refused when another run or attempt holds it."""
    mine = Expression(
        "attribute_not_exists(#id) OR (#run = :run AND #attempt = :attempt)",
        {"#id": "Id", "#run": "Run", "#attempt": "Attempt"},
        {":run": run_id, ":attempt": attempt},
    )
    return transaction.delete(table(), _slot_key(slot), mine, RunMoved)


# -- lists -----------------------------------------------------------------------------------------------------


@cache
def ensure_month(month: str) -> None:
    """Remember that there are runs of a month, so that lists by time know which months to read."""
    transaction.commit([transaction.put(table(), {"Id": "months", "Part": month})])


def months() -> list[str]:
    """The months that have runs, newest first."""
    items = dynamodb.query(table(), dynamodb.equals("Id", "months"), consistent=True, forward=False)
    return [item["Part"] for item in items]


@dataclass(frozen=True)
class IndexPage:
    """Run ids, newest first, and the index key after which the next page begins."""

    run_ids: list[str]
    next_key: Key | None


_INDEX_HASHES = {"by-time": "Month", "by-asset": "AssetId", "by-workflow": "Workflow", "by-status": "StatusMonth"}


def index_page(index: str, value: str, limit: int, start: Key | None) -> IndexPage:
    """One page of an index; an index only lists, it never decides."""
    page = dynamodb.query_page(
        table(), dynamodb.equals(_INDEX_HASHES[index], value), index=index, forward=False, limit=limit, start=start
    )
    return IndexPage([item["Id"] for item in page.items], page.next_key)
