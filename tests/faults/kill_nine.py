"""Kills worker processes of the engine and of operators at random moments, while runs go. A program of its own, since
here every function of the engine is a process: `python -m tests.faults.kill_nine ROUNDS RUNS`.

Prints a line of JSON for every round: what was killed, how runs ended, and all that is wrong.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import httpx

from infrastructure.local.clock import CLOCK
from infrastructure.local.embedded import EmbeddedAws
from infrastructure.local.invocation import Invocation
from infrastructure.local.lambdas.functions import Functions
from tests.faults.inside import Inside
from tests.faults.invariants import untold
from tests.faults.watch import ENDED, Watch, watching

SPEED = 20
"""Time limits shrink with it, and the work of processes that are killed and begin anew doesn't."""
CAP = 8
PAUSE = (0.1, 0.5)
"""Real seconds between two kills."""

SWEEPS = 6
AHEAD = (120.0, 1200.0)
_PATIENCE = 120.0
_ATTEMPTS = 40
_OPERATORS = ("kit-echo", "kit-begin", "kit-raises")
"""Functions that begin an operation."""


class Killer(threading.Thread):
    """Ends one living worker after another until it is stopped."""

    def __init__(self, aws: EmbeddedAws, seed: int) -> None:
        super().__init__(name="killer", daemon=True)
        self.killed: Counter[str] = Counter()
        self._aws, self._chance = aws, random.Random(seed)
        self._stopping = threading.Event()

    def run(self) -> None:
        """Prefer workers that are at work: an idle one is nobody's loss."""
        while not self._stopping.wait(self._chance.uniform(*PAUSE)):
            states = self._aws.workers()
            if chosen := [state for state in states if state.busy] or states:
                victim = self._chance.choice(chosen)
                try:
                    os.kill(victim.pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                self.killed[victim.function.rpartition("-")[2]] += 1

    def stop(self) -> None:
        """No more after this."""
        self._stopping.set()
        self.join()


class Begun:
    """Every start of an operation, seen where Lambda is asked for it; monitors apart, which are asked repeatedly."""

    def __init__(self) -> None:
        self.completed: set[tuple[str, str]] = set()
        self.again: list[str] = []

    def forget(self) -> None:
        """Begin anew."""
        self.completed.clear()
        self.again.clear()

    def around(self, invoke: Callable[[], Invocation], function: str, payload: bytes) -> Invocation:
        """Note what began though it had completed."""
        if not function.rpartition(":")[2].startswith(_OPERATORS):
            return invoke()
        event = json.loads(payload)
        key = event["WorkflowExecutionId"], event["Name"]
        if key in self.completed:
            self.again.append(f"operation {key[1]} of run {key[0]} was begun again though it had completed")
        answer = invoke()
        if answer.error is None:
            self.completed.add(key)
        return answer


@contextmanager
def noting() -> Iterator[Begun]:
    """Know of every operation that begins, in engines that are started within."""
    begun, functions, original = Begun(), cast(Any, Functions), Functions.invoke

    def invoke(self: Functions, arn_or_name: str, payload: bytes) -> Invocation:
        return begun.around(partial(original, self, arn_or_name, payload), arn_or_name, payload)

    functions.invoke = invoke
    try:
        yield begun
    finally:
        functions.invoke = original


class Rounds:
    """The engine in workers, and what is asked of it."""

    def __init__(self, engine: Inside, watch: Watch, begun: Begun) -> None:
        self.engine, self.watch, self.begun = engine, watch, begun
        self.workflows = [
            engine.workflow([engine.operation("echo"), engine.operation("echo")], [engine.operation("echo")]),
            engine.workflow([engine.operation("begin", monitor="look")]),
            engine.workflow([engine.operation("echo"), engine.operation("raises")]),
        ]

    def round(self, seed: int, runs: int) -> dict[str, Any]:
        """Let runs go under fire, cease fire, sweep, and look."""
        self.watch.forget()
        self.watch.cap = CAP
        self.begun.forget()
        self.engine.events()
        killer = Killer(self.engine.aws, seed)
        killer.start()
        try:
            with ThreadPoolExecutor(8) as pool:
                made = list(pool.map(self._submit, range(runs)))
            self._rest(seconds=20.0)
        finally:
            killer.stop()
        self._sweep(made)
        return {"killed": killer.killed, "ended": Counter(map(self._status, made)), "wrong": self._wrong(made)}

    def _submit(self, number: int) -> str:
        """Post a run until the answer is no 5xx, with one key."""
        workflow = self.workflows[number % len(self.workflows)]
        body = {"Name": workflow, "Input": self.engine.video()}
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        for _ in range(_ATTEMPTS):
            try:
                answer = self.engine.http.post("workflow/execution", json=body, headers=headers)
            except httpx.TransportError:
                continue
            if answer.status_code < 500:
                run: str = answer.json()["Id"]
                return run
        raise RuntimeError(f"the API never answered: {answer.status_code} {answer.text}")

    def _status(self, run: str) -> str:
        return (self.watch.statuses[run] or ["nowhere"])[-1]

    def _failed_by_the_engine(self, run: str) -> str | None:
        """Why a run failed, unless an operator did: by its nature, or because it was killed."""
        if self._status(run) != "Error":
            return None
        document = self.engine.get(run)
        failed = [output for output in self.engine.outputs(document).values() if output["Status"] == "Error"]
        by_operator = all(output["Error"] in ("ValueError", "Runtime.ExitError") for output in failed)
        return None if failed and by_operator else str(document["Message"])

    def _open(self, runs: list[str]) -> list[str]:
        return [run for run in runs if self._status(run) not in ENDED]

    def _rest(self, seconds: float) -> None:
        """Wait until nothing is under way, or so long."""
        deadline = time.monotonic() + seconds
        while self.engine.aws._services.busy() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _sweep(self, runs: list[str]) -> None:
        for number in range(SWEEPS):
            self._rest(_PATIENCE)
            CLOCK.move(AHEAD[min(number, 1)])
            self.engine.aws.client("lambda").invoke(FunctionName="mediawright-Sweep", Payload=b"{}")
            self._rest(_PATIENCE)
            if not self._open(runs) and not self.engine.slots():
                return

    def _wrong(self, runs: list[str]) -> list[str]:
        wrong = [*self.watch.wrong, *(f"{run} is {self._status(run)}" for run in self._open(runs))]
        wrong += [f"{run} failed: {message}" for run in runs if (message := self._failed_by_the_engine(run))]
        wrong += [f"left over: {slot['Part']['S']}" for slot in self.engine.slots()]
        wrong += self.begun.again
        events = self.engine.events()
        wrong += [f"{run}: {what}" for run in runs for what in untold(self.watch.statuses[run], events[run])]
        if busy := self.engine.aws._services.busy():
            wrong.append(f"still busy: {busy}")
        if len(set(runs)) != len(runs):
            wrong.append("two keys made one run")
        return wrong


@contextmanager
def rounds() -> Iterator[Rounds]:
    """An engine whose functions are processes."""
    os.environ["ENGINE_WORKERS"] = "1"
    with (
        noting() as begun,
        EmbeddedAws(port=0, aws_port=0, speed=SPEED) as aws,
        watching(aws.outputs["ExecutionsTable"]) as watch,
    ):
        engine = Inside(aws, watch)
        engine.stop_sweeping()
        engine.cap(CAP)
        yield Rounds(engine, watch, begun)
        engine.http.close()


def main(count: int, runs: int) -> None:
    """All rounds, on one engine."""
    with rounds() as made:
        for number in range(count):
            print(json.dumps(made.round(number, runs)), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
