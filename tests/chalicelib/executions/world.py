"""What the tests of runs share: making runs, looking at all that is stored, coming between an actor's AWS calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.utilities import dynamo_json_dump

from chalicelib.aws import clock, dynamodb, transaction
from chalicelib.aws.transaction import Write
from chalicelib.definitions import caps as definition_caps
from chalicelib.definitions.stage_input import BranchOutput, CompletionEvent, TokenEvent
from chalicelib.executions import complete, entrances, pools, queue, store, submit, waiting
from chalicelib.executions.errors import StageFailed
from chalicelib.executions.run import Run
from chalicelib.executions.statuses import ENDED, Status
from infrastructure.local.dynamodb.rows import Row
from infrastructure.local.dynamodb.tables import LOCK, rows_of

OK: BranchOutput = {"Do": "run", "Kept": {"Status": "Complete", "MetaData": {}, "Media": {}}}
FAILED: BranchOutput = {"Do": "run", "Failed": {"Error": "ValueError", "Cause": "no"}}
DONE: BranchOutput = {"Do": "done"}
ENTERED = "2026-11-21T01:02:03.004Z"
A, B = "operation:a", "operation:b"


# -- runs --------------------------------------------------------------------------------------------------------


def run_of(run_id: str) -> Run:
    stored = store.read(run_id)
    assert stored is not None
    return stored.run


def make(clip: dict[str, Any], name: str = "flow", **body: Any) -> str:
    made: str = submit.submit({"Name": name, "Input": clip, **body})["Id"]
    return made


def completion(run_id: str, stage: int, *branches: BranchOutput, attempt: int = 1) -> CompletionEvent:
    return {"Execution": f"{run_id}-{attempt}", "Stage": stage, "Entered": ENTERED, "Outputs": list(branches)}


def failed(run_id: str, *branches: BranchOutput, attempt: int = 1) -> None:
    """End a run by a failure in its open stage."""
    with pytest.raises(StageFailed):
        complete.complete_stage(completion(run_id, run_of(run_id).current_stage, *branches, attempt=attempt))


def ask(
    run_id: str,
    operation: int,
    token: str,
    *,
    stage: int = 0,
    attempt: int = 1,
    retry: int = 0,
    seconds: int | None = None,
) -> None:
    """The state machine hands a Wait's or a Callback's token out; a Wait that isn't resumed expires in seconds."""
    event: TokenEvent = {
        "Execution": f"{run_id}-{attempt}",
        "Stage": stage,
        "Operation": operation,
        "Token": token,
        "Retry": retry,
        "Event": {"WorkflowExecutionId": run_id},
    }
    waiting.token_task(event if seconds is None else {**event, "Seconds": seconds})


def cap(maximum: int, pool: str = "global") -> None:
    """Set a pool's cap as the definitions room does, or the system's setting for the global one."""
    if pool == "global":
        head = {"Id": "pool#global", "Part": "pool", "Max": maximum}
        transaction.commit([transaction.put(store.table(), head)])
        return
    transaction.commit(definition_caps.writes(pool, None, maximum))


def uncap(pool: str) -> None:
    transaction.commit(definition_caps.writes(pool, 1, None))


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Move the clock to so many seconds from now."""
    real = clock.now()
    monkeypatch.setattr(clock, "now", lambda: clock.iso(clock.epoch(real) + seconds))


def statuses(*run_ids: str) -> list[str]:
    return [run_of(run_id).status.value for run_id in run_ids]


def place_of(run_id: str) -> list[str]:
    return [place for place, who in places() if who == run_id]


def finish(run_id: str) -> None:
    while run_of(run_id).status is Status.STARTED:
        run = run_of(run_id)
        complete.complete_stage(completion(run_id, run.current_stage, OK, attempt=run.attempt))


# -- what is stored ------------------------------------------------------------------------------------------------


def everything() -> list[dict[str, Any]]:
    """All items of the Executions table but the list of months."""
    items = [_plain(item) for item in _table("Executions").all_items()]
    return sorted((item for item in items if item["Id"] != "months"), key=lambda item: (item["Id"], item["Part"]))


def clear() -> None:
    """Forget all runs and assets, so that the next round of a test begins as fast as the first; caps stay."""
    kept = ("months", "pools")
    for row in rows_of(_table("Executions")).after(None):
        if row.key[0] not in kept and row.key[1] != "pool":
            _remove("Executions", row)
    for row in rows_of(_table("Assets")).after(None):
        _remove("Assets", row)


def _remove(table: str, row: Row) -> None:
    with LOCK:
        rows_of(_table(table)).change(row, None)


def _table(name: str) -> Any:
    # straight out of moto: a scan over HTTP takes longer than all that is tested
    return dynamodb_backends["123456789012"]["us-east-1"].tables[name]


def _plain(item: Any) -> dict[str, Any]:
    return dynamodb.plain_item(json.loads(dynamo_json_dump(item.attrs)))


def places() -> list[tuple[str, str]]:
    """Where runs stand: (place, run) for the queue, the parkings, those that wait, and taken slots."""
    found = []
    for item in everything():
        if item["Id"].startswith(("queue", "parked#", "waiting")) or item["Part"].startswith("slot#"):
            found.append((item["Id"], item["Run"]))
    return found


def inconsistencies() -> list[str]:
    """What contradicts the invariants: each run stands exactly where its status says, and nothing else is there."""
    items = everything()
    runs = {item["Id"]: Run.of(item) for item in items if item["Part"] == store.EXECUTION}
    wrong: list[str] = []
    expected: list[tuple[str, str]] = []
    for run in runs.values():
        expected += [(f"pool#{slot.pool}", run.id) for slot in run.slots]
        if run.status is Status.STARTED and not any(slot.pool == "global" for slot in run.slots):
            wrong.append(f"{run.id} is Started without a slot")
        if run.status is not Status.STARTED and run.slots:
            wrong.append(f"{run.id} is {run.status} with slots")
        if run.status is Status.WAITING:
            expected.append(("waiting", run.id))
    stood = places()
    for run in runs.values():
        if run.status in (Status.QUEUED, Status.RESUMED):
            where = [place for place, who in stood if who == run.id]
            if len(where) != 1 or not where[0].startswith(("queue", "parked#")):
                wrong.append(f"{run.id} is {run.status} and stands in {where}")
            expected += [(place, run.id) for place in where]
    wrong += [f"{run} stands in {place} for nothing" for place, run in stood if (place, run) not in expected]
    wrong += [f"{run} doesn't stand in {place}" for place, run in expected if (place, run) not in stood]
    tokens = [item for item in items if item["Part"].startswith("token#")]
    wrong += [f"token {item['Part']} of an ended run" for item in tokens if runs[item["Id"]].status in ENDED]
    return wrong


def forgotten() -> list[str]:
    """Runs that could begin by the tables, though nobody is left who looks."""
    free = {name: _free(name) for name in ("global", *_pools())}
    found = []
    for place in (queue.QUEUE, *(queue.parking(name) for name in _pools())):
        for entry in queue.heads(1000, place):
            if place != queue.QUEUE and free[place.removeprefix("parked#")]:
                found.append(f"{entry.fence.run_id} in {place}")
            elif place == queue.QUEUE and all(free[name] for name in ("global", *entry.pools)):
                found.append(f"{entry.fence.run_id} in the queue")
    return found


def _pools() -> list[str]:
    return sorted({pool for item in everything() for pool in item.get("Pools", [])})


def _free(name: str) -> bool:
    pool = pools.read(name)
    return pool.maximum is None or bool(pool.free())


# -- the stream ------------------------------------------------------------------------------------------------------


@dataclass
class Records:
    """The records that the scheduler's filters let through, as cfn/wiring.yaml has them."""

    waiting: list[dict[str, Any]] = field(default_factory=list)

    def note(self, writes: Sequence[Write]) -> None:
        for write in writes:
            if write.request["TableName"] != store.table():
                continue
            key = write.request.get("Key") or {name: write.request["Item"][name] for name in ("Id", "Part")}
            part = key["Part"]["S"]
            if (
                (write.kind == "Put" and key["Id"]["S"] == queue.QUEUE)
                or (write.kind == "Delete" and part.startswith("slot#"))
                or part == "pool"
            ):
                self.waiting.append({"dynamodb": {"Keys": key}})

    def deliver(self) -> None:
        """Wake the scheduler until nothing is left to tell."""
        for _ in range(200):
            if not self.waiting:
                return
            batch, self.waiting = self.waiting, []
            entrances.scheduler({"Records": batch})
        raise AssertionError("the scheduler wakes itself for ever")


# -- coming in between ---------------------------------------------------------------------------------------------


class Died(BaseException):
    """The process ends here."""


@dataclass
class Points:
    """Counts the AWS calls of one actor, and lets things happen before those that were chosen."""

    calls: list[str] = field(default_factory=list)
    plan: dict[int, Callable[[], object]] = field(default_factory=dict)
    is_counting: bool = False

    def passing(self, name: str) -> None:
        """An AWS call is about to be made."""
        if not self.is_counting:
            return
        self.calls.append(name)
        happens = self.plan.pop(len(self.calls), None)
        if happens is not None:
            self.is_counting = False
            happens()
            self.is_counting = True

    def during(self, plan: Mapping[int, Callable[[], object]], actor: Callable[[], object]) -> bool:
        """Let an actor work and things happen before his calls of these numbers; false when he makes fewer."""
        self.calls, self.plan, self.is_counting = [], dict(plan), True
        try:
            actor()
        finally:
            self.is_counting = False
        return not self.plan

    def before(self, number: int, happens: Callable[[], object], actor: Callable[[], object]) -> bool:
        """The same for one thing."""
        return self.during({number: happens}, actor)

    def each(self) -> Iterator[int]:
        """The numbers of the actor's calls, and one more: then nothing happens."""
        for number in count(1):
            yield number
            if self.plan:
                return


def dies() -> None:
    raise Died
