"""A changed parameter of the stack against a value that the API has set."""

from __future__ import annotations

from typing import Any

from tests.deploy.conftest import update
from tests.system.conftest import Engine
from tests.system.test_waiting import sweep

CAP = "MaxConcurrentWorkflows"


def cap(engine: Engine) -> int:
    settings: list[dict[str, Any]] = engine.ok("GET", "system/configuration")
    return next(int(entry["Value"]) for entry in settings if entry["Name"] == CAP)


def test_the_parameter_wins_when_it_changes_and_the_api_until_then(engine: Engine, cloudformation: Any) -> None:
    engine.stop_sweeping()
    assert cap(engine) == 5
    assert update(cloudformation, MaxConcurrentWorkflows="6") == "UPDATE_COMPLETE"
    assert cap(engine) == 6

    engine.cap(20)
    assert update(cloudformation, LogRetentionDays="60") == "UPDATE_COMPLETE"
    sweep(engine)
    assert cap(engine) == 20

    assert update(cloudformation, MaxConcurrentWorkflows="7") == "UPDATE_COMPLETE"
    sweep(engine)
    assert cap(engine) == 7

    engine.cap(30)
    sweep(engine)
    assert cap(engine) == 30
