"""The records of batches (System table) and the markers of their runs and chunks (Executions table).

A run's marker is written in the transaction that makes the run. It alone says what of the run has been counted, so
counting the same change twice, or late, changes nothing. The record's counters move with the markers, of many runs at
once: the record is shared by all of them, and would not take a write for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.aws import clock, dynamodb, transaction
from chalicelib.aws.clients import client
from chalicelib.aws.dynamodb import Expression, Item, Key, Value
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Write
from chalicelib.batches.batch import Batch, BatchStatus, counter
from chalicelib.batches.errors import BatchMoved, MemberMoved, UnknownBatchError
from chalicelib.executions.run import Run
from chalicelib.executions.statuses import ENDED, Status
from chalicelib.web.errors import shown

_BATCH = "batch"
_OPEN = "batch-open"
_EXPIRY = "batch-expiry"
_RUN = "run#"
MOST_COUNTED = transaction.MAX_WRITES - 1
"""So many runs are counted in one transaction, which writes the record besides."""
_CHUNK_DAYS = 30


def system() -> str:
    """The table of the records."""
    return settings().system_table


def executions() -> str:
    """The table of the markers."""
    return settings().executions_table


# -- records ---------------------------------------------------------------------------------------------------


def find(batch_id: str) -> Batch | None:
    """A batch, strongly consistent; None when there is no such batch, or its time is over."""
    item = dynamodb.get(system(), _key(batch_id))
    return None if item is None or _is_expired(item) else Batch.of(item)


def get(batch_id: str) -> Batch:
    """A batch, strongly consistent; raises UnknownBatchError."""
    batch = find(batch_id)
    if batch is None:
        raise UnknownBatchError(f"batch {shown(batch_id)} not found")
    return batch


def page(limit: int, start: Key | None) -> tuple[list[Batch], Key | None]:
    """A page of all batches, newest first: their ids sort by time."""
    found = dynamodb.query_page(
        system(), dynamodb.equals("Kind", _BATCH), consistent=True, forward=False, limit=limit, start=start
    )
    return [Batch.of(item) for item in found.items if not _is_expired(item)], found.next_key


def make(batch: Batch) -> list[Write]:
    """A new batch, and the note that it isn't over."""
    record = {**_key(batch.id), **batch.item()}
    return [transaction.put(system(), record, transaction.absent("Kind"), BatchMoved), put_note(batch.id)]


def change(batch: Batch, status: BatchStatus | None, **values: Value | None) -> Write:
    """Change a batch that is still of the status and the round that were read."""
    if status is not None:
        values["Status"] = status.value
    return _change(batch, values, _as_read({"Status": batch.status.value, "Round": batch.round}))


def advance(batch: Batch, **values: Value | None) -> Write:
    """Change a batch as `change` does, unless a walk over its runs has come elsewhere since it was read."""
    walk = {"WalkedTo": batch.walked_to, "WalkBegan": batch.walk_began}
    return _change(batch, values, _as_read({"Status": batch.status.value, "Round": batch.round, **walk}))


def end(batch: Batch, status: BatchStatus, **values: Value | None) -> list[Write]:
    """Change a batch that is over thereby, and note when its time is."""
    writes = [change(batch, status, **values)]
    expires_at = values["ExpiresAt"]
    if isinstance(expires_at, int):
        writes.append(_put_expiry(Expiry(expires_at, batch.id)))
    return writes


def _change(batch: Batch, values: Mapping[str, Value | None], condition: Expression) -> Write:
    return transaction.update(system(), _key(batch.id), {**values, "Changed": clock.now()}, condition, BatchMoved)


def _as_read(values: Mapping[str, Value | None]) -> Expression:
    """The condition that attributes have these values, or don't exist where there is none."""
    texts = [
        f"attribute_not_exists(#r{n})" if value is None else f"#r{n} = :r{n}"
        for n, value in enumerate(values.values())
    ]
    names = {f"#r{n}": name for n, name in enumerate(values)}
    given = {f":r{n}": value for n, value in enumerate(values.values()) if value is not None}
    return Expression(" AND ".join(texts), names, given)


def _is_expired(item: Item) -> bool:
    """Whether an item is to be taken for gone, though DynamoDB hasn't removed it yet."""
    return "ExpiresAt" in item and item["ExpiresAt"] <= clock.epoch(clock.now())


def _key(batch_id: str) -> Key:
    return {"Kind": _BATCH, "Name": batch_id}


# -- notes: which batches are not over -------------------------------------------------------------------------


def put_note(batch_id: str) -> Write:
    """Note that a batch isn't over; the sweep looks after those alone."""
    return transaction.put(system(), {"Kind": _OPEN, "Name": batch_id})


def delete_note(batch_id: str) -> Write:
    """A batch is over."""
    return transaction.delete(system(), {"Kind": _OPEN, "Name": batch_id})


def noted(after: str | None, limit: int) -> list[str]:
    """Batches that aren't over, oldest first, from after a given one."""
    start = {"Kind": _OPEN, "Name": after} if after else None
    found = dynamodb.query_page(system(), dynamodb.equals("Kind", _OPEN), consistent=True, limit=limit, start=start)
    return [item["Name"] for item in found.items]


# -- expiries: which ended batches' time is over -------------------------------------------------------------------


@dataclass(frozen=True)
class Expiry:
    """That a batch which ended expires at a time, in epoch seconds."""

    at: int
    batch_id: str

    @property
    def key(self) -> Key:
        """The earliest come first."""
        return {"Kind": _EXPIRY, "Name": f"{self.at:012}#{self.batch_id}"}


def _put_expiry(expiry: Expiry) -> Write:
    return transaction.put(system(), {**expiry.key})


def delete_expiry(expiry: Expiry) -> Write:
    """Nothing is left of a batch that has expired, or it hasn't."""
    return transaction.delete(system(), expiry.key)


def expired(now: int, limit: int) -> Iterator[Expiry]:
    """So many of the expiries that are due at an epoch time, the earliest first."""
    due = Expression("#k = :k AND #n < :n", {"#k": "Kind", "#n": "Name"}, {":k": _EXPIRY, ":n": f"{now + 1:012}"})
    for item in dynamodb.query_page(system(), due, consistent=True, limit=limit).items:
        at, _, batch_id = item["Name"].partition("#")
        yield Expiry(int(at), batch_id)


# -- members: the runs of a batch ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Member:
    """A run of a batch: its place in the input, and what of it has been counted."""

    run_id: str
    place: dict[str, Any]
    status: Status | None = None
    sequence: int = 0

    @property
    def has_ended(self) -> bool:
        """Whether it was counted as ended."""
        return self.status in ENDED


def put_member(batch_id: str, run_id: str, place: dict[str, Any]) -> Write:
    """A new run's marker, for the transaction that makes the run."""
    return transaction.put(executions(), {**_member_key(batch_id, run_id), **place})


def members_of(batch_id: str, run_ids: Sequence[str]) -> dict[str, Member]:
    """The markers of some runs, by run id, strongly consistent."""
    items = dynamodb.batch_get(executions(), [_member_key(batch_id, run_id) for run_id in run_ids])
    return {found.run_id: found for found in map(_member, items)}


def members(batch_id: str, limit: int, start: Key | None) -> tuple[list[Member], Key | None]:
    """A page of a batch's runs, by run id, strongly consistent."""
    found = dynamodb.query_page(executions(), _members(batch_id), consistent=True, limit=limit, start=start)
    return [_member(item) for item in found.items], found.next_key


def member_key(batch_id: str, run_id: str) -> Key:
    """Where a page of runs begins: after this one."""
    return _member_key(batch_id, run_id)


def count_members(batch_id: str) -> int:
    """How many runs a batch has."""
    request: dict[str, Any] = {
        "TableName": executions(),
        "Select": "COUNT",
        "ConsistentRead": True,
        **_members(batch_id).parameters("KeyConditionExpression"),
    }
    count = 0
    while True:
        answer: dict[str, Any] = client("dynamodb").query(**request)
        count += int(answer["Count"])
        if "LastEvaluatedKey" not in answer:
            return count
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def count(batch_id: str, moves: Sequence[tuple[Member, Run]]) -> list[Write]:
    """The markers of up to MOST_COUNTED runs and their batch's counters move on, unless a marker isn't the one that
    was read. One transaction: whoever dies has counted all of them or none."""
    moved: Counter[str] = Counter()
    for member, run in moves:
        if member.status is not run.status:
            moved[counter(run.status)] += 1
            if member.status is not None:
                moved[counter(member.status)] -= 1
    writes = [_count_member(batch_id, member, run) for member, run in moves]
    difference = {name: number for name, number in moved.items() if number}
    if difference:
        exists = transaction.present("Kind")
        writes.append(transaction.update(system(), _key(batch_id), {}, exists, BatchMoved, add=difference))
    return writes


def _count_member(batch_id: str, counted: Member, run: Run) -> Write:
    """A marker moves on; it expires with its run."""
    unmoved = transaction.absent("Sequence")
    if counted.status is not None:
        unmoved = Expression("#sequence = :sequence", {"#sequence": "Sequence"}, {":sequence": counted.sequence})
    marker: dict[str, Value | None] = {"Status": run.status.value, "Sequence": run.sequence}
    marker["ExpiresAt"] = run.expires_at
    return transaction.update(executions(), _member_key(batch_id, counted.run_id), marker, unmoved, MemberMoved)


def _members(batch_id: str) -> Expression:
    return dynamodb.begins(("Id", f"batch#{batch_id}"), ("Part", _RUN))


def _member_key(batch_id: str, run_id: str) -> Key:
    return {"Id": f"batch#{batch_id}", "Part": f"{_RUN}{run_id}"}


def _member(item: Item) -> Member:
    status = Status(item["Status"]) if "Status" in item else None
    place: dict[str, Any] = {name: item[name] for name in ("Line", "Key") if name in item}
    return Member(item["Part"].removeprefix(_RUN), place, status, item.get("Sequence", 0))


# -- chunks: what one invocation found -------------------------------------------------------------------------


@dataclass(frozen=True)
class ChunkResult:
    """How many items a chunk has and how many of them were bad (or refused); `report` holds the latter."""

    first: str
    items: int
    bad: int
    report: str | None


def put_chunk(batch: Batch, step: str, name: str, result: ChunkResult) -> None:
    """Write what an invocation found, in place of what an earlier delivery of the same chunk found."""
    item: dict[str, Value | None] = {
        "Id": f"batch#{batch.id}",
        "Part": f"{_pass(batch, step)}{name}",
        "First": result.first,
        "Items": result.items,
        "Bad": result.bad,
        "Report": result.report,
        "ExpiresAt": int(clock.epoch(clock.now())) + _CHUNK_DAYS * 86_400,
    }
    transaction.commit([transaction.put(executions(), item)])


def chunks(batch: Batch, step: str) -> Iterator[ChunkResult]:
    """What the invocations of a step found in the batch's round, strongly consistent."""
    condition = dynamodb.begins(("Id", f"batch#{batch.id}"), ("Part", _pass(batch, step)))
    for item in dynamodb.query(executions(), condition, consistent=True):
        yield ChunkResult(item["First"], item["Items"], item["Bad"], item.get("Report"))


def _pass(batch: Batch, step: str) -> str:
    # a prefix that is listed anew may be cut into other chunks than those of the round before
    return f"{step}-{batch.round}#" if batch.round else f"{step}#"


def commit(writes: Sequence[Write]) -> None:
    """Carry out changes of batches; BatchMoved or MemberMoved when one isn't where it was read."""
    transaction.commit(writes)
