"""`MaxConcurrentWorkflows` is exact, as the operators themselves see it, whatever is late or contended."""

from __future__ import annotations

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infrastructure.local.faults import FAULTS
from tests.system.conftest import Engine

RUNS = 60
CAP = 5


def peak(log: Path) -> int:
    """The most runs that were between their first operation's begin and their last one's end at one moment."""
    spans: dict[str, list[float]] = defaultdict(list)
    for line in log.read_text().splitlines():
        run, _operation, begin, end, _pid = line.split()
        spans[run] += [float(begin), float(end)]
    moments = [(min(times), 1) for times in spans.values()] + [(max(times), -1) for times in spans.values()]
    running = most = 0
    for _moment, change in sorted(moments):
        running += change
        most = max(most, running)
    return most


@pytest.mark.parametrize(
    "faults",
    [{}, {"index_lag": 0.3, "stream_lag": 0.3}, {"transaction_conflicts": 0.3}],
    ids=["healthy", "late indexes and streams", "contended"],
)
def test_sixty_runs_under_a_cap_of_five(engine: Engine, tmp_path: Path, faults: dict[str, float]) -> None:
    log = tmp_path / "log"
    operations = [engine.operation("nap", Log=str(log)) for _ in range(4)]
    workflow = engine.workflow(operations[:2], operations[2:])
    engine.cap(CAP)
    for name, value in faults.items():
        setattr(FAULTS, name, value)

    with ThreadPoolExecutor(12) as pool:
        runs = list(pool.map(lambda _: engine.start(workflow), range(RUNS)))
    ended = [engine.ended(run, 120) for run in runs]

    assert Counter(run["Status"] for run in ended) == {"Complete": RUNS}
    assert peak(log) == CAP
    calls = Counter(tuple(line.split()[:2]) for line in log.read_text().splitlines())
    assert set(calls.values()) == {1}
    assert len(calls) == RUNS * 4
    engine.aws.wait_idle()
    assert engine.slots() == []


def test_a_run_that_waits_gets_the_slot_though_the_index_is_late(engine: Engine, tmp_path: Path) -> None:
    """The stale index is where the old engine forgot runs: cap 1, two runs, nothing else to wake anybody."""
    operation = engine.operation("nap", Log=str(tmp_path / "log"), Seconds=0.2)
    workflow = engine.workflow([operation])
    engine.cap(1)
    FAULTS.index_lag = 2.0

    for _ in range(5):
        first, second = engine.start(workflow), engine.start(workflow)

        earlier, later = engine.ended(first, 20), engine.ended(second, 20)
        assert earlier["Status"] == later["Status"] == "Complete"
        assert 0 <= float(later["Started"]) - float(earlier["Ended"]) < 0.5


def test_a_raised_cap_admits_who_waits(engine: Engine, tmp_path: Path) -> None:
    operation = engine.operation("nap", Log=str(tmp_path / "log"), Seconds=3)
    workflow = engine.workflow([operation])
    engine.cap(1)
    runs = [engine.start(workflow) for _ in range(3)]

    engine.cap(3)

    engine.until(engine.slots, lambda slots: len(slots) == 3, 2.5)
    assert {engine.ended(run)["Status"] for run in runs} == {"Complete"}
