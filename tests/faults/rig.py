"""The engine under faults: one embedded AWS for everything, a client that repeats itself, and a sweep on demand."""

from __future__ import annotations

import itertools
import sys
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from chalicelib.definitions import memory
from chalicelib.executions import retention
from infrastructure.local.clock import CLOCK
from infrastructure.local.embedded import EmbeddedAws
from infrastructure.local.faults import FAULTS
from tests.chalicelib.events.receiver import Receiver, receiving
from tests.faults.inside import Inside
from tests.faults.operators import Operators
from tests.faults.watch import ENDED, Watch, watching
from tests.system.conftest import PARAMETERS

SPEED = 250
SETTLED, QUIET = 120.0, 1200.0
"""Seconds by which the clock is ahead in a first and in a second sweep."""
UNLIMITED = {"JobLimits": "account=100000,image=100000,batch=100000"}
"""The same person asks for a job in every pass."""

_REPEATS = 8


class Stuck(Exception):
    """What a user waits for never comes."""


class Gate:
    """Where an operator waits until somebody lets it go on."""

    def __init__(self) -> None:
        self.reached, self.open = threading.Event(), threading.Event()

    def wait(self) -> None:
        """What the operator does."""
        self.reached.set()
        assert self.open.wait(60), "nobody opened the gate"


class Rig(Inside):
    """The engine with its operators in this process, and what users, crashes and time do to it."""

    def __init__(self, aws: EmbeddedAws, watch: Watch, receiver: Receiver) -> None:
        super().__init__(aws, watch)
        self.receiver = receiver
        self.operators = Operators(self)
        self.submitted: list[str] = []
        self.posted: list[str] = []
        self.batches: list[str] = []
        self.gates: dict[str, Gate] = defaultdict(Gate)
        self.canceled: set[str] = set()
        self._cap = 0
        self._passed = 0.0

    # -- what users do -------------------------------------------------------------------------------------------

    def function(self, handler: str, timeout: int = 30) -> str:
        known = (handler, timeout) in self._functions
        arn = super().function(handler, timeout)
        if not known:
            self._services.functions.register_in_process(arn.rpartition(":")[2], self.operators.handler(handler))
        return arn

    def register(self, handler: str | None, **body: Any) -> str:
        """Register an operation of any type; the keywords are members of the request."""
        name = f"op-{uuid.uuid4().hex[:12]}"
        start = {"StartLambdaArn": self.function(handler)} if handler else {}
        configuration = {"MediaType": "Video" if handler else "MetadataOnly", "Enabled": True}
        self.ok("POST", "workflow/operation", {"Name": name, "Configuration": configuration, **start, **body})
        return name

    def chained(self, stages: Sequence[str]) -> str:
        """Make a workflow of stages that there are."""
        name = f"wf-{uuid.uuid4().hex[:12]}"
        chain: dict[str, Any] = {stage: {"Next": following} for stage, following in itertools.pairwise(stages)}
        chain[stages[-1]] = {"End": True}
        self.ok("POST", "workflow", {"Name": name, "StartAt": stages[0], "Stages": chain})
        return name

    def persist(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **content: Any
    ) -> Any:
        """Ask until the answer is no 5xx, as a client does of what may be repeated; the last answer."""
        for _ in range(_REPEATS):
            answer = self.http.request(method, path, json=body, headers=headers, **content)
            if answer.status_code < 500:
                return answer
        raise AssertionError(f"{method} {path} is still answered {answer.status_code}: {answer.text}")

    def submit(self, workflow: str, **members: Any) -> None:
        """Post a run until it is answered, with one key for all attempts."""
        self.posted.append(workflow)
        body = {"Name": workflow, "Input": self.video(), **members}
        answer = self.persist("POST", "workflow/execution", body, {"Idempotency-Key": str(uuid.uuid4())})
        assert answer.status_code == 200, answer.text
        self.submitted.append(answer.json()["Id"])

    def submit_once(self, workflow: str) -> None:
        """Post a run without a key: a client that isn't answered never learns whether there is one."""
        self.posted.append(workflow)
        answer = self.http.post("workflow/execution", json={"Name": workflow, "Input": self.video()})
        assert answer.status_code in (200, 500, 502), answer.text
        if answer.status_code == 200:
            self.submitted.append(answer.json()["Id"])

    def settle(self, *statuses: str) -> str:
        """The run that was submitted last, once it is at rest in one of these statuses, with the sweep's help."""
        run_id = self.submitted[-1]
        self.sweep_until(lambda: self.status(run_id) in statuses)
        return run_id

    def settle_tokens(self, count: int) -> str:
        """The run that was submitted last, once so many of its operations wait."""
        run_id = self.submitted[-1]
        self.sweep_until(lambda: len(self.tokens(run_id)) == count and self.status(run_id) == "Waiting")
        return run_id

    def settle_token(self, operation: str) -> None:
        """Wait until the run that was submitted last has handed out a token for an operation."""
        run_id = self.submitted[-1]
        self.sweep_until(lambda: (run_id, operation) in self.operators.tokens)

    def sweep_until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds, with the sweep's help; raises Stuck when it never does."""
        for ahead in (0.0, SETTLED, QUIET, QUIET):
            if ahead:
                self.sweep(ahead)
            self.idle()
            if holds():
                return
        raise Stuck(f"it never came so far: {dict(self.watch.statuses)}")

    def status(self, run_id: str) -> str:
        """A run's status, read where it is stored."""
        item = self.run_item(run_id)
        return item["Status"] if item else "nowhere"

    def ask(self, method: str, path: str, body: Any = None) -> int:
        """Ask for what may have been done already, when its answer was lost: a 409 then. Answers the status code.

        It is 404 for a run that somebody has deleted.
        """
        answer = self.persist(method, f"workflow/execution/{path}", body)
        assert answer.status_code in (200, 403, 404, 409), answer.text
        return int(answer.status_code)

    def retry(self, run_id: str) -> None:
        """Retry a run."""
        self.ask("POST", f"{run_id}/retry")

    def delete(self, run_id: str) -> None:
        """Delete a run; nobody misses it then. One that has been taken up again stays."""
        if self.ask("DELETE", run_id) != 409 and run_id in self.submitted:
            self.submitted.remove(run_id)

    def resume(self, run_id: str, operation: str | None = None) -> None:
        """Resume a run in the stage in which it waits, or one wait of it; one that has ended is left alone."""
        item = self.run_item(run_id)
        assert item is not None
        if item["Status"] in ENDED:
            return
        one = {"Operation": operation} if operation else {}
        self.ask("PUT", run_id, {"WaitingStageName": item["StageName"], "Reason": "looks good", **one})

    def call_back(self, run_id: str, operation: str, status: str = "Complete") -> None:
        """Answer a Callback operation, with the newest token as long as there comes a newer one."""
        used = None
        while used != (token := self.operators.tokens[run_id, operation]):
            used = token
            code = self.ask("POST", f"{run_id}/callback", {"Operation": operation, "Token": token, "Status": status})
            self.idle()
            if code == 200:
                return

    def cancel(self, run_id: str) -> None:
        """Cancel a run until the engine says that it is."""
        assert self.may_cancel(run_id), f"{run_id} could not be canceled"

    def may_cancel(self, run_id: str) -> bool:
        """Cancel a run; false when it isn't there yet, or has ended."""
        answer = self.persist("POST", f"workflow/execution/{run_id}/cancel", {"Reason": "wrong file"})
        assert answer.status_code in (200, 404, 409), answer.text
        if answer.status_code == 200:
            self.canceled.add(run_id)
        return bool(answer.status_code == 200)

    def cap(self, maximum: int) -> None:
        super().cap(maximum)
        self._cap = maximum

    def begin(self, cap: int) -> None:
        """Set the cap, and forget what was before."""
        if cap != self._cap:
            self.cap(cap)
            self.idle()
        self.events()
        self.submitted.clear()
        self.posted.clear()
        self.batches.clear()
        self.receiver.got.clear()
        self.receiver.status = 200
        self.gates.clear()
        self.canceled.clear()
        self.operators.calls.clear()
        self.operators.tokens.clear()
        self.watch.forget()
        self.watch.cap = cap

    def cool(self) -> None:
        """Empty what a process of the engine remembers, as a new one has it; clients and settings stay."""
        memory.forget()
        retention.forget()
        for name, module in list(sys.modules.items()):
            if name.startswith(("chalicelib.definitions", "chalicelib.executions", "chalicelib.assets")):
                for member in list(vars(module).values()):
                    clear = getattr(member, "cache_clear", None)
                    if callable(clear):
                        clear()

    def purge(self) -> None:
        """Do away with all that a bug has left behind."""
        for entry in self.executions():
            self.aws.client("stepfunctions").stop_execution(executionArn=entry.exec_arn)
        client, table = self.aws.client("dynamodb"), self.aws.outputs["ExecutionsTable"]
        for partition, part in self.shared_keys():
            client.delete_item(TableName=table, Key={"Id": {"S": partition}, "Part": {"S": part}})
        self.idle()

    # -- what happens behind the engine's back ---------------------------------------------------------------------

    def kill(self, run_id: str) -> None:
        """Stop the state machine execution of a run, if there is one."""
        for entry in self.executions(run_id):
            self.aws.client("stepfunctions").stop_execution(executionArn=entry.exec_arn, error="Behind")

    def leave(self, partition: str, part: str, facts: dict[str, str | int]) -> None:
        """Put an item into the Executions table, as a crash might have left it there."""
        values = {
            name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in facts.items()
        }
        item = {"Id": {"S": partition}, "Part": {"S": part}, **values}
        self.aws.client("dynamodb").put_item(TableName=self.aws.outputs["ExecutionsTable"], Item=item)

    def await_siblings(self, run_id: str) -> None:
        """Wait until all branches of the open stage but one have ended."""
        [arn] = [entry.exec_arn for entry in self.executions(run_id)]
        client = self.aws.client("stepfunctions")

        def under_way() -> int:
            events = client.get_execution_history(executionArn=arn, maxResults=1000)["events"]
            kinds = [event["type"] for event in events]
            return kinds.count("TaskStateEntered") - kinds.count("TaskStateExited")

        self.until(under_way, lambda count: count == 1, 10)

    def sweep(self, ahead: float) -> None:
        """Run the sweep on a clock so many seconds ahead, and wait until all is quiet."""
        with self.ahead(ahead):
            self.invoke("mediawright-Sweep", b"{}")
            self.idle()

    @contextmanager
    def ahead(self, seconds: float) -> Iterator[None]:
        """Put the clock forward for a while."""
        CLOCK.move(seconds)
        try:
            yield
        finally:
            self._back()

    def age(self, seconds: float = 300.0) -> None:
        """Let time pass: after five minutes what was registered is settled and makes no further calls."""
        self._passed += seconds
        self._back()

    def _back(self) -> None:
        CLOCK.reset()
        CLOCK.move(self._passed)

    def invoke(self, function: str, payload: bytes) -> None:
        """Have an engine function run once more, whatever comes of it."""
        self.aws.client("lambda").invoke(FunctionName=function, Payload=payload)


@contextmanager
def rigged(**parameters: str) -> Iterator[Rig]:
    """An engine with its sweep's schedule off, watched from the first write on."""
    FAULTS.reset()
    with (
        receiving() as receiver,
        EmbeddedAws(port=0, aws_port=0, speed=SPEED, parameters={**PARAMETERS, **UNLIMITED, **parameters}) as aws,
        watching(aws.outputs["ExecutionsTable"]) as watch,
    ):
        rig = Rig(aws, watch, receiver)
        rig.stop_sweeping()
        try:
            yield rig
        finally:
            FAULTS.reset()
            rig.http.close()
