"""Operators that run in threads of this process: the harness counts their calls, and some of them act as a user does.

Each acts at a known moment of its run, so that nothing has to be timed.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.rig import Rig

Event = dict[str, Any]
Answer = dict[str, Any]


class Held:
    """An invocation that goes on when the test says how: `success`, `failure` or `timeout`."""

    def __init__(self) -> None:
        self._told = threading.Event()
        self._outcome = ""

    @property
    def is_over(self) -> bool:
        """Whether the word has been said."""
        return self._told.is_set()

    def end(self, outcome: str) -> None:
        """Let it go on; only the first word counts."""
        if not self._told.is_set():
            self._outcome = outcome
            self._told.set()

    def outcome(self) -> str:
        """Wait for the word."""
        assert self._told.wait(300), "nobody said how it ends"
        return self._outcome


Timedout = type("Sandbox.Timedout", (Exception,), {})
"""As Lambda names it."""


class Operators:
    """The handlers by name; `calls` counts by (run, operation), monitors apart; `tokens` are the last handed out."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.calls: Counter[tuple[str, str]] = Counter()
        self.tokens: dict[tuple[str, str], str] = {}
        self.held: dict[tuple[str, str], list[Held]] = defaultdict(list)

    def handler(self, name: str) -> Callable[[Event, Any], Answer]:
        """A Lambda handler."""
        work = getattr(self, f"_{name}")

        def _handle(event: Event, _context: Any) -> Answer:
            made: Answer = work(event)
            return made

        return _handle

    def _count(self, event: Event) -> int:
        key = event["WorkflowExecutionId"], event["Name"]
        self.calls[key] += 1
        return self.calls[key]

    def _done(self, event: Event) -> Answer:
        self._count(event)
        return {**event, "Status": "Complete", "MetaData": {event["Name"]: "made"}}

    def _makes_picture(self, event: Event) -> Answer:
        """Puts what it makes where a run's own media lie."""
        self._count(event)
        key = f"private/assets/{event['AssetId']}/workflows/{event['WorkflowExecutionId']}/made.png"
        self._rig.aws.client("s3").put_object(Bucket=self._rig.bucket, Key=key, Body=b"picture")
        return {**event, "Status": "Complete", "Media": {"Image": {"S3Bucket": self._rig.bucket, "S3Key": key}}}

    def _fails(self, event: Event) -> Answer:
        self._count(event)
        raise ValueError("the sound is missing")

    def _fails_once(self, event: Event) -> Answer:
        if self._count(event) == 1:
            raise ValueError("not yet")
        return {**event, "Status": "Complete", "MetaData": {event["Name"]: "made"}}

    def _begins(self, event: Event) -> Answer:
        self._count(event)
        return {**event, "Status": "Executing", "MetaData": {"Polls": "0"}}

    def _looks(self, event: Event) -> Answer:
        polls = int(event["MetaData"]["Polls"]) + 1
        status = "Complete" if polls == 2 else "Executing"
        return {**event, "Status": status, "MetaData": {"Polls": str(polls)}}

    def _keeps_token(self, event: Event) -> Answer:
        """A Callback's start: somebody else does the work."""
        self._count(event)
        self.tokens[event["WorkflowExecutionId"], event["Name"]] = event["TaskToken"]
        return {}

    def _cancels_once(self, event: Event) -> Answer:
        return (
            self._cancels(event)
            if self.calls[event["WorkflowExecutionId"], event["Name"]] == 0
            else self._done(event)
        )

    def _cancels(self, event: Event) -> Answer:
        """Cancels its own run once its siblings are done, and answers too late."""
        self._count(event)
        self._rig.await_siblings(event["WorkflowExecutionId"])
        self._rig.cancel(event["WorkflowExecutionId"])
        return {**event, "Status": "Complete", "MetaData": {event["Name"]: "too late"}}

    def _looks_for_ever(self, event: Event) -> Answer:
        """A monitor that cancels its own run, and finds the job unfinished as long as it is asked."""
        if event["WorkflowExecutionId"] not in self._rig.canceled:
            self._rig.await_siblings(event["WorkflowExecutionId"])
            self._rig.cancel(event["WorkflowExecutionId"])
        return {**event, "Status": "Executing"}

    def _waits(self, event: Event) -> Answer:
        """Goes on when the gate of its operation is opened."""
        self._count(event)
        self._rig.gates[event["Name"]].wait()
        return {**event, "Status": "Complete", "MetaData": {event["Name"]: "made"}}

    def _held(self, event: Event) -> Answer:
        """Ends as the test says, and when."""
        held = Held()
        self.held[event["WorkflowExecutionId"], event["Name"]].append(held)
        outcome = held.outcome()
        if outcome == "timeout":
            raise Timedout("Task timed out after 30.00 seconds")
        if outcome == "failure":
            raise ValueError("the sound is missing")
        return {**event, "Status": "Complete", "MetaData": {event["Name"]: "made"}}

    def _killed(self, event: Event) -> Answer:
        """Stops its own state machine behind the engine's back."""
        self._count(event)
        self._rig.await_siblings(event["WorkflowExecutionId"])
        self._rig.kill(event["WorkflowExecutionId"])
        return {**event, "Status": "Complete", "MetaData": {event["Name"]: "too late"}}

    def _submits(self, event: Event) -> Answer:
        """Posts another run, of the workflow that its configuration names, while its own holds the only slot."""
        if self._count(event) == 1:
            self._rig.submit(event["Configuration"]["Workflow"])
        return {**event, "Status": "Complete", "MetaData": {event["Name"]: "made"}}
