"""What must hold once all is quiet, whatever happened before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.faults.rig import Rig
from tests.faults.scenarios import Expected, Names, Scenario
from tests.faults.watch import ENDED


@dataclass(frozen=True)
class Leave:
    """What a check allows besides the one right end: other statuses, for runs that somebody came between, and events
    in any order, where each item's own stream records came so."""

    statuses: frozenset[str] = frozenset()
    any_order: bool = False


STRICT = Leave()


def broken(rig: Rig, scenario: Scenario, names: Names, runs: list[str], leave: Leave = STRICT) -> list[str]:
    """Everything that is wrong with these runs and with what all runs share; empty when all converged."""
    wrong = [*rig.watch.wrong, *(f"left over: {key}" for key in (*rig.shared_items(), *rig.unfinished()))]
    wrong += [f"{name} is still executing" for name in rig.running_executions(runs)]
    wrong += [f"{run} was acknowledged and doesn't exist" for run in rig.submitted if rig.run_item(run) is None]
    wrong += scenario.besides(rig, names, runs)
    events = rig.events()
    for run_id in runs:
        found = untold(rig.watch.statuses[run_id], events[run_id], leave.any_order)
        if item := rig.run_item(run_id):
            found += _run(rig, item, scenario.expected(names, item["Workflow"]), leave)
        elif parts := rig.items(rig.aws.outputs["ExecutionsTable"], run_id):
            found.append(f"doesn't exist, but left {[part['Part'] for part in parts]}")
        wrong += [f"{run_id}: {what}" for what in found]
    return wrong


def converged(rig: Rig, runs: list[str]) -> bool:
    """Whether a further sweep has nothing to wait for."""
    items = [item for run in runs if (item := rig.run_item(run))]
    return not rig.shared_items() and not rig.unfinished() and all(item["Status"] in ENDED for item in items)


def untold(statuses: list[str], events: list[dict[str, Any]], any_order: bool = False) -> list[str]:
    """Whoever drops what comes again by its EventId is told of each change once, and in order."""
    first = {event["EventId"]: event for event in reversed(events)}
    arrived = list(dict.fromkeys(event["EventId"] for event in events))
    told = [(first[name]["Sequence"], first[name]["Status"]) for name in arrived]
    due = list(enumerate(statuses, start=1))
    return [] if (sorted(told) if any_order else told) == due else [f"events told {told} instead of {due}"]


def _run(rig: Rig, item: dict[str, Any], expected: Expected, leave: Leave) -> list[str]:
    run_id, status = item["Id"], item["Status"]
    called = {name: rig.operators.calls[run_id, name] for name in expected.calls}
    outputs = {name: output["Status"] for name, output in rig.outputs(rig.get(run_id)).items()}
    wrong = []
    if run_id in rig.canceled and "Canceled" not in rig.watch.statuses[run_id]:
        wrong.append(f"never was Canceled though somebody was told so: {rig.watch.statuses[run_id]}")
    if status in leave.statuses:
        wrong += _cut_short(rig, run_id, called, outputs, expected)
    elif status == expected.status:
        once = {name: min(count, 1) if name in expected.again else count for name, count in called.items()}
        wrong += [f"operations were begun {called} instead of {expected.calls}"] * (once != expected.calls)
        wrong += [f"has outputs {outputs} instead of {expected.outputs}"] * (outputs != expected.outputs)
    else:
        wrong.append(f"is {status} instead of {expected.status}: {item.get('Message')}")
    wrong += _closed_stages(rig.get(run_id))
    wrong += [f"left {part}" for part in rig.tokens(run_id)]
    asset = rig.asset_item(item["AssetId"])
    if asset is None or "ActiveRun" in asset:
        wrong.append(f"its asset is {asset}")
    return wrong


def _closed_stages(run: dict[str, Any]) -> list[str]:
    """What the run has left behind is complete, with the outputs of every operation."""
    stages = run["Workflow"]["Stages"]
    left = list(stages)[: list(stages).index(run["CurrentStage"])] if run["CurrentStage"] in stages else []
    return [
        f"has left stage {name}, which is {stages[name]['Status']} with {len(stages[name]['Outputs'])} outputs"
        for name in left
        if stages[name]["Status"] != "Complete" or len(stages[name]["Outputs"]) != len(stages[name]["Operations"])
    ]


def _cut_short(
    rig: Rig, run_id: str, called: dict[str, int], outputs: dict[str, str], expected: Expected
) -> list[str]:
    """A run that somebody ended: nothing ran twice, and nothing before it was started."""
    wrong = [f"{name} was begun {count} times" for name, count in called.items() if count > expected.calls[name]]
    if "Started" not in rig.watch.statuses[run_id] and any(called.values()):
        wrong.append(f"operations were begun {called} though the run never got a slot")
    stray = {name: status for name, status in outputs.items() if expected.outputs.get(name) != status}
    return [*wrong, *([f"has outputs {stray} that nobody made"] if stray else [])]
