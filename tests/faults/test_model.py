"""Users, operators and the sweep in any order, against a model of the life cycle that fits on a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from chalicelib.aws import clock
from infrastructure.local.clock import CLOCK
from tests.faults import report
from tests.faults.intruders import First
from tests.faults.rig import SETTLED, Rig
from tests.faults.watch import ENDED

STEPS = 50
SWEEPS = 6
"""At most, since each brings the operations two minutes nearer to their timeout."""

SLOWLY = 20
"""Times as fast as on AWS, so that operations may be held for long."""

LIVE = ("Queued", "Started", "Waiting", "Resumed")
CAPS = (1, 2, 3)


@dataclass
class Model:
    """What should be: each run's status, the stage that it is in (0 works, 1 waits for people, 2 works), and who
    waits for one of `cap` slots, in order; those that a lowered cap finds beyond it count as well."""

    cap: int = 2
    status: dict[str, str] = field(default_factory=dict)
    stage: dict[str, int] = field(default_factory=dict)
    queue: list[str] = field(default_factory=list)

    def wait_for_slot(self, run: str, status: str) -> None:
        """A run is submitted, retried or resumed."""
        self.status[run] = status
        self.queue.append(run)

    def end(self, run: str, status: str) -> None:
        """A run is over, or waits for people, and holds nothing."""
        self.status[run] = status
        self.queue = [other for other in self.queue if other != run]

    def started(self) -> set[str]:
        """The runs that hold a slot."""
        return {run for run, status in self.status.items() if status == "Started"}

    def settle(self) -> None:
        """Free slots go to those who wait longest; one that isn't resumed waits for people again, without a slot."""
        while self.queue and len(self.started()) < self.cap:
            run = self.queue.pop(0)
            resumed = self.status[run] == "Resumed"
            self.stage[run] += resumed
            self.status[run] = "Waiting" if self.stage[run] == 1 else "Started"


class LifeCycle(RuleBasedStateMachine):
    """Each rule asks the engine for one thing, checks the answer, and waits until all is as the model says."""

    rig: Rig
    workflow: str
    operations: tuple[str, str, str]
    stages: tuple[str, str, str]
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.sweeps = 0
        self.earlier: dict[tuple[str, str], int] = {}
        self.rig.begin(self.model.cap)

    def teardown(self) -> None:
        """Leave nothing behind."""
        for run in self._of(*LIVE):
            self.rig.cancel(run)
        for held in [held for calls in self.rig.operators.held.values() for held in calls]:
            held.end("success")
        self.rig.idle()
        assert not self.rig.watch.wrong
        assert not self.rig.shared_items()
        self.rig.operators.held.clear()

    def _of(self, *statuses: str) -> list[str]:
        return [run for run, status in self.model.status.items() if status in statuses]

    def _any(self, data: Any, *statuses: str) -> str:
        run: str = data.draw(st.sampled_from([*self.model.status] if not statuses else self._of(*statuses)))
        return run

    def _asked(self, method: str, path: str, allowed: bool, body: Any = None) -> None:
        answer = self.rig.http.request(method, f"workflow/execution/{path}", json=body)
        assert answer.status_code == (200 if allowed else 409), answer.text

    def _agree(self) -> None:
        type(self).steps += 1
        self.model.settle()
        expected = dict(self.model.status)
        self.rig.until(lambda: {run: self._seen(run) for run in expected}, lambda seen: seen == expected, 20)
        assert not self.rig.watch.wrong

    def _seen(self, run: str) -> str:
        """The status; a run that is Started counts as such once its operation has been begun."""
        status = self.rig.watch.statuses[run][-1]
        stage = self.model.stage[run]
        begun = stage != 1 and self._unended(run, stage)
        return status if status != "Started" or begun else "Started, but not at work"

    def _unended(self, run: str, stage: int) -> bool:
        """Whether the present attempt's call of the stage's operation goes on; earlier ones may do so for ever."""
        place = run, self.operations[stage]
        held = self.rig.operators.held[place]
        return len(held) > self.earlier.get(place, 0) and not held[-1].is_over

    # -- users ---------------------------------------------------------------------------------------------------

    @rule()
    def submit(self) -> None:
        self.rig.submit(self.workflow)
        run = self.rig.submitted[-1]
        self.model.stage[run] = 0
        self.model.wait_for_slot(run, "Queued")
        self._agree()

    @precondition(lambda self: self.model.status)
    @rule(data=st.data())
    def cancel(self, data: Any) -> None:
        run = self._any(data)
        status = self.model.status[run]
        self._asked("POST", f"{run}/cancel", status in LIVE or status == "Canceled")
        if status in LIVE:
            self.model.end(run, "Canceled")
        self._agree()

    @precondition(lambda self: self.model.status)
    @rule(data=st.data())
    def retry(self, data: Any) -> None:
        run = self._any(data)
        retriable = self.model.status[run] in ("Error", "Canceled")
        if retriable:
            for operation in self.operations:
                self.earlier[run, operation] = len(self.rig.operators.held[run, operation])
        self._asked("POST", f"{run}/retry", retriable)
        if retriable:
            self.model.wait_for_slot(run, "Queued")
        self._agree()

    @precondition(lambda self: self.model.status)
    @rule(data=st.data())
    def resume(self, data: Any) -> None:
        run = self._any(data)
        waiting = self.model.status[run] == "Waiting"
        self._asked("PUT", run, waiting, {"WaitingStageName": self.stages[1]})
        if waiting:
            self.model.wait_for_slot(run, "Resumed")
        self._agree()

    @precondition(lambda self: self.model.status)
    @rule(data=st.data())
    def delete(self, data: Any) -> None:
        run = self._any(data)
        ended = self.model.status[run] in ENDED
        self._asked("DELETE", run, ended)
        if ended:
            del self.model.status[run]
        self._agree()

    @rule(cap=st.sampled_from(CAPS))
    def change_cap(self, cap: int) -> None:
        self.rig.watch.cap = max(cap, self.model.cap)
        self.rig.cap(cap)
        self.model.cap = self.rig.watch.cap = cap
        self._agree()

    # -- operators and the sweep -----------------------------------------------------------------------------------

    @precondition(lambda self: self._of("Started"))
    @rule(data=st.data(), outcome=st.sampled_from(("success", "success", "success", "failure", "timeout")))
    def work(self, data: Any, outcome: str) -> None:
        run = self._any(data, "Started")
        stage = self.model.stage[run]
        self.rig.operators.held[run, self.operations[stage]][-1].end(outcome)
        if outcome != "success":
            self.model.end(run, "Error")
        elif stage == 2:
            self.model.end(run, "Complete")
        else:
            self.model.stage[run] = 1
            self.model.end(run, "Waiting")
        self._agree()

    @precondition(lambda self: self._of("Canceled"))
    @rule(data=st.data())
    def answer_too_late(self, data: Any) -> None:
        run = self._any(data, "Canceled")
        for operation in self.operations:
            for held in self.rig.operators.held[run, operation]:
                held.end("success")
        self._agree()

    @precondition(lambda self: self.sweeps < SWEEPS)
    @rule()
    def sweep(self) -> None:
        self.sweeps += 1
        with self.rig.ahead(SETTLED):
            self.rig.invoke("mediawright-Sweep", b"{}")
        self._agree()


# the engine's threads draw random numbers of their own while hypothesis draws
@pytest.mark.filterwarnings("ignore:Do not use the .random. module inside strategies")
@pytest.mark.parametrize("examples", [50, pytest.param(200, marks=pytest.mark.long)])
def test_the_engine_agrees_with_the_model(rig: Rig, examples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CLOCK, "speed", SLOWLY)
    # hypothesis repeats what it has seen: the same steps must come to the same
    monkeypatch.setattr(clock, "pick", min)
    monkeypatch.setattr("chalicelib.executions.admit.random", First())
    first, last = (rig.register("held", Type="Sync", TimeoutSeconds=900) for _ in range(2))
    wait = rig.register(None, Type="Wait")
    LifeCycle.rig, LifeCycle.steps = rig, 0
    LifeCycle.operations = first, wait, last
    LifeCycle.stages = tuple(rig.stage(name) for name in LifeCycle.operations)
    LifeCycle.workflow = rig.chained(LifeCycle.stages)
    rig.age()

    run_state_machine_as_test(
        LifeCycle,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            derandomize=True,
            # no shrinking: what a failed example leaves is in the way of the next
            phases=[Phase.generate],
            report_multiple_bugs=False,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    report.OTHERS.rows.append(("model of the life cycle", examples, f"{LifeCycle.steps} steps"))
    assert LifeCycle.steps > 20 * examples
