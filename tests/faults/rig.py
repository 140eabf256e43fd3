"""The engine under faults: one embedded AWS for everything, a client that repeats itself, and a sweep on demand."""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import moto.stepfunctions.models as moto_states
from moto.dynamodb.models import dynamodb_backends

from chalicelib.definitions import memory
from infrastructure.local.clock import CLOCK
from infrastructure.local.dynamodb.tables import LOCK, rows_of
from infrastructure.local.embedded import PROJECT, EmbeddedAws
from infrastructure.local.faults import FAULTS
from infrastructure.local.states.executions import book
from tests.faults.operators import Operators
from tests.faults.watch import Watch, watching
from tests.system.conftest import Engine

ACCOUNT, REGION = "123456789012", "us-east-1"
SPEED = 250
SETTLED, QUIET = 120.0, 1200.0
"""Seconds by which the clock is ahead in a first and in a second sweep."""

_REPEATS = 8


class Rig(Engine):
    """The engine, its operators in this process, and everything that a check asks."""

    def __init__(self, aws: EmbeddedAws, watch: Watch) -> None:
        super().__init__(aws)
        self.operators = Operators(self)
        self.watch = watch
        self.submitted: list[str] = []
        self._cap = 0
        self._services = aws._services
        self._tables = dynamodb_backends[ACCOUNT][REGION].tables
        self._book = book(moto_states.stepfunctions_backends[ACCOUNT][REGION])

    # -- what users do -------------------------------------------------------------------------------------------

    def function(self, handler: str, timeout: int = 30) -> str:
        known = (handler, timeout) in self._functions
        arn = super().function(handler, timeout)
        if not known:
            self._services.functions.register_in_process(arn.rpartition(":")[2], self.operators.handler(handler))
        return arn

    @cached_property
    def knows_keys(self) -> bool:
        """Whether POST execution takes an Idempotency-Key."""
        document = json.loads((PROJECT / "docs" / "openapi.json").read_text())
        return "Idempotency-Key" in json.dumps(document["paths"]["/workflow/execution"]["post"])

    def persist(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """Ask until the answer is no 5xx, as a client does of what may be repeated; the last answer."""
        for _ in range(_REPEATS):
            answer = self.http.request(method, path, json=body, headers=headers)
            if answer.status_code < 500:
                return answer
        raise AssertionError(f"{method} {path} is still answered {answer.status_code}: {answer.text}")

    def submit(self, workflow: str, **more: Any) -> None:
        """Post a run. Without a key the client doesn't repeat itself: it never learns whether there is one."""
        body = {"Name": workflow, "Input": self.video(), **more}
        if self.knows_keys:
            answer = self.persist("POST", "workflow/execution", body, {"Idempotency-Key": str(uuid.uuid4())})
        else:
            answer = self.http.post("workflow/execution", json=body)
        assert answer.status_code in (200, 500, 502), answer.text
        if answer.status_code == 200:
            self.submitted.append(answer.json()["Id"])

    def cancel(self, run_id: str) -> None:
        """Cancel a run until the engine says that it is."""
        answer = self.persist("POST", f"workflow/execution/{run_id}/cancel", {"Reason": "wrong file"})
        assert answer.status_code == 200, answer.text

    def begin(self, cap: int) -> None:
        """Set the cap, and forget what was before."""
        if cap != self._cap:
            self.cap(cap)
            self.idle()
            self._cap = cap
        self.events()
        self.submitted.clear()
        self.operators.calls.clear()
        self.watch.forget()
        self.watch.cap = cap

    def cool(self) -> None:
        """Empty what a process of the engine remembers, as a new one has it; clients and settings stay."""
        memory.forget()
        for name, module in list(sys.modules.items()):
            if name.startswith(("chalicelib.definitions", "chalicelib.executions", "chalicelib.assets")):
                for member in list(vars(module).values()):
                    clear = getattr(member, "cache_clear", None)
                    if callable(clear):
                        clear()

    # -- what happens behind the engine's back ---------------------------------------------------------------------

    def kill(self, run_id: str) -> None:
        """Stop the state machine execution of a run."""
        self.aws.client("stepfunctions").stop_execution(executionArn=self._execution(run_id).exec_arn, error="Behind")

    def leave(self, partition: str, part: str, facts: dict[str, str | int]) -> None:
        """Put an item into the Executions table, as a crash might have left it there."""
        values = {
            name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in facts.items()
        }
        item = {"Id": {"S": partition}, "Part": {"S": part}, **values}
        self.aws.client("dynamodb").put_item(TableName=self.aws.outputs["ExecutionsTable"], Item=item)

    def await_siblings(self, run_id: str) -> None:
        """Wait until all branches of the open stage but one have ended."""
        arn = self._execution(run_id).exec_arn
        client = self.aws.client("stepfunctions")

        def under_way() -> int:
            events = client.get_execution_history(executionArn=arn, maxResults=1000)["events"]
            kinds = [event["type"] for event in events]
            return kinds.count("TaskStateEntered") - kinds.count("TaskStateExited")

        self.until(under_way, lambda count: count == 1, 10)

    def _execution(self, run_id: str) -> Any:
        [found] = [entry for entry in self._book.running() if entry.name.startswith(run_id)]
        return found

    def sweep(self, ahead: float) -> Any:
        """Run the sweep on a clock so many seconds ahead; its answer, or its error object."""
        CLOCK.move(ahead)
        try:
            answer = self.aws.client("lambda").invoke(FunctionName="mediawright-Sweep", Payload=b"{}")
            told = json.loads(answer["Payload"].read())
            self.idle()
            return told
        finally:
            CLOCK.reset()

    # -- what checks ask -------------------------------------------------------------------------------------------

    def idle(self, seconds: float = 60.0) -> None:
        """Wait until nothing is under way but executions that wait for a token."""
        deadline = time.monotonic() + seconds
        quiet = 0
        while quiet < 2:
            busy = self._services.busy()
            quiet = quiet + 1 if not busy else 0
            assert time.monotonic() < deadline, f"still busy after {seconds} s: {busy}"
            time.sleep(0.002)

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

    def shared_items(self) -> list[str]:
        """The keys of everything in the Executions table that belongs to no run and should be gone at rest."""
        with LOCK:
            rows = rows_of(self._tables[self.aws.outputs["ExecutionsTable"]])
            shared = [name for name in rows.partitions if not _is_id(name) and name not in ("months", "pools")]
            return [
                f"{name} {row.key[1]}"
                for name in shared
                for row in rows.partitions[name].rows
                if row.key[1] != "pool"
            ]

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
        return [entry.name for entry in self._book.running() if entry.name.startswith(wanted)] if wanted else []


def _is_id(partition: str) -> bool:
    return len(partition) == 36 and partition.count("-") == 4


def _plain(row: Any) -> dict[str, Any]:
    from infrastructure.local.dynamodb.values import to_wire

    return {name: next(iter(value.values())) for name, value in to_wire(row.attributes).items()}


@contextmanager
def rigged(**parameters: str) -> Iterator[Rig]:
    """An engine with its sweep's schedule off, watched from the first write on."""
    FAULTS.reset()
    with (
        EmbeddedAws(port=0, aws_port=0, speed=SPEED, parameters=parameters) as aws,
        watching(aws.outputs["ExecutionsTable"]) as watch,
    ):
        rig = Rig(aws, watch)
        rig.stop_sweeping()
        try:
            yield rig
        finally:
            FAULTS.reset()
            rig.http.close()
