"""The batches' state machine as the template defines it.

`python -m tests.infrastructure.template.test_batches` writes its committed copy anew, which CI validates with the
compiled machines.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from infrastructure.template import fragments
from tests.infrastructure.sample_project import REPOSITORY

COMMITTED = REPOSITORY / "tests" / "golden" / "definitions" / "batches.asl.json"
_VALUES = {
    "AWS::Partition": "aws",
    "BatchItems.Arn": "arn:aws:lambda:us-east-1:123456789012:function:mediawright-BatchItems",
    "DataBucket": "data",
}


def resources() -> dict[str, Any]:
    found: dict[str, Any] = fragments.read(Path(REPOSITORY / "cfn" / "batches.yaml"))["Resources"]
    return found


def definition() -> dict[str, Any]:
    """The definition with the stack's values in place."""
    text = resources()["BatchMachine"]["Properties"]["DefinitionString"]["Fn::Sub"]
    parsed: dict[str, Any] = json.loads(re.sub(r"\$\{([^}]+)\}", lambda found: _VALUES[found[1]], text))
    return parsed


def states(machine: dict[str, Any]) -> dict[str, Any]:
    """All states by name, those within maps included."""
    found = dict(machine["States"])
    for state in machine["States"].values():
        if "ItemProcessor" in state:
            found |= states(state["ItemProcessor"])
    return found


def statements(role: str) -> dict[str, Any]:
    (policy,) = resources()[role]["Properties"]["Policies"]
    found = [entry["Fn::If"][1] if "Fn::If" in entry else entry for entry in policy["PolicyDocument"]["Statement"]]
    return {entry["Sid"]: entry for entry in found}


def test_the_committed_copy_is_fresh() -> None:
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == definition()


def test_every_task_invokes_the_one_function_and_is_retried_patiently() -> None:
    tasks = [state for state in states(definition()).values() if state["Type"] == "Task"]

    assert len(tasks) == 6
    for task in tasks:
        assert task["Resource"] == "arn:aws:states:::lambda:invoke"
        assert task["Arguments"]["FunctionName"] == _VALUES["BatchItems.Arn"]
        assert task["Retry"] == [
            {
                "ErrorEquals": ["States.ALL"],
                "IntervalSeconds": 1,
                "MaxAttempts": 8,
                "BackoffRate": 2,
                "MaxDelaySeconds": 60,
                "JitterStrategy": "FULL",
            }
        ]


def test_results_of_maps_go_to_the_bucket_since_no_state_could_hold_them() -> None:
    maps = [state for state in definition()["States"].values() if state["Type"] == "Map"]

    assert [state["Label"] for state in maps] == ["Lines", "Objects"]
    for state in maps:
        assert state["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
        assert state["ResultWriter"]["Arguments"]["Bucket"] == "data"
        assert states(state["ItemProcessor"]).popitem()[1]["Output"] == {}


def test_the_machines_role_starts_itself_reads_batches_and_invokes_one_function() -> None:
    found = statements("BatchMachineRole")

    assert found["BatchItems"]["Resource"] == {"Fn::GetAtt": ["BatchItems", "Arn"]}
    assert found["MapRuns"]["Resource"]["Fn::Sub"].endswith(":stateMachine:mediawright-batches-${ShortUuid}")
    assert found["IndexesAndResults"]["Resource"] == {"Fn::Sub": "${DataBucket.Arn}/private/batches/*"}
    assert set(found) == {
        "BatchItems",
        "MapRuns",
        "MapRunExecutions",
        "IndexesAndResults",
        "Prefixes",
        "ExternalPrefixes",
        "Traces",
        "Key",
    }


def test_its_name_is_none_of_a_compiled_machine() -> None:
    name = resources()["BatchMachine"]["Properties"]["StateMachineName"]["Fn::Sub"]

    assert not re.search(r"-\$\{ShortUuid\}-", name)


if __name__ == "__main__":
    COMMITTED.write_text(json.dumps(definition(), indent=2) + "\n", encoding="utf-8")
