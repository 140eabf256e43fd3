from __future__ import annotations

import json
import threading
import time
from typing import Any

from infrastructure.local.meter import METER
from infrastructure.local.states.executions import CHANGED
from tests.infrastructure.local.states.world import ALL, Failed, World, task, world

AGAIN = [
    {"ErrorEquals": ["InvalidInput"], "MaxAttempts": 0},
    {"ErrorEquals": ["Again"], "IntervalSeconds": 1, "MaxAttempts": 4, "JitterStrategy": "FULL"},
]


def branch(stage: int, position: int) -> dict[str, Any]:
    name, plan = f"S{stage} O{position}", f"$states.input.Plan.o{position}"
    merge = f'{{% $merge([{plan}.Event, {{"Input": $states.input.Input}}]) %}}'
    output = """{% (
      $payload := $states.result.Payload;
      $size := $length($replace($string($payload), /[^\\x00-\\x7F]/, "xxx"));
      $size > 5000 ? {"Do": "run", "TooLarge": $size}
      : $type($payload) = "object"
        ? {"Do": "run", "Size": $size, "Entered": $states.context.State.EnteredTime, "Left": $now(),
           "Run": $states.context.Execution.Name, "Millis": $millis(),
           "Kept": $sift($payload, function($v, $k) {$k in ["Status", "Media", "MetaData"]})}
        : {"Do": "run", "Result": $payload}
    ) %}"""
    failed = {"Do": "run", "Failed": "{% $states.errorOutput %}"}
    run = task(
        "operator",
        merge,
        TimeoutSeconds=f"{{% {plan}.TimeoutSeconds %}}",
        Output=output,
        Retry=AGAIN,
        Catch=[
            {"ErrorEquals": ["States.DataLimitExceeded"], "Output": failed, "Next": f"{name} pause"},
            {"ErrorEquals": ALL, "Output": failed, "Next": f"{name} pause"},
        ],
    )
    choice = {"Condition": f"{{% {plan}.Do = 'run' %}}", "Next": f"{name} run"}
    return {
        "StartAt": f"{name} decide",
        "States": {
            f"{name} decide": {"Type": "Choice", "Choices": [choice], "Default": f"{name} skip"},
            f"{name} skip": {"Type": "Succeed", "Output": {"Do": f"{{% {plan}.Do %}}"}},
            f"{name} run": run,
            f"{name} pause": {"Type": "Wait", "Seconds": "{% $length($states.input.Do) %}", "Next": f"{name} failed"},
            f"{name} failed": {"Type": "Succeed"},
        },
    }


def definition(stages: int) -> list[tuple[str, dict[str, Any]]]:
    made = []
    for stage in range(1, stages + 1):
        branches = [branch(stage, 1), branch(stage, 2)]
        made.append((f"S{stage}", {"Type": "Parallel", "Branches": branches, "Next": f"S{stage} complete"}))
        event = {"Stage": stage - 1, "Outputs": "{% $states.input %}"}
        following = {"Next": f"S{stage + 1}"} if stage < stages else {"End": True}
        complete = {**task("complete", event, Output="{% $states.result.Payload %}"), **following}
        made.append((f"S{stage} complete", complete if stage == stages else without_end(complete)))
    return made


def without_end(state: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key != "End"}


def stage_input(number: int, second: str = "run") -> dict[str, Any]:
    def plan(position: int, do: str) -> dict[str, Any]:
        event = {"Name": f"op{position}", "Run": number, "Configuration": {"é": 1.5}}
        return {"Do": do, "Event": event, "TimeoutSeconds": 30}

    return {"Input": {"Media": {"n": number}, "MetaData": {}}, "Plan": {"o1": plan(1, "run"), "o2": plan(2, second)}}


class Engine:
    """An operator that fails as its run's number says, and a completion that hands the next stage's input on."""

    def __init__(self, aws: World) -> None:
        self.lock = threading.Lock()
        self.tries: dict[tuple[int, str], int] = {}
        aws.functions.update(operator=self.operate, complete=self.complete)

    def operate(self, event: dict[str, Any]) -> Any:
        key = (event["Run"], event["Name"])
        with self.lock:
            self.tries[key] = self.tries.get(key, 0) + 1
        if event["Name"] == "op1" and event["Run"] % 5 == 1 and self.tries[key] % 2:
            raise Failed("Again", "busy")
        if event["Name"] == "op1" and event["Run"] % 5 == 2:
            raise Failed("InvalidInput", "no such thing")
        if event["Name"] == "op1" and event["Run"] % 5 == 3:
            return ["text", None]
        return {
            "Status": "Complete",
            "MetaData": {"Run": event["Run"], "é": "€"},
            "Media": event["Input"]["Media"],
            "x": 1,
        }

    def complete(self, event: dict[str, Any]) -> Any:
        if event["Stage"] == 0:
            return stage_input(event["Outputs"][1]["Kept"]["MetaData"]["Run"], "skip")
        return event["Outputs"]


def check(number: int, first: dict[str, Any], second: dict[str, Any], run: str) -> None:
    assert second == {"Do": "skip"}
    kind = number % 5
    if kind == 2:
        assert first["Failed"]["Error"] == "InvalidInput"
        assert json.loads(first["Failed"]["Cause"])["errorMessage"] == "no such thing"
    elif kind == 3:
        assert first == {"Do": "run", "Result": ["text", None]}
    else:
        kept = {"Status": "Complete", "MetaData": {"Run": number, "é": "€"}, "Media": {"n": number}}
        assert first["Kept"] == kept
        assert first["Size"] >= len(json.dumps({**kept, "x": 1}, separators=(",", ":"), ensure_ascii=False).encode())
        assert first["Run"] == run
        assert first["Entered"][:10] == first["Left"][:10]
        assert first["Millis"] > 1_600_000_000_000


def test_given_sixty_starts_at_once_then_every_execution_completes_with_its_own_data() -> None:
    with world() as aws:
        engine = Engine(aws)
        machine = aws.create(*definition(2))
        together = threading.Barrier(60)
        arns: dict[int, str] = {}

        def start(number: int) -> None:
            together.wait(20)
            arns[number] = aws.start(machine, stage_input(number), name=f"run{number}-1")

        threads = [threading.Thread(target=start, args=(number,)) for number in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        for number, arn in arns.items():
            described = aws.end(arn, 60)
            assert described["status"] == "SUCCEEDED", described
            first, second = json.loads(described["output"])
            check(number, first, second, f"run{number}-1")
            assert aws.statuses(arn) == ["RUNNING", "SUCCEEDED"]
        assert len(arns) == 60
        assert all(engine.tries[number, "op1"] == 4 for number in arns if number % 5 == 1)


def test_given_a_run_of_twelve_transitions_then_it_costs_little() -> None:
    with world() as aws:
        aws.functions.update(
            operator=lambda event: {"Status": "Complete", "MetaData": {"Run": event["Run"]}, "Media": {}},
            complete=lambda event: stage_input(1),
        )
        machine = aws.create(*definition(2))
        aws.end(aws.start(machine, stage_input(0)))
        METER.reset()
        started, before = time.process_time(), len(aws.events)
        for number in range(20):
            aws.start(machine, stage_input(number))
        aws.wait_for(lambda: len(aws.events) == before + 40)
        assert METER.snapshot()["states.transitions"] == 20 * 12
        # A quarter of it on an idle machine; tests share their cores.
        assert (time.process_time() - started) / 20 < 0.06


def test_given_a_second_installation_then_nothing_is_wrapped_twice() -> None:
    with world() as aws:
        hooks = len(CHANGED)
        with world():
            pass
        assert len(CHANGED) == hooks
        assert aws.machines == 0
