"""Every AWS call of every engine function fails, or is the last thing that its process did: all runs converge."""

from __future__ import annotations

import pytest

from tests.faults import report
from tests.faults.calls import MODES, Call, Mode
from tests.faults.injections import enumerated, injected
from tests.faults.rig import Rig
from tests.faults.scenarios import SCENARIOS, Names, Scenario

Ready = tuple[Scenario, Names, list[Call]]


@pytest.fixture(scope="module", params=SCENARIOS, ids=lambda scenario: scenario.name)
def ready(rig: Rig, request: pytest.FixtureRequest) -> Ready:
    """A scenario that is registered, with the calls that it makes when nothing fails."""
    scenario: Scenario = request.param
    names = scenario.prepare(rig)
    return scenario, names, enumerated(rig, scenario, names)


@pytest.mark.parametrize("mode", MODES)
def test_each_call_of_a_run_may_fail(rig: Rig, ready: Ready, mode: Mode) -> None:
    tally = injected(rig, *ready, mode)

    report.INJECTIONS.rows.append((tally.scenario, mode, tally.injections, tally.fired, tally.converged, tally.swept))
    assert not tally.failures, "\n".join(tally.failures)
    assert tally.fired == tally.injections > 0
