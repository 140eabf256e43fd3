"""Batches on moto's tables, with a state machine that is played by hand: the map's tasks one after the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.aws import objects, stepfunctions
from chalicelib.aws.clients import client
from chalicelib.batches import bucket, counting, entrances, store
from chalicelib.batches.batch import Batch
from chalicelib.definitions.revision import Revision
from chalicelib.executions import store as runs
from chalicelib.executions.changes import Change
from chalicelib.executions.run import Run
from tests.chalicelib.conftest import ENVIRONMENT
from tests.chalicelib.executions.conftest import StepFunctions, define, flow, points, sfn

__all__ = ["define", "flow", "points", "sfn"]

MACHINE = ENVIRONMENT["BATCH_MACHINE_ARN"]


@dataclass
class Machine:
    """The batches' state machine as cfn/batches.yaml defines it, carried out when a test says so."""

    started: dict[str, dict[str, Any]] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    ended: dict[str, dict[str, Any]] = field(default_factory=dict)
    deliveries: int = 1
    before_chunk: Callable[[dict[str, Any]], None] = lambda _event: None

    def run(self) -> None:
        """Carry out everything that was started, until nothing is left."""
        while left := [name for name in self.started if name not in self.ended]:
            self.ended[left[0]] = {"status": "SUCCEEDED"}
            event = self.started[left[0]]
            (self._read if event["Step"] == "plan" else self._walk)(event)

    def _read(self, event: dict[str, Any]) -> None:
        plan = entrances.batch_items(event)
        while plan["Kind"] != "none":
            for task in list(_tasks(plan)):
                self.before_chunk(task)
                for _ in range(self.deliveries):
                    assert entrances.batch_items(task) == {}
            common = {member: plan[member] for member in ("Batch", "Round")}
            plan = entrances.batch_items({"Step": "decide", **common, "Of": plan["Step"]})

    def _walk(self, event: dict[str, Any]) -> None:
        event = entrances.batch_items(event)
        while event["More"]:
            event = entrances.batch_items(event)


def _tasks(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    common = {member: plan[member] for member in ("Batch", "Round", "Step")}
    if plan["Kind"] == "lines":
        for line in objects.get_text(plan["Key"]).splitlines():
            yield {**common, "Chunk": json.loads(line)}
        return
    listed = client("s3").list_objects_v2(Bucket=plan["Bucket"], Prefix=plan["Prefix"]).get("Contents", [])
    found = [{"Key": entry["Key"], "Size": entry["Size"]} for entry in listed]
    for start in range(0, len(found), 3):
        yield {"BatchInput": common, "Items": found[start : start + 3]}


@pytest.fixture
def machine(aws: None, flow: Revision, sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The machine, and the workflow `flow` with a Step Functions that only takes notes of runs."""
    played = Machine()
    bucket.defaults.cache_clear()

    def start(arn: str, name: str, text: str) -> None:
        if arn == MACHINE:
            played.started.setdefault(name, json.loads(text))
        else:
            sfn.start(arn, name, text)

    def stop(arn: str, name: str, error: str, cause: str) -> bool:
        if arn != MACHINE:
            return sfn.stop(arn, name, error, cause)
        played.stopped.append(name)
        return name in played.started

    def describe(arn: str, name: str) -> dict[str, Any] | None:
        if arn != MACHINE:
            return sfn.describe(arn, name)
        return played.ended.get(name, {"status": "RUNNING"}) if name in played.started else None

    for function in (start, stop, describe):
        monkeypatch.setattr(stepfunctions, function.__name__, function)
    return played


@pytest.fixture
def clips(aws: None) -> list[dict[str, Any]]:
    """Five items of a batch, each with a video of its own."""
    return [clip(number) for number in range(5)]


def clip(number: int) -> dict[str, Any]:
    """An item whose video exists."""
    key = f"uploads/{number}.mp4"
    client("s3").put_object(Bucket="test-data", Key=key, Body=b"clip")
    return {"Input": {"Media": {"Video": {"S3Bucket": "test-data", "S3Key": key}}}}


def missing(number: int) -> dict[str, Any]:
    """An item whose video doesn't exist."""
    return {"Input": {"Media": {"Video": {"S3Bucket": "test-data", "S3Key": f"missing/{number}.mp4"}}}}


def read(batch_id: str) -> Batch:
    return store.get(batch_id)


def run_ids(batch_id: str) -> list[str]:
    return [member.run_id for member in store.members(batch_id, 1000, None)[0]]


def tell(*ids: str) -> None:
    """What the publisher does after changes of these runs."""
    tell_of(*runs.read_runs(ids, consistent=True))


def tell_of(*told: Run) -> None:
    """What the publisher does when a batch of the stream shows these runs."""
    for batch_id in {run.batch for run in told if run.batch}:
        counting.count(batch_id, [Change(run, None) for run in told if run.batch == batch_id])
