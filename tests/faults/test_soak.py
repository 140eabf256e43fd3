"""2,000 runs of every kind: nothing is left behind, and the last go as fast as the first. In a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.long
def test_a_soak_of_two_thousand_mixed_runs_leaves_nothing_behind() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "soak"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
