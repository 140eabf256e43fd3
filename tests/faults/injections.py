"""Enumerates a scenario's calls, and goes through it once for each of them and each way to fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from infrastructure.local.faults import FAULTS
from tests.faults import calls, report
from tests.faults.calls import Call, Injection, Intruder
from tests.faults.invariants import STRICT, Leave, broken, converged
from tests.faults.rig import Rig, Stuck
from tests.faults.scenarios import Names, Scenario

Recorded = Callable[[Scenario], tuple[Names, tuple[Call, ...]]]
_RECORDINGS = 5
_TRIES = 10


@dataclass
class Tally:
    """What one scenario's injections of one mode came to."""

    scenario: str
    mode: str
    injections: int = 0
    fired: int = 0
    converged: int = 0
    swept: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def row(self) -> tuple[object, ...]:
        """As the printout has it."""
        return self.scenario, self.mode, self.injections, self.fired, self.converged, self.swept


def demand_converged(tally: Tally) -> None:
    """Put it into the printout; fails unless there were injections, each of them fired, and all converged."""
    report.INJECTIONS.rows.append(tally.row)
    assert not tally.failures, "\n".join(tally.failures)
    assert tally.fired == tally.injections > 0, f"{tally.fired} of {tally.injections} fired"


@dataclass(frozen=True)
class Outcome:
    """What was wrong after one pass, and whether the sweep was needed."""

    wrong: list[str]
    swept: bool
    calls: list[Call]


def passed(rig: Rig, scenario: Scenario, names: Names, *injections: Injection, leave: Leave = STRICT) -> Outcome:
    """Go through a scenario once, with these calls disturbed, and check what it left."""
    rig.begin(scenario.cap)
    FAULTS.stream_lag = scenario.stream_lag
    if scenario.cold:
        rig.cool()
    with calls.recording(*injections, observe=(lambda: None) if scenario.wreck else rig.observe) as record:
        try:
            scenario.drive(rig, names)
        except Stuck as error:
            return _stuck(rig, str(error), record.calls)
        rig.idle()
        if scenario.wreck:
            scenario.wreck(rig, record.made_runs)
            rig.idle()
        alone = converged(rig, record.made_runs)
        for ahead in scenario.sweeps:
            rig.sweep(ahead)
            if converged(rig, record.made_runs):
                break
    return Outcome(broken(rig, scenario, names, record.made_runs, leave), not alone, record.calls)


def _stuck(rig: Rig, what: str, made: list[Call]) -> Outcome:
    """The user couldn't go on; what is left is done away with, or the next pass would find it."""
    rig.purge()
    return Outcome([what], True, made)


def enumerated(rig: Rig, scenario: Scenario, names: Names) -> list[Call]:
    """The calls that every clean pass makes, those of a sweep that finds nothing to mend left out."""
    seen: list[set[Call]] = []
    # the first pass fills the caches of the processes
    passed(rig, scenario, names)
    for _ in range(_RECORDINGS):
        outcome = passed(rig, scenario, names)
        assert not outcome.wrong, outcome.wrong
        assert outcome.swept == bool(scenario.wreck), f"{scenario.name}: the sweep was needed: {outcome.swept}"
        seen.append(set(outcome.calls))
    always = set.intersection(*seen)
    return sorted(call for call in always if _counts(call, scenario))


def _counts(call: Call, scenario: Scenario) -> bool:
    """A sweep of a wreck is what the wreck is for; elsewhere the sweep finds nothing to mend."""
    if scenario.actors:
        return call.actor in scenario.actors
    return (call.actor == "Sweep") == (scenario.wreck is not None)


def injected(
    rig: Rig,
    scenario: Scenario,
    names: Names,
    points: Sequence[Call],
    mode: str,
    intruder: Intruder | None = None,
    leave: Leave = STRICT,
) -> Tally:
    """Disturb every call once in one mode, or have the intruder come between at every call."""
    tally = Tally(scenario.name, mode)
    for call in points:
        outcome = _fired(rig, scenario, names, Injection(call, mode, intruder), leave)
        if outcome is None and call.is_up_to_the_stream:
            continue
        tally.injections += 1
        if outcome is None:
            tally.failures.append(f"{call} {mode}: never fired")
            continue
        tally.fired += 1
        tally.swept += outcome.swept
        tally.converged += not outcome.wrong
        tally.failures += [f"{call} {mode}: {what}" for what in outcome.wrong]
    return tally


def _fired(rig: Rig, scenario: Scenario, names: Names, injection: Injection, leave: Leave) -> Outcome | None:
    """One pass in which the injection fired. A stream's reader may not be woken as often as when it was recorded."""
    for _ in range(_TRIES):
        outcome = passed(rig, scenario, names, injection, leave=leave)
        if injection.fired:
            return outcome
    return None
