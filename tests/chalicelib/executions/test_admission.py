"""Admission under caps: whoever dies, or meets another one, gives nobody two slots and forgets nobody."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws import clock
from chalicelib.executions import admit, pools, queue, sweep
from tests.chalicelib.executions.conftest import StepFunctions
from tests.chalicelib.executions.world import (
    A,
    Died,
    Points,
    Records,
    cap,
    clear,
    dies,
    forgotten,
    inconsistencies,
    later,
    make,
    statuses,
)

pytestmark = pytest.mark.usefixtures("capped")


def test_an_admitter_who_dies_anywhere_gives_nobody_two_slots_and_strands_nobody(
    clip: dict[str, Any], points: Points, sfn: StepFunctions, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in points.each():
        cap(0)
        runs = [make(clip, name) for name in ("flow", "of-a", "of-a")]
        records.waiting.clear()
        cap(5)

        def dying() -> None:
            try:
                admit.admit_waiting()
            except Died:
                return

        points.before(number, dies, dying)
        admit.admit_waiting()
        with monkeypatch.context() as moved:
            later(moved, 61)
            sweep.sweep()

        assert statuses(*runs) == ["Started", "Started", "Queued"]
        assert [f"{run_id}-1" in sfn.started for run_id in runs] == [True, True, False]
        assert inconsistencies() == []
        clear()


def test_two_admitters_anywhere_keep_the_caps_and_admit_all(
    clip: dict[str, Any], points: Points, sfn: StepFunctions, records: Records
) -> None:
    for number in points.each():
        cap(0)
        runs = [make(clip, name) for name in ("of-a", "both", "flow")]
        cap(2)

        points.before(number, admit.admit_waiting, admit.admit_waiting)

        assert len(pools.read("global").holders) == 2
        assert len(pools.read(A).holders) <= 1
        assert statuses(*runs).count("Started") == 2
        records.deliver()
        assert forgotten() == []
        assert inconsistencies() == []
        clear()


def test_one_who_loses_every_chance_says_so(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    cap(0)
    make(clip)
    cap(1)
    monkeypatch.setattr(admit, "_admit", lambda *_: False)

    assert admit.admit_waiting() is False
    assert admit.admit_waiting(most=1) is False


def test_one_who_admits_as_many_as_he_may_is_content(clip: dict[str, Any], sfn: StepFunctions) -> None:
    cap(0)
    runs = [make(clip) for _ in range(4)]
    cap(4)

    assert admit.admit_waiting(most=3)
    assert sorted(statuses(*runs)) == ["Queued", "Started", "Started", "Started"]


def test_more_blocked_runs_than_one_reads_at_a_time_are_parked(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admit, "_HEADS", 3)
    monkeypatch.setattr(clock, "pick", min)
    cap(0)
    runs = [make(clip, "of-a") for _ in range(8)] + [make(clip)]
    cap(5)

    assert admit.admit_waiting()

    assert statuses(*runs) == ["Started", *["Queued"] * 7, "Started"]
    assert queue.heads(9) == []
    assert forgotten() == []
