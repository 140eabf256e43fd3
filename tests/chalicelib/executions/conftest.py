"""A workflow of two stages as the definitions room would hand it over, and a Step Functions that only takes notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.aws import stepfunctions
from chalicelib.aws.clients import client
from chalicelib.definitions import revisions
from chalicelib.definitions.revision import Revision, RevisionOperation, RevisionStage
from chalicelib.executions import document
from chalicelib.web.errors import BadRequestError

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


def revision(*stages: RevisionStage, name: str = "flow") -> Revision:
    document = {"Name": name, "StartAt": stages[0].name, "StateMachineArn": MACHINE, "Operations": []}
    return Revision("rev00001", "workflow", name, MACHINE, "2026-11-21T00:00:00.000000Z", stages, document)


@dataclass
class StepFunctions:
    """What was asked of Step Functions, and what it is to answer."""

    started: dict[str, str] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    described: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    refuse: Exception | None = None

    def start(self, _machine: str, name: str, text: str) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.started.setdefault(name, text)
        self.described.setdefault(name, {"status": "RUNNING"})

    def stop(self, _machine: str, name: str, _error: str, _cause: str) -> bool:
        if name not in self.started:
            return False
        self.stopped.append(name)
        return True

    def describe(self, _machine: str, name: str) -> dict[str, Any] | None:
        return self.described.get(name)

    def history(self, _machine: str, _name: str) -> Iterator[dict[str, Any]]:
        yield from self.events


@pytest.fixture
def sfn(monkeypatch: pytest.MonkeyPatch) -> StepFunctions:
    fake = StepFunctions()
    for name in ("start", "stop", "describe", "history"):
        monkeypatch.setattr(stepfunctions, name, getattr(fake, name))
    return fake


@pytest.fixture
def flow(monkeypatch: pytest.MonkeyPatch) -> Revision:
    """Stages `first` (operations a and b) and `second` (operation c)."""
    made = revision(stage("first", operation("a"), operation("b")), stage("second", operation("c")))

    def current(name: str) -> Revision:
        if name != made.name:
            raise BadRequestError(f"workflow: no workflow named {name!r}")
        return made

    monkeypatch.setattr(revisions, "current", current)
    monkeypatch.setattr(revisions, "get", lambda _subject, _name, _id: made)
    document._definition_texts.cache_clear()
    return made


@pytest.fixture
def clip(aws: None) -> dict[str, Any]:
    """A run's input: a video that exists."""
    client("s3").put_object(Bucket="test-data", Key="uploads/clip.mp4", Body=b"clip")
    return {"Media": {"Video": {"S3Bucket": "test-data", "S3Key": "uploads/clip.mp4"}}}
