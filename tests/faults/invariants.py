"""What must hold once all is quiet, whatever happened before."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.faults.rig import Rig
from tests.faults.scenarios import Expected, Names, Scenario
from tests.faults.watch import ENDED


def broken(rig: Rig, scenario: Scenario, names: Names, runs: list[str], acknowledged: list[str]) -> list[str]:
    """Everything that is wrong with these runs and with what all runs share; empty when all converged."""
    wrong = [*rig.watch.wrong, *(f"left over: {key}" for key in rig.shared_items())]
    wrong += [f"{name} is still executing" for name in rig.running_executions(runs)]
    wrong += [f"{run} was acknowledged and doesn't exist" for run in acknowledged if rig.run_item(run) is None]
    events = rig.events()
    for run_id in runs:
        wrong += [f"{run_id}: {what}" for what in _events(rig.watch.statuses[run_id], events[run_id])]
        item = rig.run_item(run_id)
        if item is not None:
            wrong += [f"{run_id}: {what}" for what in _run(rig, item, scenario.expected(names, item["Workflow"]))]
        elif parts := rig.items(rig.aws.outputs["ExecutionsTable"], run_id):
            wrong.append(f"{run_id} doesn't exist, but left {[part['Part'] for part in parts]}")
    return wrong


def converged(rig: Rig, runs: list[str]) -> bool:
    """Whether a further sweep has nothing to wait for."""
    items = [item for run in runs if (item := rig.run_item(run))]
    return not rig.shared_items() and all(item["Status"] in ENDED for item in items)


def _events(statuses: list[str], events: list[dict[str, Any]]) -> list[str]:
    """Whoever drops what comes again by its EventId is told of each change once, and in order."""
    first = {event["EventId"]: event for event in reversed(events)}
    arrived = list(dict.fromkeys(event["EventId"] for event in events))
    told = [(first[name]["Sequence"], first[name]["Status"]) for name in arrived]
    due = list(enumerate(statuses, start=1))
    return [] if told == due else [f"events told {told} instead of {due}"]


def _run(rig: Rig, item: dict[str, Any], expected: Expected) -> list[str]:
    run_id, wrong = item["Id"], []
    if item["Status"] != expected.status:
        wrong.append(f"is {item['Status']} instead of {expected.status}: {item.get('Message')}")
    called = Counter({name: rig.operators.calls[run_id, name] for name in expected.calls})
    if called != Counter(expected.calls):
        wrong.append(f"operations were begun {dict(called)} instead of {expected.calls}")
    document = rig.get(run_id)
    outputs = {name: output["Status"] for name, output in rig.outputs(document).items()}
    if document["Status"] in ENDED and outputs != expected.outputs:
        wrong.append(f"has outputs {outputs} instead of {expected.outputs}")
    asset = rig.asset_item(item["AssetId"])
    if asset is None or "ActiveRun" in asset:
        wrong.append(f"its asset is {asset}")
    return wrong
