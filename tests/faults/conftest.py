"""One engine for all fault tests."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

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
