"""The reference workflows, and for each the one right way to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.rig import Rig

Names = dict[str, str]
"""Operations by the letter that a scenario knows them by, and `workflow`."""


@dataclass(frozen=True)
class Expected:
    """How a run ends: its status, how often each operation was begun, and the status of each recorded output."""

    status: str
    calls: dict[str, int]
    outputs: dict[str, str]


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
    wreck: Callable[[Rig, list[str]], None] | None = None
    """Leaves behind what the sweep alone finds, given the ids of the runs that were made."""


def _submit(rig: Rig, names: Names) -> None:
    rig.submit(names["workflow"])


def _two_stages(rig: Rig) -> Names:
    a, b, c = (rig.operation("done") for _ in range(3))
    return {"a": a, "b": b, "c": c, "workflow": rig.workflow([a, b], [c])}


def _complete(*letters: str) -> Callable[[Names, str], Expected]:
    def _expected(names: Names, _workflow: str) -> Expected:
        operations = [names[letter] for letter in letters]
        return Expected("Complete", dict.fromkeys(operations, 1), dict.fromkeys(operations, "Complete"))

    return _expected


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


SCENARIOS = (
    Scenario("sync", _two_stages, _submit, _complete("a", "b", "c")),
    Scenario("sync, cold", _two_stages, _submit, _complete("a", "b", "c"), cold=True),
    Scenario("async", _one_async, _submit, _complete("a", "b")),
    Scenario("failing", _one_fails, _submit, _failed),
    Scenario("canceled", _ended_within("cancels"), _submit, _ended_as("Canceled")),
    Scenario("killed", _ended_within("killed"), _submit, _ended_as("Error")),
    Scenario("queued behind another", _two_runs, _submit, _either, cap=1),
    Scenario("wrecked", _two_stages, _submit, _complete("a", "b", "c"), wreck=_wreck),
)
