"""What lies inside the embedded AWS: for checks, which read it where it is stored, as it is this moment."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import moto.stepfunctions.models as moto_states
from moto.dynamodb.models import dynamodb_backends

from infrastructure.local.dynamodb.tables import LOCK, rows_of
from infrastructure.local.dynamodb.values import to_wire
from infrastructure.local.embedded import EmbeddedAws
from infrastructure.local.states.executions import book
from tests.faults import calls
from tests.faults.watch import ENDED, Watch
from tests.system.conftest import Engine

ACCOUNT, REGION = "123456789012", "us-east-1"
ABANDONED, WAITING = 0.4, 0.05
"""Real seconds of rest after which an execution that goes on though its run has ended is taken to go on for ever, and
one whose token is stored to wait for its answer."""


class Inside(Engine):
    """The engine, seen from inside."""

    patience = 60.0
    """Seconds in which all must come to rest."""

    def __init__(self, aws: EmbeddedAws, watch: Watch) -> None:
        super().__init__(aws)
        self.watch = watch
        self._services = aws._services
        self._tables = dynamodb_backends[ACCOUNT][REGION].tables
        self._book = book(moto_states.stepfunctions_backends[ACCOUNT][REGION])

    def executions(self, run_id: str = "") -> list[Any]:
        """The state machine executions that go on, of one run or of all."""
        return [entry for entry in self._book.running() if entry.name.startswith(run_id)]

    def idle(self) -> None:
        """Wait until nothing is under way but what waits for an answer, at most as long as the patience lasts."""
        deadline = time.monotonic() + self.patience
        quiet_since = time.monotonic()
        while True:
            busy = self._services.busy()
            waiting, abandoned = self._waiting_executions(), self._abandoned_executions()
            if len(waiting) + len(abandoned) < busy.pop("executions", 0) or busy or calls.under_way():
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > (ABANDONED if abandoned else WAITING if waiting else 0.002):
                return
            assert time.monotonic() < deadline, f"still busy after {self.patience} s: {busy}"
            time.sleep(0.002)

    def _abandoned_executions(self) -> list[Any]:
        """The running executions of runs that have ended."""
        return [entry for entry in self.executions() if self._last_status(entry) in ENDED]

    def _waiting_executions(self) -> list[Any]:
        """The running executions that have handed out a token, of runs that have not ended."""
        live = [entry for entry in self.executions() if self._last_status(entry) not in ENDED]
        return [entry for entry in live if self.tokens(entry.name.rpartition("-")[0])]

    def _last_status(self, entry: Any) -> str | None:
        statuses = self.watch.statuses.get(entry.name.rpartition("-")[0])
        return statuses[-1] if statuses else None

    def tokens(self, run_id: str) -> list[str]:
        """The sort keys of a run's tokens."""
        parts = [item["Part"] for item in self.items(self.aws.outputs["ExecutionsTable"], run_id)]
        return [part for part in parts if part.startswith("token#")]

    def events(self) -> dict[str, list[dict[str, Any]]]:
        """What subscribers of the topic got since they were last asked, by run, in the order of its coming."""
        sqs, url = self.aws.client("sqs"), self.aws.outputs["MieSQSQueue"]
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                told = json.loads(json.loads(message["Body"])["Message"])
                found[told["WorkflowExecutionId"]].append(told)
            gone = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(messages)]
            sqs.delete_message_batch(QueueUrl=url, Entries=gone)
        return found

    def items(self, table: str, partition: str) -> list[dict[str, Any]]:
        """All items of a partition, as they are this moment."""
        with LOCK:
            found = rows_of(self._tables[table]).partitions.get(partition)
            rows = list(found.rows) if found else []
        return [_plain(row) for row in rows]

    def observe(self) -> None:
        """Compare the slots of the global pool with the runs that are Started, between two transactions."""
        with LOCK:
            started = {run for run, statuses in self.watch.statuses.items() if statuses[-1] == "Started"}
            slots = self.items(self.aws.outputs["ExecutionsTable"], "pool#global")
            self.watch.compare(started, {slot["Run"] for slot in slots if slot["Part"] != "pool"})

    def shared_items(self) -> list[str]:
        """Everything in the Executions table that belongs to no run and should be gone at rest."""
        return [f"{partition} {part}" for partition, part in self.shared_keys()]

    def shared_keys(self) -> list[tuple[str, str]]:
        """The keys of the same."""
        with LOCK:
            partitions = rows_of(self._tables[self.aws.outputs["ExecutionsTable"]]).partitions
            shared = [name for name in partitions if not _is_lasting(name)]
            return [row.key for name in shared for row in partitions[name].rows if row.key[1] != "pool"]

    def unfinished(self) -> list[str]:
        """Batches that aren't over and deliveries that are on their way."""
        table = self.aws.outputs["SystemTable"]
        return [f"{kind} {item['Name']}" for kind in ("batch-open", "delivery") for item in self.items(table, kind)]

    def run_item(self, run_id: str) -> dict[str, Any] | None:
        """The run's own item."""
        items = self.items(self.aws.outputs["ExecutionsTable"], run_id)
        return next((item for item in items if item["Part"] == "execution"), None)

    def asset_item(self, asset_id: str) -> dict[str, Any] | None:
        """The asset's own item."""
        items = self.items(self.aws.outputs["AssetsTable"], asset_id)
        return next((item for item in items if item["Part"] == "asset"), None)

    def running_executions(self, run_ids: Iterable[str]) -> list[str]:
        """The names of these runs' state machine executions that go on."""
        wanted = tuple(run_ids)
        return [entry.name for entry in self.executions() if entry.name.startswith(wanted)] if wanted else []


def _is_lasting(partition: str) -> bool:
    """Whether a partition is a run's, or holds what stays: which pools and months there are, and batches' markers."""
    is_id = len(partition) == 36 and partition.count("-") == 4
    return is_id or partition in ("months", "pools") or partition.startswith("batch#")


def _plain(row: Any) -> dict[str, Any]:
    return {name: next(iter(value.values())) for name, value in to_wire(row.attributes).items()}
