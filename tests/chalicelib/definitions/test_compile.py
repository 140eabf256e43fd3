from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.definitions.compile import compile_machine, compile_operation
from chalicelib.definitions.revision import OperationType, RevisionOperation
from tests.chalicelib.definitions import golden
from tests.chalicelib.definitions.jsonata import parse

ALL = sorted(golden.MACHINES)


def levels(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The machine and every branch in it: whatever has states."""
    yield machine
    for state in machine["States"].values():
        for branch in state.get("Branches", []):
            yield from levels(branch)


def texts(node: Any) -> Iterator[str]:
    """Every text in a definition that isn't a key."""
    if isinstance(node, dict):
        for child in node.values():
            yield from texts(child)
    elif isinstance(node, list):
        for child in node:
            yield from texts(child)
    elif isinstance(node, str):
        yield node


def targets(state: dict[str, Any]) -> list[str]:
    """The states that may follow."""
    named = [entry["Next"] for entry in [*state.get("Choices", []), *state.get("Catch", [])]]
    return [*named, *(state[key] for key in ("Next", "Default") if key in state)]


@pytest.mark.parametrize("name", ALL)
def test_the_machine_is_the_one_that_stands_committed(name: str) -> None:
    assert golden.compiled(name) == json.loads(golden.path(name).read_text()), (
        "python -m tests.chalicelib.definitions.golden writes it anew"
    )


@pytest.mark.parametrize("name", ALL)
def test_state_names_are_short_and_unique_in_the_whole_machine(name: str) -> None:
    names = [state for level in levels(golden.compiled(name)) for state in level["States"]]

    assert len(names) == len(set(names))
    assert max(map(len, names)) <= 80


@pytest.mark.parametrize("name", ALL)
def test_every_state_is_reached_and_leads_somewhere(name: str) -> None:
    for level in levels(golden.compiled(name)):
        reached = {level["StartAt"]} | {target for state in level["States"].values() for target in targets(state)}
        assert reached == set(level["States"])
        for state in level["States"].values():
            ends = state["Type"] == "Succeed" or state.get("End") is True
            assert ends != bool(targets(state) if state["Type"] == "Choice" else state.get("Next"))


@pytest.mark.parametrize("name", ALL)
def test_every_expression_parses_and_names_nothing_of_the_users(name: str) -> None:
    expressions = [text for text in texts(golden.compiled(name)) if "{%" in text]

    stages = golden.MACHINES[name]
    names = {stage.name for stage in stages} | {operation.name for stage in stages for operation in stage.operations}
    assert expressions
    for expression in set(expressions):
        parse(expression)
        assert not any(user in expression for user in names)


@pytest.mark.parametrize("name", ALL)
def test_every_task_has_a_timeout_and_refuses_before_it_retries(name: str) -> None:
    tasks = [state for level in levels(golden.compiled(name)) for state in level["States"].values()]
    for task in (state for state in tasks if state["Type"] == "Task"):
        assert task["TimeoutSeconds"]
        assert task["Retry"][0]["MaxAttempts"] == 0
        repeated = [error for retrier in task["Retry"] for error in retrier["ErrorEquals"]]
        assert len(repeated) == len(set(repeated))
        for retrier in task["Retry"]:
            assert isinstance(retrier.get("BackoffRate", 1), int | float)
            whole = ("MaxAttempts", "IntervalSeconds", "MaxDelaySeconds")
            assert all(isinstance(retrier.get(name, 1), int) for name in whole)


def test_every_operation_catches_the_data_limit_by_name_before_everything_else() -> None:
    for level in levels(golden.compiled("two-mixed-stages")):
        for name, state in level["States"].items():
            if name.startswith("S") and " O" in name and state["Type"] == "Task":
                assert [catcher["ErrorEquals"] for catcher in state["Catch"]] == [
                    ["States.DataLimitExceeded"],
                    ["States.ALL"],
                ]


@pytest.mark.parametrize("name", ["one-sync-stage", "wide-stage", "callback-stage", "wait-stage"])
@pytest.mark.parametrize("decision", ["run", "skip"])
def test_a_healthy_stage_of_n_operations_takes_two_n_and_two_transitions(name: str, decision: str) -> None:
    machine = golden.compiled(name)
    count = len(golden.MACHINES[name][0].operations)

    parallel = machine["States"][machine["StartAt"]]
    entered = 1 + sum(entered_states(branch, decision) for branch in parallel["Branches"]) + 1

    assert machine["States"][parallel["Next"]]["End"] is True
    assert entered == 2 * count + 2


def entered_states(branch: dict[str, Any], decision: str) -> int:
    choice = branch["States"][branch["StartAt"]]
    following = choice["Choices"][0]["Next"] if decision == "run" else choice["Default"]
    state = branch["States"][following]
    assert state["Type"] == "Succeed" or state["End"] is True
    return 2


def test_the_stages_follow_each_other_through_their_completions() -> None:
    states = golden.compiled("two-mixed-stages")["States"]

    assert [states[name].get("Next") for name in states] == [
        "S1 look complete",
        "S2 write parallel",
        "S2 write complete",
        None,
    ]
    payloads = [state["Arguments"]["Payload"] for state in states.values() if state["Type"] == "Task"]
    assert [payload["Stage"] for payload in payloads] == [0, 1]


def test_the_partition_of_the_resource_is_that_of_the_completion_function() -> None:
    arn = "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:done"

    machine = compile_machine(golden.MACHINES["one-sync-stage"], arn, golden.TOKENS)

    assert machine["States"]["S1 _Mediainfo complete"]["Resource"] == "arn:aws-us-gov:states:::lambda:invoke"


@pytest.mark.parametrize(
    "arn", ["", "{% $states.input %}", "arn:aws:lambda:us-east-1:123456789012:function:a b", "f\n"]
)
def test_text_that_is_no_arn_never_gets_into_a_definition(arn: str) -> None:
    evil = RevisionOperation("op", "Sync", arn, None, {}, None, 900, 60)

    with pytest.raises(ValueError, match="not the ARN"):
        compile_operation(evil, golden.COMPLETION, golden.TOKENS)
    with pytest.raises(ValueError, match="not the ARN"):
        compile_machine(golden.MACHINES["one-sync-stage"], arn, golden.TOKENS)


def test_names_that_differ_in_their_cut_end_only_do_not_clash() -> None:
    one, other = golden.operation("x" * 50 + "1"), golden.operation("x" * 50 + "2")

    machine = compile_machine([golden.stage("s", one, other)], golden.COMPLETION, golden.TOKENS)

    assert sum(len(level["States"]) for level in levels(machine)) == 2 + 2 * 4


WEEK, YEAR = 7 * 86_400, 365 * 86_400


@pytest.mark.parametrize(("kind", "long"), [("Sync", False), ("Async", False), ("Callback", True), ("Wait", True)])
def test_a_machine_in_which_somebody_is_waited_for_may_take_longer_than_a_year(
    kind: OperationType, long: bool
) -> None:
    stages = [golden.stage("a", golden.operation("x")), golden.stage("b", golden.operation("y", kind))]

    machine = compile_machine(stages, golden.COMPLETION, golden.TOKENS)

    assert (machine["TimeoutSeconds"] > YEAR) if long else (machine["TimeoutSeconds"] == WEEK)


@pytest.mark.parametrize(("seconds", "long"), [(None, False), (60, False), (WEEK, False), (WEEK + 1, True)])
def test_a_machine_outlasts_the_runs_that_its_workflow_allows(seconds: int | None, long: bool) -> None:
    machine = compile_machine(golden.MACHINES["one-sync-stage"], golden.COMPLETION, golden.TOKENS, seconds)

    assert (machine["TimeoutSeconds"] > YEAR) if long else (machine["TimeoutSeconds"] == WEEK)


def test_a_token_task_calls_the_engine_and_names_the_operation_by_position() -> None:
    (stage,) = golden.MACHINES["callback-stage"]
    branches = golden.compiled("callback-stage")["States"]["S1 label parallel"]["Branches"]

    for position, (branch, operation) in enumerate(zip(branches, stage.operations, strict=True)):
        task = branch["States"][f"S1 O{position + 1} {operation.name} run"]
        assert task["Resource"] == "arn:aws:states:::lambda:invoke.waitForTaskToken"
        assert task["Arguments"]["FunctionName"] == golden.TOKENS
        assert (task["Arguments"]["Payload"]["Stage"], task["Arguments"]["Payload"]["Operation"]) == (0, position)
        assert ("HeartbeatSeconds" in task) == (operation.heartbeat_seconds is not None)
        assert operation.start_arn not in json.dumps(branch)
