"""The reference workflows, and for each the one right way to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.faults.rig import QUIET, SETTLED, Rig
from tests.faults.watch import ENDED

DELETION = "DELETE /workflow/execution/{id}"

Names = dict[str, str]
"""Operations by the letter that a scenario knows them by, and `workflow`."""


@dataclass(frozen=True)
class Expected:
    """How a run ends: its status, how often each operation was begun, and the status of each recorded output.

    Those `again` may be begun more often: their completion isn't what their function answers.
    """

    status: str
    calls: dict[str, int]
    outputs: dict[str, str]
    again: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Scenario:
    """What is registered once, what is done each time, and what every run of it comes to.

    `prepare` answers the names; `drive` does what a user does, and is called again for every injection.
    """

    name: str
    prepare: Callable[[Rig], Names]
    drive: Callable[[Rig, Names], None]
    expected: Callable[[Names, str], Expected]
    cap: int = 50
    cold: bool = False
    """Whether every pass begins with new processes, whose caches are empty."""
    stream_lag: float = 0.0
    """Seconds by which streams are late."""
    wreck: Callable[[Rig, list[str]], None] | None = None
    """Leaves behind what the sweep alone finds, given the ids of the runs that were made."""
    besides: Callable[[Rig, Names, list[str]], list[str]] = lambda *_: []
    """What is wrong with other things than the runs, given their ids."""
    actors: frozenset[str] = frozenset()
    """Whose calls alone are disturbed, where all others do what they do in another scenario, too."""
    sweeps: tuple[float, ...] = (SETTLED, QUIET, QUIET)
    """Seconds by which the clock is ahead in each sweep, until nothing is left to do."""


def _submit(rig: Rig, names: Names) -> None:
    rig.submit(names["workflow"])


def _submit_once(rig: Rig, names: Names) -> None:
    rig.submit_once(names["workflow"])


def _submit_and_resume(rig: Rig, names: Names) -> None:
    rig.submit(names["workflow"])
    rig.resume(rig.settle("Waiting", *ENDED))


def _submit_and_resume_both(rig: Rig, names: Names) -> None:
    rig.submit(names["workflow"])
    run_id = rig.settle_tokens(2)
    for letter in "bc":
        rig.resume(run_id, names[letter])


def _submit_and_call_back(rig: Rig, names: Names) -> None:
    rig.submit(names["workflow"])
    run_id = rig.submitted[-1]
    rig.settle_token(names["b"])
    rig.call_back(run_id, names["b"])


def _submit_and_retry(rig: Rig, names: Names) -> None:
    rig.submit(names["workflow"])
    rig.retry(rig.settle(*ENDED))


def _submit_and_delete(rig: Rig, names: Names) -> None:
    rig.submit(names["workflow"])
    rig.delete(rig.settle(*ENDED))


def _two_stages(rig: Rig) -> Names:
    a, b, c = (rig.operation("done") for _ in range(3))
    return {"a": a, "b": b, "c": c, "workflow": rig.workflow([a, b], [c])}


def _complete(*letters: str) -> Callable[[Names, str], Expected]:
    def _expected(names: Names, _workflow: str) -> Expected:
        operations = [names[letter] for letter in letters]
        return Expected("Complete", dict.fromkeys(operations, 1), dict.fromkeys(operations, "Complete"))

    return _expected


def _one_wait(rig: Rig) -> Names:
    a, b, c = rig.operation("done"), rig.register(None, Type="Wait"), rig.operation("done")
    return {"a": a, "b": b, "c": c, "workflow": rig.workflow([a], [b], [c])}


def _two_waits(rig: Rig) -> Names:
    a, b, c = rig.operation("done"), rig.register(None, Type="Wait"), rig.register(None, Type="Wait")
    return {"a": a, "b": b, "c": c, "workflow": rig.workflow([a, b, c])}


def _resumed(*operators: str) -> Callable[[Names, str], Expected]:
    def _expected(names: Names, _workflow: str) -> Expected:
        calls = {names[letter]: int(letter in operators) for letter in "abc"}
        return Expected("Complete", calls, dict.fromkeys(calls, "Complete"))

    return _expected


def _one_callback(rig: Rig) -> Names:
    a, b, c = rig.operation("done"), rig.register("keeps_token", Type="Callback"), rig.operation("done")
    return {"a": a, "b": b, "c": c, "workflow": rig.workflow([a, b], [c])}


def _called_back(names: Names, workflow: str) -> Expected:
    return replace(_complete("a", "b", "c")(names, workflow), again=frozenset({names["b"]}))


def _fails_first(rig: Rig) -> Names:
    a, b, c, d = rig.operation("done"), rig.operation("done"), rig.operation("fails_once"), rig.operation("done")
    return {"a": a, "b": b, "c": c, "d": d, "workflow": rig.workflow([a], [b, c], [d])}


def _canceled_first(rig: Rig) -> Names:
    a, b, c, d = rig.operation("done"), rig.operation("done"), rig.operation("cancels_once"), rig.operation("done")
    return {"a": a, "b": b, "c": c, "d": d, "workflow": rig.workflow([a], [b, c], [d])}


def _retried(names: Names, _workflow: str) -> Expected:
    a, b, c, d = (names[letter] for letter in "abcd")
    return Expected("Complete", {a: 1, b: 1, c: 2, d: 1}, dict.fromkeys((a, b, c, d), "Complete"))


def _one_async(rig: Rig) -> Names:
    a, b = rig.operation("begins", monitor="looks"), rig.operation("done")
    return {"a": a, "b": b, "workflow": rig.workflow([a, b])}


def _one_fails(rig: Rig) -> Names:
    a, b, c = rig.operation("done"), rig.operation("fails"), rig.operation("done")
    return {"a": a, "b": b, "c": c, "workflow": rig.workflow([a, b], [c])}


def _failed(names: Names, _workflow: str) -> Expected:
    a, b, c = names["a"], names["b"], names["c"]
    return Expected("Error", {a: 1, b: 1, c: 0}, {a: "Complete", b: "Error"})


def _ended_within(handler: str) -> Callable[[Rig], Names]:
    """Two stages and a third that is never reached: `handler` ends the run in the second, whose sibling is done."""

    def _prepare(rig: Rig) -> Names:
        a, b, c, d = rig.operation("done"), rig.operation("done"), rig.operation(handler), rig.operation("done")
        return {"a": a, "b": b, "c": c, "d": d, "workflow": rig.workflow([a], [b, c], [d])}

    return _prepare


def _ended_as(status: str) -> Callable[[Names, str], Expected]:
    def _expected(names: Names, _workflow: str) -> Expected:
        a, b, c, d = (names[letter] for letter in "abcd")
        return Expected(status, {a: 1, b: 1, c: 1, d: 0}, {a: "Complete", b: "Complete"})

    return _expected


def _polled_for_ever(rig: Rig) -> Names:
    a, b = rig.operation("done"), rig.operation("begins", monitor="looks_for_ever")
    return {"a": a, "b": b, "workflow": rig.workflow([a, b])}


def _canceled_while_polled(names: Names, _workflow: str) -> Expected:
    a, b = names["a"], names["b"]
    return Expected("Canceled", {a: 1, b: 1}, {a: "Complete"})


def _two_runs(rig: Rig) -> Names:
    b = rig.operation("done")
    second = rig.workflow([b])
    a = rig.operation("submits", Workflow=second)
    return {"a": a, "b": b, "second": second, "workflow": rig.workflow([a])}


def _either(names: Names, workflow: str) -> Expected:
    return _complete("b" if workflow == names["second"] else "a")(names, workflow)


def _wreck(rig: Rig, runs: list[str]) -> None:
    """A slot and a queue item that no run owns, and a state machine that is still to be stopped."""
    [run] = filter(None, map(rig.run_item, runs))
    since, machine = run["Created"], {"MachineArn": run["MachineArn"]}
    facts = {"Run": run["Id"], "Attempt": 1}
    rig.leave("pool#global", "slot#0044", {**facts, "Since": since})
    rig.leave("queue", f"4#{since}#{run['Id']}", {**facts, **machine, "RunCreated": since})
    rig.leave("stopping", f"{run['Id']}-1", {**machine, "Since": since})


def _three_gates(rig: Rig) -> Names:
    a, b, c = (rig.operation("waits") for _ in range(3))
    return {"a": a, "b": b, "c": c, "workflow": rig.workflow([a], [b], [c])}


def _submit_and_cancel(rig: Rig, names: Names) -> None:
    """Cancel while the first operation runs, and let all of them go on afterwards."""
    rig.submit(names["workflow"])
    assert rig.gates[names["a"]].reached.wait(rig.patience)
    rig.cancel(rig.submitted[0])
    for letter in "abc":
        rig.gates[names[letter]].open.set()


def _canceled_at_the_gate(names: Names, _workflow: str) -> Expected:
    a, b, c = names["a"], names["b"], names["c"]
    return Expected("Canceled", {a: 1, b: 1, c: 0}, {a: "Complete"})


GATED = Scenario("canceled while it goes on", _three_gates, _submit_and_cancel, _canceled_at_the_gate)
"""What comes out depends on when the first gate is opened: see those who use it."""


def _two_runs_of_one_operation(rig: Rig) -> Names:
    """The first run posts a second one while it holds the only slot of an operation that both need."""
    b = rig.register("done", Type="Sync", MaxConcurrent=1)
    second = rig.workflow([b])
    a = rig.operation("submits", Workflow=second)
    return {"a": a, "b": b, "second": second, "workflow": rig.workflow([a, b])}


def _both(names: Names, workflow: str) -> Expected:
    return _complete("b")(names, workflow) if workflow == names["second"] else _complete("a", "b")(names, workflow)


TWO_RUNS = Scenario("two runs, two slots", _two_stages, _submit, _complete("a", "b", "c"), cap=2, stream_lag=0.3)
"""For rivals: the scheduler, which would help them, is late."""

SCENARIOS = (
    Scenario("sync", _two_stages, _submit, _complete("a", "b", "c")),
    Scenario("sync, cold", _two_stages, _submit, _complete("a", "b", "c"), cold=True),
    Scenario("sync, no key", _two_stages, _submit_once, _complete("a", "b", "c")),
    Scenario("async", _one_async, _submit, _complete("a", "b")),
    Scenario("failing", _one_fails, _submit, _failed),
    Scenario("canceled", _ended_within("cancels"), _submit, _ended_as("Canceled")),
    Scenario("canceled while polled", _polled_for_ever, _submit, _canceled_while_polled),
    Scenario("killed", _ended_within("killed"), _submit, _ended_as("Error")),
    Scenario("queued behind another", _two_runs, _submit, _either, cap=1),
    Scenario("parked behind another", _two_runs_of_one_operation, _submit, _both),
    Scenario("waiting", _one_wait, _submit_and_resume, _resumed("a", "c")),
    Scenario("waiting twice", _two_waits, _submit_and_resume_both, _resumed("a")),
    Scenario("callback", _one_callback, _submit_and_call_back, _called_back),
    Scenario("retried", _fails_first, _submit_and_retry, _retried),
    Scenario("canceled and retried", _canceled_first, _submit_and_retry, _retried),
    Scenario("deleted", _fails_first, _submit_and_delete, _retried, actors=frozenset({DELETION})),
    Scenario("wrecked", _two_stages, _submit, _complete("a", "b", "c"), wreck=_wreck),
)

QUICK = ("sync", "canceled", "waiting", "retried")
"""Those that every run of the tests goes through; the others are for `make faults`."""

HEALTHY = tuple(scenario.name for scenario in SCENARIOS if scenario.wreck is None)


def named(name: str) -> Scenario:
    """The scenario of a name."""
    [found] = [scenario for scenario in (*SCENARIOS, GATED, TWO_RUNS) if scenario.name == name]
    return found
