"""Which names may be taken: the rule is in the message, and what it allows works to the end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.system.conftest import Engine
from tests.system.contract.conftest import fresh, refused

GOOD = ["a", "7", "_under", "A.b-c_d", "a..b", "0.1-x", "x" * 62]
BAD = ["", "-a", ".a", "a b", "a/b", "a\n", "\na", "né", "a$b", "{%x%}", "a'b", 'a"b', "a:b", "a#b", "x" * 65]


def body(engine: Engine, kind: str, name: Any, operation: str, stage: str) -> dict[str, Any]:
    if kind == "operation":
        configuration = {"MediaType": "Video", "Enabled": True}
        function = engine.function("echo")
        return {"Name": name, "Type": "Sync", "Configuration": configuration, "StartLambdaArn": function}
    if kind == "stage":
        return {"Name": name, "Operations": [operation]}
    return {"Name": name, "StartAt": stage, "Stages": {stage: {"End": True}}}


def path(kind: str) -> str:
    return "workflow" if kind == "workflow" else f"workflow/{kind}"


@pytest.mark.parametrize("kind", ["operation", "stage", "workflow"])
def test_names_beyond_the_rule_are_refused_with_the_rule(engine: Engine, kind: str) -> None:
    operation = engine.operation("echo")
    stage = engine.stage(operation)
    longest = 63 if kind == "operation" else 64

    for name in [*BAD, "x" * (longest + 1)]:
        answer = engine.http.post(path(kind), json=body(engine, kind, name, operation, stage))
        message = refused(answer, 400, "Name")
        assert "letters, digits, '_', '.' and '-'" in message, (name, message)
        assert str(longest) in message
    for name in (None, 7, ["a"]):
        refused(engine.http.post(path(kind), json=body(engine, kind, name, operation, stage)), 400, "Name")


@pytest.mark.parametrize("name", ["operation", "stage", "execution", "configuration", "list", "trigger"])
def test_no_workflow_takes_a_word_of_the_paths(engine: Engine, name: str) -> None:
    operation = engine.operation("echo")
    stage = engine.stage(operation)

    refused(
        engine.http.post("workflow", json=body(engine, "workflow", name, operation, stage)),
        400,
        "Name",
        name,
        "reserved",
    )


def test_stages_are_not_called_end_and_do_not_begin_with_an_underscore(engine: Engine) -> None:
    operation = engine.operation("echo")

    for name in ("End", "_mine", f"_{operation}"):
        refused(engine.http.post("workflow/stage", json={"Name": name, "Operations": [operation]}), 400, "Name", name)


def test_every_allowed_name_is_registered_found_and_run(engine: Engine) -> None:
    suffix = fresh()[-8:]
    for good in GOOD:
        name = good if len(good) > 60 else f"{good}{suffix}"
        stage_name = name.lstrip("_") if len(name) < 60 else f"{name}.y"
        workflow_name = name if len(name) < 60 else f"{name}-y"
        operation = engine.ok("POST", "workflow/operation", body(engine, "operation", name, "", ""))["Name"]
        engine.ok("POST", "workflow/stage", body(engine, "stage", stage_name, operation, ""))
        engine.ok("POST", "workflow", body(engine, "workflow", workflow_name, operation, stage_name))

        assert engine.run(workflow_name)["Status"] == "Complete"
        for where in (f"operation/{name}", f"stage/_{name}", f"stage/{stage_name}", workflow_name):
            assert engine.ok("GET", f"workflow/{where}")["Name"] == where.rpartition("/")[2]
        assert [one["Name"] for one in engine.ok("GET", f"workflow/list/stage/{stage_name}")] == [workflow_name]
        assert engine.ok("DELETE", f"workflow/{workflow_name}")["Name"] == workflow_name
        assert engine.ok("DELETE", f"workflow/stage/{stage_name}")["Name"] == stage_name
        assert engine.ok("DELETE", f"workflow/operation/{name}")["Name"] == name


def test_names_of_the_greatest_length_run(engine: Engine) -> None:
    unique = fresh("n").replace("-", "_")
    operation, longest = unique.ljust(63, "o"), unique.ljust(64, "s")
    engine.ok("POST", "workflow/operation", body(engine, "operation", operation, "", ""))
    engine.ok("POST", "workflow/stage", body(engine, "stage", longest, operation, ""))
    engine.ok("POST", "workflow", body(engine, "workflow", longest, operation, longest))

    run = engine.run(longest)

    assert run["Status"] == "Complete"
    assert list(engine.outputs(run)) == [operation]
    assert len(engine.ok("GET", f"workflow/stage/_{operation}")["Name"]) == 64


def test_names_differ_by_the_case_of_their_letters(engine: Engine) -> None:
    lower = fresh("case")
    for name in (lower, lower.upper()):
        engine.ok("POST", "workflow/operation", body(engine, "operation", name, "", ""))

    assert engine.ok("GET", f"workflow/operation/{lower}")["Name"] == lower
    assert engine.ok("GET", f"workflow/operation/{lower.upper()}")["Name"] == lower.upper()
