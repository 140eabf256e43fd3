from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter

from chalicelib.aws import settings, tracing
from chalicelib.aws.invocation import concerns, observed, part
from tests.chalicelib.conftest import ENVIRONMENT

ROOT = Path(__file__).resolve().parents[3]


class Kept(UDPEmitter):
    """Keeps what would go to X-Ray's daemon."""

    def __init__(self) -> None:
        self.segments: list[dict[str, Any]] = []

    def send_entity(self, entity: Any) -> None:
        self.segments.append(entity.to_dict())

    def set_daemon_address(self, address: Any) -> None:
        pass


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Tracing is on, in a segment as Lambda begins one."""
    monkeypatch.setenv("XRAY_TRACING", "Yes")
    settings.settings.cache_clear()
    emitter, before = Kept(), xray_recorder.emitter
    xray_recorder.configure(sampling=False, emitter=emitter)
    monkeypatch.setattr(tracing, "_recorder", lambda: xray_recorder)
    xray_recorder.begin_segment("Scheduler")
    yield emitter.segments
    xray_recorder.clear_trace_entities()
    xray_recorder.configure(emitter=before)


def subsegments(sent: list[dict[str, Any]]) -> dict[str, Any]:
    """The annotations of each part, by its name."""
    xray_recorder.end_segment()
    [segment] = sent
    found: dict[str, Any] = {}
    pending = list(segment["subsegments"])
    while pending:
        one = pending.pop()
        found[one["name"]] = one.get("annotations")
        pending += one.get("subsegments", [])
    return found


def test_the_invocation_and_its_parts_carry_the_run(sent: list[dict[str, Any]]) -> None:
    @observed
    def stage_completion(event: Any, context: Any) -> None:
        concerns("run-1")
        with part("admit", "run-2"):
            pass

    stage_completion({}, None)

    assert subsegments(sent) == {"stage_completion": {"run_id": "run-1"}, "admit": {"run_id": "run-2"}}


def test_what_concerns_no_run_has_no_annotation(sent: list[dict[str, Any]]) -> None:
    with part("GET /version"):
        pass

    assert subsegments(sent) == {"GET /version": None}


def test_a_failure_is_marked_and_raised(sent: list[dict[str, Any]]) -> None:
    @observed
    def sweep(event: Any, context: Any) -> None:
        raise ConnectionError("down")

    with pytest.raises(ConnectionError, match="down"):
        sweep({}, None)

    xray_recorder.end_segment()
    [one] = sent[0]["subsegments"]
    assert one["fault"] is True


@pytest.mark.parametrize(("tracing", "imported"), [("No", False), ("Yes", True)])
def test_the_sdk_is_imported_only_when_tracing_is_on(tracing: str, imported: bool) -> None:
    code = (
        "import sys\n"
        "from chalicelib.aws.invocation import part\n"
        "with part('x', 'run-1'): pass\n"
        "print('aws_xray_sdk' in sys.modules)"
    )
    environment = {**ENVIRONMENT, "XRAY_TRACING": tracing, "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == [str(imported)]
