"""The suite is worth what it catches: each seeded bug turns the part of it red that is there to notice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.aws import clock
from tests.faults import report
from tests.faults.calls import Call, Injection
from tests.faults.injections import passed
from tests.faults.intruders import CANCELED, INTRUDERS, Latest, cancel_and_retry, goes_on
from tests.faults.invariants import STRICT, Leave
from tests.faults.mutants import Mutant
from tests.faults.mutants.bugs import BUGS
from tests.faults.rig import Rig
from tests.faults.scenarios import GATED, Names, Scenario, named

HURRY = 5.0
"""Seconds in which all must be quiet; a bug may well mean that it never is."""


@pytest.fixture
def hurried(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """The rig, impatient and with chances that make rivals meet; clean again afterwards."""
    monkeypatch.setattr(clock, "pick", min)
    monkeypatch.setattr("chalicelib.executions.admit.random", Latest())
    rig.patience = HURRY
    yield rig
    rig.patience = Rig.patience
    rig.purge()


def injections(rig: Rig, kind: str, names: Names, points: list[Call]) -> tuple[list[Injection], Leave]:
    """What a part of the suite does to each call of a scenario, and what it allows."""
    name = kind.removesuffix(" between")
    if name == kind:
        return [Injection(call, kind) for call in points], STRICT
    if name == "goes on":
        cancels = [call for call in points if call.actor.endswith("/cancel")]
        return [Injection(call, kind, goes_on(rig, names)) for call in cancels], CANCELED
    if name == "canceled and retried":
        completions = [call for call in points if call.actor == "StageCompletion"]
        return [Injection(call, kind, cancel_and_retry(rig)) for call in completions], STRICT
    make, statuses = INTRUDERS[name]
    return [Injection(call, kind, make(rig)) for call in points], Leave(statuses)


def noticed(rig: Rig, check: str) -> str | None:
    """What the first pass that goes wrong tells: one in which nothing is injected, or one of those that follow."""
    workflow, _, kind = check.rpartition(", ")
    scenario = named(workflow)
    names = scenario.prepare(rig)
    if scenario is GATED:
        return _first(rig, scenario, names, *injections(rig, kind, names, _calls(rig, scenario, names, CANCELED)))
    for _ in range(2):
        clean = passed(rig, scenario, names)
        if clean.wrong or clean.swept:
            return (clean.wrong or ["the sweep was needed though nothing failed"])[0]
    points = [call for call in clean.calls if call.actor != "Sweep"]
    return None if kind == "nothing injected" else _first(rig, scenario, names, *injections(rig, kind, names, points))


def _calls(rig: Rig, scenario: Scenario, names: Names, leave: Leave) -> list[Call]:
    passed(rig, scenario, names, leave=leave)
    return passed(rig, scenario, names, leave=leave).calls


def _first(rig: Rig, scenario: Scenario, names: Names, chosen: list[Injection], leave: Leave) -> str | None:
    for injection in chosen:
        outcome = passed(rig, scenario, names, injection, leave=leave)
        if outcome.wrong:
            return outcome.wrong[0]
    return None


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.bug)
def test_a_seeded_bug_is_noticed(hurried: Rig, bug: Mutant) -> None:
    with bug.applied():
        try:
            what = noticed(hurried, bug.check)
        except AssertionError as error:
            what = str(error).partition("\n")[0]

    report.MUTANTS.rows.append((bug.bug, bug.check, (what or "nothing")[:100]))
    assert what, f"nobody noticed that {bug.bug}"
