from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infrastructure.local.states.limits import History, matches
from tests.infrastructure.local.states.world import ALL, Failed, give, only, task, world

LIMIT = 262_144
SUCCEED = ("Caught", {"Type": "Succeed"})


def text_of(size: int, character: str = "x") -> str:
    """A string whose JSON has so many UTF-8 bytes."""
    return character * ((size - 2) // len(character.encode()))


def catch(error: str) -> dict[str, Any]:
    return {"ErrorEquals": [error], "Output": "{% $states.errorOutput.Error %}", "Next": "Caught"}


def test_given_a_result_over_the_limit_then_only_its_own_name_catches_it() -> None:
    with world() as aws:
        aws.functions["f"] = lambda event: "x" * LIMIT
        by_name = task(Catch=[catch("States.DataLimitExceeded"), catch("States.ALL")])
        assert aws.output(only(by_name), SUCCEED) == "States.DataLimitExceeded"
        by_wildcard = aws.run(only(task(Catch=[catch("States.ALL")])), SUCCEED)
    assert by_wildcard["error"] == "States.DataLimitExceeded"


@pytest.mark.parametrize("character", ["x", "é", "€"])
def test_given_an_output_at_the_limit_then_utf_8_bytes_are_counted(character: str) -> None:
    with world() as aws:
        aws.functions["f"] = lambda event: text_of(event["size"], character)
        fits = task(Output="{% $states.result.Payload %}")
        assert len(aws.output(only(fits), given={"size": LIMIT - 200})) > 80_000
        grows = task(Output="{% $states.result.Payload & $states.result.Payload %}")
        assert aws.run(only(grows), given={"size": LIMIT - 200})["error"] == "States.DataLimitExceeded"


def test_given_branches_whose_sum_is_over_the_limit_then_nothing_catches_it() -> None:
    branches = [{"StartAt": f"B{n}", "States": {f"B{n}": give("{% $states.input.text %}")}} for n in range(5)]
    parallel = {
        "Type": "Parallel",
        "Branches": branches,
        "Output": "small",
        "Catch": [catch("States.DataLimitExceeded"), catch("States.ALL")],
        "End": True,
    }
    with world() as aws:
        described = aws.run(only(parallel), SUCCEED, given={"text": text_of(60_000)})
    assert (described["status"], described["error"]) == ("FAILED", "States.DataLimitExceeded")


def test_given_a_branch_that_fails_with_a_states_error_then_the_parallel_can_catch_it() -> None:
    def fail(event: Any) -> Any:
        raise Failed("States.TaskFailed", "no")

    with world() as aws:
        aws.functions["f"] = fail
        branches = [{"StartAt": "B", "States": {"B": task()}}, {"StartAt": "C", "States": {"C": give({})}}]
        parallel = {"Type": "Parallel", "Branches": branches, "Catch": [catch("States.ALL")], "End": True}
        assert aws.output(only(parallel), SUCCEED) == "States.TaskFailed"


def test_given_an_input_over_the_limit_then_the_execution_is_not_started() -> None:
    with world() as aws:
        machine = aws.create(only(give({})))
        aws.end(aws.start(machine, json.dumps(text_of(LIMIT))))
        with pytest.raises(ClientError, match="InvalidExecutionInput"):
            aws.start(machine, json.dumps(text_of(LIMIT) + "x"))
        with pytest.raises(ClientError, match="InvalidExecutionInput"):
            aws.start(machine, '{"a": NaN}')


@pytest.mark.parametrize(
    ("names", "error", "result"),
    [
        (ALL, "Any", True),
        (ALL, "States.Timeout", True),
        (ALL, "States.DataLimitExceeded", False),
        (ALL, "States.Runtime", False),
        (["States.TaskFailed"], "States.QueryEvaluationError", True),
        (["States.TaskFailed"], "Any", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["A", "B"], "B", True),
        (["A"], None, False),
    ],
)
def test_wildcards_stand_for_what_aws_says(names: list[str | None], error: str | None, result: bool) -> None:
    assert matches(names, error) is result


def test_given_an_endless_loop_then_the_history_s_quota_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(History, "limit", 100)
    with world() as aws:
        described = aws.run(("A", give("{% $states.input %}", Next="B")), ("B", give({}, Next="A")))
        events = aws.history(described["executionArn"])
    assert described["status"] == "FAILED"
    assert "maximum number of history events (100)" in described["cause"]
    assert (len(events), events[-1]["type"]) == (100, "ExecutionFailed")


def test_given_no_rule_that_matches_then_the_choice_fails() -> None:
    choice = {"Type": "Choice", "Choices": [{"Condition": "{% 1 = 2 %}", "Next": "Caught"}]}
    with world() as aws:
        assert aws.run(only(choice), SUCCEED)["error"] == "States.NoChoiceMatched"
