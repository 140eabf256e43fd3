"""Random courses of runs against a small model of pools: caps hold at any time, and nobody is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from chalicelib.executions import admit, close, pools, retry, sweep, waiting
from chalicelib.executions.errors import NotRetriableError, NotWaitingError, RunClosed
from chalicelib.executions.statuses import Status
from tests.chalicelib.executions.conftest import Define, StepFunctions, operation, stage
from tests.chalicelib.executions.world import (
    A,
    B,
    Points,
    Records,
    ask,
    cap,
    clear,
    finish,
    forgotten,
    inconsistencies,
    make,
    run_of,
    uncap,
)

POOLS = ("global", A, B)
WORKFLOWS = ("flow", "of-a", "of-b", "both", "waits")
ENDING = (Status.COMPLETE, Status.CANCELED)


class Admission(RuleBasedStateMachine):
    """The model: which runs there are, and what each pool's cap is. Whatever happens may happen inside another
    actor's work, before any of his calls."""

    clip: dict[str, Any]
    points: Points
    records: Records

    def __init__(self) -> None:
        super().__init__()
        clear()
        self.records.waiting.clear()
        self.runs: list[str] = []
        self.caps: dict[str, int | None] = {}
        self.most: dict[str, int] = {}
        for pool, maximum in (("global", 3), (A, 1), (B, 2)):
            self._cap(pool, maximum)

    # -- what users and state machines do ----------------------------------------------------------------------

    @rule(workflow=st.sampled_from(WORKFLOWS), priority=st.integers(0, 9), at=st.integers(0, 12))
    def submits(self, workflow: str, priority: int, at: int) -> None:
        self._within(at, lambda: self.runs.append(make(self.clip, workflow, Priority=priority)))

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), at=st.integers(0, 12))
    def ends(self, data: st.DataObject, at: int) -> None:
        run_id = data.draw(st.sampled_from(self.runs))
        self._within(at, lambda: self._ends(run_id))

    def _ends(self, run_id: str) -> None:
        run = run_of(run_id)
        if run.status is Status.STARTED and run.workflow != "waits":
            finish(run_id)
        else:
            self._cancel(run_id)

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), at=st.integers(0, 12))
    def cancels(self, data: st.DataObject, at: int) -> None:
        run_id = data.draw(st.sampled_from(self.runs))
        self._within(at, lambda: self._cancel(run_id))

    def _cancel(self, run_id: str) -> None:
        if run_of(run_id).status is not Status.COMPLETE:
            close.cancel(run_id, None, "me")

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), at=st.integers(0, 12))
    def retries(self, data: st.DataObject, at: int) -> None:
        run_id = data.draw(st.sampled_from(self.runs))

        def again() -> None:
            try:
                retry.retry(run_id, None, "me")
            except NotRetriableError:
                return

        self._within(at, again)

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), at=st.integers(0, 12))
    def waits_or_is_resumed(self, data: st.DataObject, at: int) -> None:
        run_id = data.draw(st.sampled_from(self.runs))
        self._within(at, lambda: self._waits_or_is_resumed(run_id))

    def _waits_or_is_resumed(self, run_id: str) -> None:
        run = run_of(run_id)
        try:
            if run.workflow == "waits" and run.status is Status.STARTED:
                ask(run_id, 0, f"token {run.sequence}", attempt=run.attempt, retry=run.sequence)
            elif run.status is Status.WAITING:
                waiting.resume(run_id, "review", "me")
        except (RunClosed, NotWaitingError):
            return

    @rule(pool=st.sampled_from(POOLS), maximum=st.integers(0, 4), at=st.integers(0, 12))
    def changes_a_cap(self, pool: str, maximum: int, at: int) -> None:
        self._within(at, lambda: self._cap(pool, maximum))

    @rule(pool=st.sampled_from(POOLS[1:]), at=st.integers(0, 12))
    def takes_a_cap_away(self, pool: str, at: int) -> None:
        def away() -> None:
            uncap(pool)
            self.caps[pool] = None

        self._within(at, away)

    def _cap(self, pool: str, maximum: int) -> None:
        cap(maximum, pool)
        self.caps[pool] = maximum

    # -- what the engine does ----------------------------------------------------------------------------------

    @rule()
    def the_scheduler_settles_all(self) -> None:
        self.records.deliver()
        assert forgotten() == []

    @rule()
    def the_sweep_finds_nothing(self) -> None:
        assert sweep.sweep() == {}

    def _within(self, at: int, happens: Callable[[], object]) -> None:
        """Let something happen before one of the scheduler's calls, or by itself."""
        self.most = {pool: len(pools.read(pool).holders) for pool in POOLS}
        before = dict(self.caps)
        if not at or not self.points.before(at, happens, admit.admit_waiting):
            happens()
        for pool in POOLS:
            limits = (before[pool], self.caps[pool])
            allowed = None if None in limits else max(self.most[pool], *(limit or 0 for limit in limits))
            self.most[pool] = 1_000 if allowed is None else allowed

    # -- what always holds -------------------------------------------------------------------------------------

    @invariant()
    def no_cap_is_exceeded(self) -> None:
        for pool, most in self.most.items():
            assert len(pools.read(pool).holders) <= most, pool

    @invariant()
    def everybody_stands_where_his_status_says(self) -> None:
        assert inconsistencies() == []

    def teardown(self) -> None:
        self.records.deliver()
        assert forgotten() == []
        for pool in POOLS:
            self._cap(pool, 1)
        for _ in self.runs:
            self.records.deliver()
            for run_id in self.runs:
                self._waits_or_is_resumed(run_id)
                if run_of(run_id).status is Status.STARTED:
                    self._ends(run_id)
        assert {run_of(run_id).status for run_id in self.runs} <= set(ENDING)


def test_runs_and_pools_against_a_model(
    clip: dict[str, Any],
    define: Define,
    capped: None,
    points: Points,
    sfn: StepFunctions,
    records: Records,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    define(stage("review", operation("w", type="Wait", start_arn=""), operation("b", max_concurrent=1)), name="waits")
    for name, fixture in (("clip", clip), ("points", points), ("records", records)):
        monkeypatch.setattr(Admission, name, fixture, raising=False)

    run_state_machine_as_test(
        Admission,
        settings=settings(
            max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
