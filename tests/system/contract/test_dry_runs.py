"""`?dryRun=true`: everything is checked, the answer is what would be made, nothing is written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.system.conftest import Engine
from tests.system.contract.conftest import everything, fresh, refused, workflow_of

SERVERS_OWN = {"Id", "Created", "StateMachineArn", "WorkflowExecutionId", "AssetId"}
Change = tuple[str, str, dict[str, Any], dict[str, Any]]


def changes(engine: Engine) -> dict[str, Change]:
    """By what is made: method, path, a good body and a bad one."""
    operation = engine.operation("echo", Make={"made": True})
    stage = engine.stage(operation)
    workflow = workflow_of(engine, stage)
    configuration = {"MediaType": "Video", "Enabled": False}
    registered = {
        "Name": fresh("op"),
        "Type": "Sync",
        "Configuration": configuration,
        # no other operation has had its function tagged yet
        "StartLambdaArn": engine.function("echo", timeout=31),
    }
    chain = {"StartAt": stage, "Stages": {stage: {"End": True}}}
    media = engine.video()
    return {
        "new operation": ("POST", "workflow/operation", registered, {**registered, "Type": "Async"}),
        "operation": (
            "PUT",
            "workflow/operation",
            {"Name": operation, "Configuration": configuration},
            {"Name": operation, "Configuration": {}},
        ),
        "new stage": (
            "POST",
            "workflow/stage",
            {"Name": fresh("st"), "Operations": [operation]},
            {"Name": fresh("st"), "Operations": ["nobody"]},
        ),
        "stage": (
            "PUT",
            "workflow/stage",
            {"Name": stage, "Configuration": {operation: {"Enabled": False}}},
            {"Name": stage, "Operations": []},
        ),
        "new workflow": ("POST", "workflow", {"Name": fresh("wf"), **chain}, {"Name": workflow, **chain}),
        "workflow": ("PUT", "workflow", {"Name": workflow}, {"Name": workflow, "StartAt": "nowhere"}),
        "run": (
            "POST",
            "workflow/execution",
            {"Name": workflow, "Input": media},
            {"Name": workflow, "Input": {"AssetId": "nobody"}},
        ),
        "batch": (
            "POST",
            "workflow/execution/batch",
            {"Name": workflow, "Inputs": [{"Input": media}]},
            {"Name": workflow, "Inputs": [{"Input": {}}]},
        ),
        "run of a stage": (
            "POST",
            "workflow/execution",
            {"Stage": stage, "Input": media},
            {"Stage": "nobody", "Input": media},
        ),
    }


KINDS = [
    "new operation",
    "operation",
    "new stage",
    "stage",
    "new workflow",
    "workflow",
    "run",
    "batch",
    "run of a stage",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_dry_run_answers_what_would_be_made_and_writes_nothing(engine: Engine, kind: str) -> None:
    method, path, good, bad = changes(engine)[kind]
    function = engine.function("echo", timeout=31)
    tags = engine.aws.client("lambda").list_tags(Resource=function)["Tags"]
    before = everything(engine)

    dry = engine.ok(method, f"{path}?dryRun=true", good)
    answer = engine.http.request(method, f"{path}?dryRun=true", json=bad)

    assert 400 <= answer.status_code < 500
    assert everything(engine) == before
    assert engine.aws.client("lambda").list_tags(Resource=function)["Tags"] == tags
    real = engine.ok(method, path, good)
    assert set(dry) == set(real)
    assert {k: v for k, v in dry.items() if k not in SERVERS_OWN and k not in ("Workflow", "Stages")} == {
        k: v for k, v in real.items() if k not in SERVERS_OWN and k not in ("Workflow", "Stages")
    }
    assert everything(engine) != before


@pytest.mark.parametrize("kind", ["new operation", "run"])
def test_any_other_word_than_true_and_false_is_refused(engine: Engine, kind: str) -> None:
    method, path, good, _ = changes(engine)[kind]
    before = everything(engine)

    for word in ("True", "1", "", "yes"):
        refused(engine.http.request(method, f"{path}?dryRun={word}", json=good), 400, "dryRun")

    assert everything(engine) == before
