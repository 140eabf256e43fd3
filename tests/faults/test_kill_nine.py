"""Worker processes are killed at random moments while runs go: after the sweep everything has converged."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest

from infrastructure.local.embedded import PROJECT
from tests.faults import report

ROUNDS, RUNS = 20, 200


def under_fire(rounds: int, runs: int) -> None:
    command = [sys.executable, "-m", "tests.faults.kill_nine", str(rounds), str(runs)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=3600)

    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"killed"')]
    assert len(told) == rounds, done.stderr[-4000:]
    assert not [wrong for one in told for wrong in one["wrong"]]
    assert all(sum(one["ended"].values()) == runs for one in told)
    killed = sum((Counter(one["killed"]) for one in told), Counter[str]())
    assert {"APIHandler", "StageCompletion", "Scheduler", "Publisher"} <= set(killed)
    report.OTHERS.rows.append(("kill -9", rounds * runs, f"{sum(killed.values())} processes killed: {dict(killed)}"))


@pytest.mark.long
def test_two_hundred_runs_survive_it_twenty_times() -> None:
    under_fire(ROUNDS, RUNS)
