"""What the sweep reports of how the engine is doing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chalicelib.aws import logs
from chalicelib.executions import sweep
from tests.chalicelib.executions.conftest import StepFunctions, refusal
from tests.chalicelib.executions.world import cap, later, make
from tests.chalicelib.printed import documents

SOURCES = Path(__file__).resolve().parents[3] / "chalicelib"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    written: list[str] = []
    monkeypatch.setattr(logs, "writer", written.append)
    return written


def reported(lines: list[str]) -> dict[str, Any]:
    """The last values of all metrics."""
    found = [document for document in documents("\n".join(lines)) if "_aws" in document]
    return {name: value for one in found for name, value in one.items() if name not in ("_aws", "Stack")}


def test_an_engine_at_rest_reports_nothing(aws: None, flow: Any, lines: list[str]) -> None:
    sweep.sweep()

    assert lines == []


def test_slots_and_the_age_of_the_queue_are_reported_while_there_are_any(
    flow: Any, clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    cap(1)
    make(clip)
    make(clip)
    later(monkeypatch, 600)

    sweep.sweep()

    report = reported(lines)
    assert report["SlotsUsed"] == 1
    assert 599 <= report["QueueAge"] <= 601


def test_repairs_are_one_metric_that_tells_their_kinds_in_the_log_alone(
    flow: Any, clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    sfn.refuse = refusal("ThrottlingException")
    make(clip)
    sfn.refuse = None
    later(monkeypatch, 61)

    sweep.sweep()

    [line] = [document for document in documents("\n".join(lines)) if "Repairs" in document]
    assert line["Repairs"] == 1
    assert line["Kinds"] == {"not_started": 1}
    assert [metric["Name"] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]] == ["Repairs"]


def test_one_module_alone_writes_metrics() -> None:
    writing = [path.name for path in SOURCES.rglob("*.py") if "CloudWatchMetrics" in path.read_text(encoding="utf-8")]

    assert writing == ["metrics.py"]
