"""Who comes between an engine function and AWS, while the function waits for a call's answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.faults import outside
from tests.faults.calls import Call, Intruder, Invocation
from tests.faults.injections import passed
from tests.faults.invariants import Leave
from tests.faults.rig import QUIET, Rig
from tests.faults.scenarios import GATED, Names, Scenario
from tests.faults.watch import ENDED

Ready = tuple[Scenario, Names, list[Call]]
_RECORD = b'{"Records": [{"dynamodb": {"Keys": {"Id": {"S": "queue"}, "Part": {"S": "4#now"}}}}]}'
CANCELED = Leave(frozenset({"Canceled"}))


def again(rig: Rig) -> Intruder:
    """The same function with the same event: AWS delivers at least once."""

    def act(invocation: Invocation) -> None:
        rig.invoke(invocation.function, invocation.payload)

    return act


def cancel(rig: Rig) -> Intruder:
    """A user cancels every run that there is."""

    def act(_invocation: Invocation) -> None:
        for run_id in list(rig.watch.statuses):
            rig.may_cancel(run_id)

    return act


def cancel_and_retry(rig: Rig) -> Intruder:
    """A user cancels every run that there is, and retries it at once: what was under way belongs to attempt 1."""

    def act(_invocation: Invocation) -> None:
        for run_id in list(rig.watch.statuses):
            if rig.may_cancel(run_id):
                rig.retry(run_id)

    return act


def retry_ended(rig: Rig) -> Intruder:
    """A user retries every run that has ended otherwise than well."""

    def act(_invocation: Invocation) -> None:
        for run_id, statuses in list(rig.watch.statuses.items()):
            if statuses[-1] in ("Error", "Canceled"):
                rig.retry(run_id)

    return act


def delete_ended(rig: Rig) -> Intruder:
    """A user deletes every run that has ended."""

    def act(_invocation: Invocation) -> None:
        for run_id, statuses in list(rig.watch.statuses.items()):
            if statuses[-1] in ENDED:
                rig.delete(run_id)

    return act


def kill(rig: Rig) -> Intruder:
    """Somebody stops every state machine execution that there is."""

    def act(_invocation: Invocation) -> None:
        for run_id in list(rig.watch.statuses):
            rig.kill(run_id)

    return act


def cancel_and_retry_batch(rig: Rig) -> Intruder:
    """A user cancels the batch before a run is made of every item, and retries it as soon as the engine lets it."""

    def act(_invocation: Invocation) -> None:
        for batch_id in rig.batches:
            if outside.batch(rig, batch_id)["Status"] in ("Checking", "Submitting"):
                outside.change_batch(rig, batch_id, "cancel")
                retry = f"{outside.BATCH}/{batch_id}/retry"
                rig.until(lambda path=retry: rig.persist("POST", path).status_code, lambda code: code == 200)

    return act


def admission(rig: Rig) -> Intruder:
    """The scheduler is woken."""

    def act(_invocation: Invocation) -> None:
        rig.invoke("mediawright-Scheduler", _RECORD)

    return act


def sweep(rig: Rig) -> Intruder:
    """The sweep comes, to which everything looks twenty minutes old."""

    def act(_invocation: Invocation) -> None:
        with rig.ahead(QUIET):
            rig.invoke("mediawright-Sweep", b"{}")

    return act


def rival(rig: Rig) -> Intruder:
    """A user posts one more run of the workflow posted first."""

    def act(_invocation: Invocation) -> None:
        rig.submit(rig.posted[0])

    return act


def goes_on(rig: Rig, names: Names) -> Intruder:
    """The run's first operation answers, and its state machine goes on: to the second stage, or to its end."""

    def act(_invocation: Invocation) -> None:
        rig.gates[names["a"]].open.set()
        second = rig.gates[names["b"]].reached
        rig.until(lambda: second.is_set() or not rig.running_executions(rig.submitted), bool)

    return act


INTRUDERS: dict[str, tuple[Callable[[Rig], Intruder], frozenset[str]]] = {
    "again": (again, frozenset()),
    "cancel": (cancel, frozenset({"Canceled"})),
    "kill": (kill, frozenset({"Error"})),
    "admission": (admission, frozenset()),
    "sweep": (sweep, frozenset()),
    "rival": (rival, frozenset()),
    "retried": (retry_ended, frozenset()),
}


def gated_cancel(rig: Rig) -> Ready:
    """The run that is canceled at a gate, with the calls of the cancel."""
    names = GATED.prepare(rig)
    passed(rig, GATED, names, leave=CANCELED)
    outcome = passed(rig, GATED, names, leave=CANCELED)
    return GATED, names, [call for call in outcome.calls if call.actor.endswith("/cancel")]


class Latest:
    """Chance, which takes the last ones."""

    @staticmethod
    def sample(choices: list[Any], count: int) -> list[Any]:
        return choices[-count:] if count else []


class First:
    """Chance, which takes the first ones."""

    @staticmethod
    def sample(choices: list[Any], count: int) -> list[Any]:
        return choices[:count]
