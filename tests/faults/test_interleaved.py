"""Somebody comes between: at every call of every engine function, while its caller waits for the answer.

What is read and what is written afterwards are two calls, and the other one acts just between them. These are the
races that conditions are for, each at its exact moment.
"""

from __future__ import annotations

import pytest

from chalicelib.aws import clock
from tests.faults import report
from tests.faults.around import TAKEN_UP_AGAIN
from tests.faults.injections import Recorded, demand_converged, injected
from tests.faults.intruders import (
    CANCELED,
    INTRUDERS,
    Latest,
    cancel_and_retry,
    cancel_and_retry_batch,
    delete_ended,
    gated_cancel,
    goes_on,
    retry_ended,
    rival,
)
from tests.faults.invariants import Leave
from tests.faults.rig import Rig
from tests.faults.scenarios import TWO_RUNS, named

LONG = ("failing", "queued behind another", "parked behind another", "waiting")

NOBODY_RESUMES = ("waiting", "rival")
"""A rival of a run that waits would wait for ever."""

RACED = [
    pytest.param(workflow, name, marks=[pytest.mark.long] if workflow in LONG else [])
    for workflow in ("sync", *LONG)
    for name in INTRUDERS
    if name != "retried" and (workflow, name) != NOBODY_RESUMES
]


@pytest.mark.parametrize(("workflow", "name"), RACED)
def test_somebody_comes_between_at_each_call(rig: Rig, recorded: Recorded, workflow: str, name: str) -> None:
    scenario = named(workflow)
    names, points = recorded(scenario)
    make, statuses = INTRUDERS[name]

    tally = injected(rig, scenario, names, points, f"{name} between", make(rig), Leave(statuses))

    demand_converged(tally)


def test_a_run_goes_on_while_it_is_canceled(rig: Rig) -> None:
    """What was read of the run is out of date when the cancel is written: outputs saved meanwhile must stay."""
    scenario, names, points = gated_cancel(rig)

    tally = injected(rig, scenario, names, points, "goes on between", goes_on(rig, names), CANCELED)

    demand_converged(tally)


def test_a_canceled_run_is_retried_meanwhile(rig: Rig, recorded: Recorded) -> None:
    """The end of the state machine that was stopped says nothing of the one that the retry began."""
    scenario = named("canceled and retried")
    names, made = recorded(scenario)
    points = [call for call in made if call.actor in ("StatusChange", "StageCompletion")]

    tally = injected(rig, scenario, names, points, "retried between", retry_ended(rig))

    demand_converged(tally)


def test_a_run_is_canceled_and_retried_meanwhile(rig: Rig, recorded: Recorded) -> None:
    """What belongs to the attempt before changes nothing of the next; what a stage completed is not run again."""
    scenario = named("sync")
    names, made = recorded(scenario)
    points = [call for call in made if call.actor == "StageCompletion"]

    tally = injected(rig, scenario, names, points, "canceled and retried between", cancel_and_retry(rig))

    demand_converged(tally)


def test_a_run_is_retried_while_it_is_deleted(rig: Rig, recorded: Recorded) -> None:
    """Either the deletion is refused and the next attempt finds all its stages, or nothing is left of the run."""
    scenario = named("deleted")
    names, points = recorded(scenario)

    tally = injected(rig, scenario, names, points, "retried between", retry_ended(rig))

    demand_converged(tally)


def test_a_run_is_deleted_while_it_is_retried(rig: Rig, recorded: Recorded) -> None:
    """A retry brings no stage of a run back that is gone."""
    scenario = named("retried")
    names, made = recorded(scenario)
    points = [call for call in made if call.actor.endswith("/retry")]

    tally = injected(rig, scenario, names, points, "deleted between", delete_ended(rig))

    demand_converged(tally)


def test_a_batch_is_canceled_and_retried_while_it_is_submitted(rig: Rig, recorded: Recorded) -> None:
    """Whatever the round before was about to do, in the next one every item has one run, and the batch ends by it."""
    names, made = recorded(TAKEN_UP_AGAIN)
    points = [call for call in made if call.actor == "BatchItems"]

    tally = injected(rig, TAKEN_UP_AGAIN, names, points, "canceled and retried between", cancel_and_retry_batch(rig))

    demand_converged(tally)


def test_two_runs_never_get_one_slot(rig: Rig, recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run is posted and admitted between: first come the latest runs, and all want the lowest number."""
    monkeypatch.setattr(clock, "pick", min)
    monkeypatch.setattr("chalicelib.executions.admit.random", Latest())
    names, made = recorded(TWO_RUNS)
    points = [call for call in made if call.actor.startswith("POST")]

    tally = injected(rig, TWO_RUNS, names, points, "rival between", rival(rig))

    report.INJECTIONS.rows.append(tally.row)
    assert not tally.failures, "\n".join(tally.failures)
