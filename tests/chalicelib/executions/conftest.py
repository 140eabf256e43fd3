"""Workflows as the definitions room would hand them over, and a Step Functions that only takes notes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from chalicelib.aws import functions, stepfunctions, transaction
from chalicelib.aws.clients import client
from chalicelib.definitions import revisions
from chalicelib.definitions.revision import Revision, RevisionOperation, RevisionStage
from chalicelib.executions import document, retention
from chalicelib.web.errors import BadRequestError
from tests.chalicelib.executions.world import A, B, Points, Records, cap

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:flow-ab12cd-rev00001"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:op"


def operation(name: str, **changes: Any) -> RevisionOperation:
    facts: dict[str, Any] = {
        "name": name,
        "type": "Sync",
        "start_arn": FUNCTION,
        "monitor_arn": None,
        "configuration": {"MediaType": "Video", "Enabled": True},
        "configuration_schema": None,
        "timeout_seconds": 900,
        "poll_max_seconds": 60,
    }
    return RevisionOperation(**{**facts, **changes})


def stage(name: str, *operations: RevisionOperation) -> RevisionStage:
    return RevisionStage(name, operations, {"Name": name, "Version": "v0", "ResourceType": "STAGE"})


def revision(*stages: RevisionStage, name: str = "flow", **facts: Any) -> Revision:
    document = {"Name": name, "StartAt": stages[0].name, "StateMachineArn": MACHINE, "Operations": []}
    made = Revision("rev00001", "workflow", name, MACHINE, "2026-11-21T00:00:00.000000Z", stages, document)
    return replace(made, **facts)


def refusal(name: str, of: str = "Operation") -> ClientError:
    return ClientError({"Error": {"Code": name, "Message": "no"}}, of)


@dataclass
class StepFunctions:
    """What was asked of Step Functions, and what it is to answer. A token in `closed` can't be answered any more."""

    points: Points = field(default_factory=Points)
    started: dict[str, str] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    described: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    refuse: Exception | None = None
    told: list[tuple[str, Any]] = field(default_factory=list)
    beats: list[str] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def start(self, _machine: str, name: str, text: str) -> None:
        self.points.passing("start")
        if self.refuse is not None:
            raise self.refuse
        self.started.setdefault(name, text)
        self.described.setdefault(name, {"status": "RUNNING"})

    def stop(self, _machine: str, name: str, _error: str, _cause: str) -> bool:
        self.points.passing("stop")
        if name not in self.started:
            return False
        self.stopped.append(name)
        return True

    def describe(self, _machine: str, name: str) -> dict[str, Any] | None:
        self.points.passing("describe")
        self.asked.append(name)
        return self.described.get(name)

    def history(self, _machine: str, _name: str) -> Iterator[dict[str, Any]]:
        self.points.passing("history")
        yield from self.events

    def send_success(self, token: str, output: str) -> None:
        self._tell("send_success", token, json.loads(output))

    def send_failure(self, token: str, error: str, cause: str) -> None:
        self._tell("send_failure", token, {"Error": error, "Cause": cause})

    def send_heartbeat(self, token: str) -> None:
        self._check("send_heartbeat", token)
        self.beats.append(token)

    def _tell(self, call: str, token: str, outcome: Any) -> None:
        self._check(call, token)
        self.told.append((token, outcome))
        self.closed.add(token)

    def _check(self, call: str, token: str) -> None:
        self.points.passing(call)
        if self.refuse is not None:
            raise self.refuse
        if token in self.closed:
            raise refusal("TaskTimedOut", call)


_FAKED = ("start", "stop", "describe", "history", "send_success", "send_failure", "send_heartbeat")


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> Points:
    """Where one actor can be stopped: before each of its AWS calls."""
    made = Points()
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def counted(self: BaseClient, name: str, parameters: Any) -> Any:
        made.passing(name)
        return call(self, name, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", counted)
    return made


@pytest.fixture
def sfn(monkeypatch: pytest.MonkeyPatch, points: Points) -> StepFunctions:
    fake = StepFunctions(points)
    for name in _FAKED:
        monkeypatch.setattr(stepfunctions, name, getattr(fake, name))
    return fake


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> Records:
    """What the table's stream would wake the scheduler with."""
    made = Records()
    send = transaction._send

    def noted(writes: Any, token: str) -> None:
        send(writes, token)
        made.note(writes)

    monkeypatch.setattr(transaction, "_send", noted)
    return made


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, points: Points) -> list[dict[str, Any]]:
    """The events that operators' functions were called with by the engine."""
    events: list[dict[str, Any]] = []

    def call(_arn: str, event: dict[str, Any]) -> None:
        points.passing("invoke")
        events.append(event)

    monkeypatch.setattr(functions, "call", call)
    return events


@pytest.fixture(autouse=True)
def forgotten_setting() -> Iterator[None]:
    yield
    retention.forget()


Define = Callable[..., Revision]


@pytest.fixture
def define(monkeypatch: pytest.MonkeyPatch) -> Define:
    """A maker of workflows out of stages; each has one revision."""
    known: dict[str, Revision] = {}

    def current(name: str) -> Revision:
        if name not in known:
            raise BadRequestError(f"workflow: no workflow named {name!r}")
        return known[name]

    def make(*stages: RevisionStage, name: str = "flow", **facts: Any) -> Revision:
        known[name] = revision(*stages, name=name, **facts)
        return known[name]

    monkeypatch.setattr(revisions, "current", current)
    monkeypatch.setattr(revisions, "get", lambda _subject, name, _id: known[name])
    monkeypatch.setattr(revisions, "machine_for", lambda made: made.machine_arn)
    document._definition_texts.cache_clear()
    return make


@pytest.fixture
def flow(define: Define) -> Revision:
    """Stages `first` (operations a and b) and `second` (operation c)."""
    return define(stage("first", operation("a"), operation("b")), stage("second", operation("c")))


@pytest.fixture
def clip(aws: None) -> dict[str, Any]:
    """A run's input: a video that exists."""
    client("s3").put_object(Bucket="test-data", Key="uploads/clip.mp4", Body=b"clip")
    return {"Media": {"Video": {"S3Bucket": "test-data", "S3Key": "uploads/clip.mp4"}}}


@pytest.fixture
def capped(aws: None, define: Define) -> None:
    """`flow` uses no capped operation, `of-a` and `of-b` one each, `both` one after the other in two stages."""
    a, b = operation("a", max_concurrent=1), operation("b", max_concurrent=1)
    define(stage("s", operation("c")))
    define(stage("s", a), name="of-a")
    define(stage("s", b), name="of-b")
    define(stage("s", a), stage("t", b), name="both")
    cap(1, A)
    cap(1, B)
