from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from aws_xray_sdk.core import xray_recorder

from mediawright import Task, operator

EVENT: dict[str, Any] = {
    "Name": "probe",
    "AssetId": "a",
    "WorkflowExecutionId": "run-1",
    "Input": {},
    "Configuration": {},
    "Status": "Started",
}


class Kept:
    """Keeps what would go to X-Ray's daemon."""

    def __init__(self) -> None:
        self.segments: list[dict[str, Any]] = []

    def send_entity(self, entity: Any) -> None:
        self.segments.append(entity.to_dict())


@pytest.fixture
def sent() -> Iterator[list[dict[str, Any]]]:
    """A segment as Lambda begins one."""
    emitter, before = Kept(), xray_recorder.emitter
    xray_recorder.configure(sampling=False, emitter=emitter)
    xray_recorder.begin_segment("function")
    yield emitter.segments
    xray_recorder.clear_trace_entities()
    xray_recorder.configure(emitter=before)


@operator
def probe(task: Task) -> None:
    task.add_metadata(done=True)


@pytest.mark.parametrize(
    ("header", "annotations"),
    [("Root=1-2-3;Parent=4;Sampled=1", {"run_id": "run-1"}), ("Root=1-2-3;Parent=4;Sampled=0", None), ("", None)],
)
def test_a_sampled_invocation_carries_its_run(
    monkeypatch: pytest.MonkeyPatch, sent: list[dict[str, Any]], header: str, annotations: dict[str, str] | None
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", header)

    assert probe(EVENT)["Status"] == "Complete"

    xray_recorder.end_segment()
    parts = {part["name"]: part.get("annotations") for part in sent[0].get("subsegments", [])}
    assert parts == ({"probe": annotations} if annotations else {})


def test_an_operator_that_is_not_traced_does_not_import_the_sdk() -> None:
    code = "import sys, mediawright, mediawright.tracing; print('aws_xray_sdk' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
