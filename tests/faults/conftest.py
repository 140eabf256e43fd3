"""One engine for all fault tests, and the suite's printout."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.faults import report
from tests.faults.calls import Call
from tests.faults.injections import Recorded, enumerated
from tests.faults.rig import Rig, rigged
from tests.faults.scenarios import Names, Scenario


@pytest.fixture(scope="package")
def rig() -> Iterator[Rig]:
    with rigged() as made:
        yield made


@pytest.fixture(scope="package")
def recorded(rig: Rig) -> Recorded:
    """Registers a scenario and records the calls that it makes when nothing fails, once."""

    @cache
    def _recorded(scenario: Scenario) -> tuple[Names, tuple[Call, ...]]:
        names = scenario.prepare(rig)
        rig.age()
        return names, tuple(enumerated(rig, scenario, names))

    return _recorded


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what was injected."""
    for line in report.summary():
        terminalreporter.write_line(line)
