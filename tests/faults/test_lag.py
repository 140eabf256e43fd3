"""Indexes and plain reads are up to two seconds late, streams a little: nothing may be decided by them.

The sweep is off unless it is called: what is forgotten stays forgotten.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from infrastructure.local.faults import FAULTS
from tests.faults import calls, report
from tests.faults.injections import Recorded, passed
from tests.faults.invariants import broken
from tests.faults.rig import Rig
from tests.faults.scenarios import HEALTHY, QUICK, named

ROUNDS = 12
RUNS = 12
LATE = 2.0


@pytest.fixture(autouse=True)
def late() -> Iterator[None]:
    """All that AWS doesn't promise to be fresh is stale."""
    yield
    FAULTS.reset()


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_the_cap_is_exact_and_nothing_is_forgotten(rig: Rig, recorded: Recorded, seed: int) -> None:
    chance = random.Random(seed)
    cap = chance.choice((1, 2, 3, 5))
    scenario = named("sync")
    names, _ = recorded(scenario)
    rig.begin(cap)
    FAULTS.index_lag = FAULTS.read_lag = LATE
    FAULTS.stream_lag = chance.choice((0.0, 0.01, 0.05))

    with calls.recording(observe=rig.observe) as record:
        with ThreadPoolExecutor(chance.choice((1, 3, 6))) as pool:
            list(pool.map(lambda _: rig.submit(names["workflow"]), range(RUNS)))
        rig.idle()

    assert not broken(rig, scenario, names, record.made_runs)
    assert rig.watch.most_slots["pool#global"] <= cap
    assert len(record.made_runs) == RUNS
    report.OTHERS.rows.append(
        (f"late reads, round {seed + 1}", RUNS, f"cap {cap}, streams {FAULTS.stream_lag} s late")
    )


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.long) for name in HEALTHY]
)
def test_every_reference_workflow_passes_with_stale_reads(rig: Rig, recorded: Recorded, name: str) -> None:
    scenario = named(name)
    names, _ = recorded(scenario)
    FAULTS.index_lag = FAULTS.read_lag = LATE

    outcome = passed(rig, scenario, names)

    assert not outcome.wrong
    assert not outcome.swept
