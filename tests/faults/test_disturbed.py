"""Streams and events come twice and shuffled, transactions conflict, status events are lost: all runs converge."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from infrastructure.local.faults import FAULTS
from tests.faults import report
from tests.faults.around import AROUND
from tests.faults.calls import Injection
from tests.faults.injections import Recorded, passed
from tests.faults.invariants import Leave
from tests.faults.rig import Rig
from tests.faults.scenarios import QUICK, SCENARIOS, Scenario, named

PASSES = 5
TWICE = {"duplicate_stream_records": 1.0, "duplicate_events": 1.0}
AS_AWS_MAY = {**TWICE, "shuffle_stream_records": 0.02, "transaction_conflicts": 0.3}
IN_ANY_ORDER = {**AS_AWS_MAY, "shuffle_within_items": 1.0}
OFTEN = ("batch", "object", "message")
"""Of what stands around runs, what comes twice most often."""
HEALTHY = [
    pytest.param(scenario, id=scenario.name, marks=() if scenario.name in QUICK else pytest.mark.long)
    for scenario in SCENARIOS
    if scenario.wreck is None
]


@pytest.fixture(autouse=True)
def undisturbed() -> Iterator[None]:
    """Chance as the test's name has it, and no dial left turned."""
    random.seed(20261121)
    yield
    FAULTS.reset()


def disturb(dials: dict[str, float]) -> None:
    for name, value in dials.items():
        setattr(FAULTS, name, value)


@pytest.mark.parametrize("scenario", HEALTHY)
@pytest.mark.parametrize("ordered", [True, False], ids=["each item in order", "in any order"])
def test_what_comes_twice_and_shuffled_changes_nothing(
    rig: Rig, recorded: Recorded, scenario: Scenario, ordered: bool
) -> None:
    names, _ = recorded(scenario)
    disturb(AS_AWS_MAY if ordered else IN_ANY_ORDER)

    outcomes = [passed(rig, scenario, names, leave=Leave(any_order=not ordered)) for _ in range(PASSES)]

    report.OTHERS.rows.append(
        (f"{scenario.name}, twice and shuffled", len(outcomes), "30 % of transactions conflict")
    )
    assert not [wrong for outcome in outcomes for wrong in outcome.wrong]
    assert not any(outcome.swept for outcome in outcomes)


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(scenario, id=scenario.name, marks=() if scenario.name in OFTEN else pytest.mark.long)
        for scenario in AROUND
        if scenario.wreck is None
    ],
)
def test_what_comes_twice_makes_one_run_of_each_item_and_event(
    rig: Rig, recorded: Recorded, scenario: Scenario
) -> None:
    names, _ = recorded(scenario)
    disturb({**AS_AWS_MAY, "duplicate_notifications": 1.0})

    outcomes = [passed(rig, scenario, names) for _ in range(PASSES)]

    report.OTHERS.rows.append(
        (f"{scenario.name}, twice and shuffled", len(outcomes), "30 % of transactions conflict")
    )
    assert not [wrong for outcome in outcomes for wrong in outcome.wrong]


@pytest.mark.parametrize("scenario", HEALTHY)
def test_a_call_fails_while_all_comes_twice_and_shuffled(rig: Rig, recorded: Recorded, scenario: Scenario) -> None:
    names, points = recorded(scenario)
    disturb(AS_AWS_MAY)

    for number, call in enumerate(points[::3]):
        injection = Injection(call, "dies after" if number % 2 else "fails after")
        outcome = passed(rig, scenario, names, injection)
        assert not outcome.wrong, f"{injection}: {outcome.wrong}"
    report.OTHERS.rows.append((f"{scenario.name}, shuffled and injected", len(points[::3]), "every third call"))


@pytest.mark.parametrize("name", ["failing", "killed", "canceled"])
def test_without_status_events_the_sweep_closes_the_run(rig: Rig, recorded: Recorded, name: str) -> None:
    scenario = named(name)
    names, _ = recorded(scenario)
    FAULTS.drop_status_events = 1.0

    outcome = passed(rig, scenario, names)

    assert not outcome.wrong
    assert outcome.swept == (name == "killed")
