"""Every AWS call of every engine function fails, or is the last thing that its process did: all runs converge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.around import AROUND, QUICK_AROUND
from tests.faults.calls import MODES, Mode
from tests.faults.injections import Recorded, demand_converged, injected
from tests.faults.rig import Rig
from tests.faults.scenarios import QUICK, SCENARIOS, Scenario

PUBLISHER = "Publisher"
TOLD = ("sync", "failing", "queued behind another", "waiting", "canceled and retried")
"""The publisher makes the same calls for every change of every run: these have all kinds of changes, the first one
stands for all in a hurry."""


def parts() -> Iterator[Any]:
    """Each scenario's calls in two parts, those of the publisher and those of all others."""
    for scenario in SCENARIOS:
        long = () if scenario.name in QUICK else (pytest.mark.long,)
        yield pytest.param(scenario, False, id=scenario.name, marks=long)
        if scenario.name in TOLD:
            long = () if scenario.name == TOLD[0] else (pytest.mark.long,)
            yield pytest.param(scenario, True, id=f"{scenario.name}, told", marks=long)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("scenario", "telling"), list(parts()))
def test_each_call_of_a_run_may_fail(
    rig: Rig, recorded: Recorded, scenario: Scenario, telling: bool, mode: Mode
) -> None:
    names, points = recorded(scenario)
    chosen = [call for call in points if (call.actor == PUBLISHER) == telling]

    tally = injected(rig, scenario, names, chosen, mode)

    demand_converged(tally)


def around() -> Iterator[Any]:
    for scenario in AROUND:
        for mode in MODES:
            long = () if (scenario.name, mode) in QUICK_AROUND else (pytest.mark.long,)
            yield pytest.param(scenario, mode, id=f"{scenario.name}, {mode}", marks=long)


@pytest.mark.parametrize(("scenario", "mode"), list(around()))
def test_each_call_around_runs_may_fail(rig: Rig, recorded: Recorded, scenario: Scenario, mode: Mode) -> None:
    names, points = recorded(scenario)

    tally = injected(rig, scenario, names, points, mode)

    demand_converged(tally)
