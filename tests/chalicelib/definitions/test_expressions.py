from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.definitions import expressions
from chalicelib.definitions.stage_input import branch_share
from tests.chalicelib.definitions.jsonata import evaluate

CONTEXT = {"State": {"EnteredTime": "2026-11-21T04:05:06.007Z"}, "Execution": {"Name": "run-1"}}
PLAN = {"o1": {"Do": "run", "Event": {"Name": "a", "Status": "Started"}, "TimeoutSeconds": 7, "PollMaxSeconds": 30}}
INPUT = {"Input": {"Media": {}, "MetaData": {"k": [1]}}, "Plan": {**PLAN, "o2": {"Do": "skip"}}}


def projected(payload: Any, branches: int = 1) -> dict[str, Any]:
    output = evaluate(expressions.answer(branches), result={"Payload": payload}, context=CONTEXT, input=INPUT)
    assert output.pop("Do") == "run"
    assert output.pop("Entered") == CONTEXT["State"]["EnteredTime"]
    assert output.pop("Left") > "2020"
    polled = {"Payload": payload, "Entered": "then"}
    last = evaluate(expressions.last_answer(branches), context=CONTEXT, input=polled)
    assert (last.pop("Do"), last.pop("Entered"), last.pop("Left") > "2020") == ("run", "then", True)
    assert last == output
    return dict(output)


def test_the_plan_is_read_by_position() -> None:
    assert evaluate(expressions.decision(0), input=INPUT) == "run"
    assert evaluate(expressions.decision(1), input=INPUT) == "skip"
    assert evaluate(expressions.timeout(0), input=INPUT) == 7


def test_an_operator_gets_its_event_with_the_shared_input() -> None:
    event = evaluate(expressions.event(0), input=INPUT)

    assert event == {"Name": "a", "Status": "Started", "Input": INPUT["Input"]}


@pytest.mark.parametrize(
    ("payload", "kept"),
    [
        (
            {"Status": "Complete", "Media": {"Text": {}}, "MetaData": {"n": 0.1}, "Input": {}, "Configuration": {}},
            {"Status": "Complete", "Media": {"Text": {}}, "MetaData": {"n": 0.1}},
        ),
        ({"Status": "Complete", "Media": None}, {"Status": "Complete", "Media": None}),
        ({"Status": ["a"], "MetaData": [[1]], "Media": []}, {"Status": ["a"], "MetaData": [[1]], "Media": []}),
        ({"Other": 1}, {}),
        ({}, {}),
    ],
)
def test_of_an_object_the_engines_members_are_kept(payload: Any, kept: Any) -> None:
    assert projected(payload) == {"Kept": kept}


@pytest.mark.parametrize("payload", [None, "done", "", 0, 2.5, True, False, [], ["x"], [{"Status": "Complete"}]])
def test_what_is_no_object_goes_whole(payload: Any) -> None:
    assert projected(payload) == {"Result": payload}


def test_a_function_that_answered_nothing_at_all_is_no_error() -> None:
    output = evaluate(expressions.answer(1), result={}, context=CONTEXT, input=INPUT)

    assert set(output) == {"Do", "Entered", "Left"}


@pytest.mark.parametrize("character", ["x", '"', "\\", "é", "字", "\N{GRINNING FACE}"])
@pytest.mark.parametrize("branches", [1, 2, 40])
def test_no_answer_within_its_share_is_left_out_and_none_beyond_it_gets_through(
    character: str, branches: int
) -> None:
    share = branch_share(branches)
    one = len(json.dumps({"MetaData": {"t": character * 100}}, ensure_ascii=False).encode()) // 100
    fits = {"Status": "Complete", "MetaData": {"t": character * (share // 4 // max(one, 1))}}
    beyond = {"Status": "Complete", "MetaData": {"t": character * share}}

    assert "Kept" in projected(fits, branches)
    refused = projected(beyond, branches)
    assert refused.keys() == {"TooLarge"}
    assert refused["TooLarge"] >= len(json.dumps(beyond, ensure_ascii=False, separators=(",", ":")).encode())


def test_outputs_of_all_branches_at_their_share_fit_the_state_limit() -> None:
    for branches in (1, 5, 40):
        overhead = len(json.dumps({"Do": "run", "Entered": "x" * 40, "Left": "x" * 40, "Kept": {}}))
        assert branches * (branch_share(branches) + overhead) < 262_144


def failed(error: dict[str, str], branches: int = 1) -> dict[str, Any]:
    output = evaluate(
        expressions.failure(branches, expressions.ENTERED), errorOutput=error, context=CONTEXT, input=INPUT
    )
    assert output["Do"] == "run"
    assert output["Entered"] == CONTEXT["State"]["EnteredTime"]
    assert output["Left"] > "2020"
    assert len(json.dumps(output, ensure_ascii=False).encode()) < branch_share(branches)
    return dict(output["Failed"])


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ({"Error": "InvalidInput", "Cause": '{"errorMessage":"x"}'}, ("InvalidInput", '{"errorMessage":"x"}')),
        ({"Error": "States.Timeout"}, ("States.Timeout", "")),
        ({}, ("States.TaskFailed", "")),
    ],
)
def test_a_failure_keeps_error_and_cause_when_there_are_any(error: dict[str, str], shown: tuple[str, str]) -> None:
    failure = failed(error)

    assert (failure["Error"], failure["Cause"]) == shown


@pytest.mark.parametrize("character", ["x", '"', "\n", "\x01", "字", "\N{GRINNING FACE}"])
def test_a_long_cause_is_cut_to_fit_the_share(character: str) -> None:
    cause = failed({"Error": "E" * 300, "Cause": character * 32_768}, 40)["Cause"]

    assert 0 < len(cause) < 32_768
    assert set(cause) == {character}


def test_a_poll_waits_longer_each_time_but_not_beyond_the_maximum() -> None:
    state = evaluate(expressions.begun(0), result={"Payload": {"job": 1}}, context=CONTEXT, input=INPUT)
    assert (state["Payload"], state["Wait"], state["PollMax"], state["Timeout"]) == ({"job": 1}, 10, 30, 7)

    state["Deadline"] += 10**9
    waits = []
    for _ in range(5):
        state = evaluate(expressions.polled(), result={"Payload": {"Status": "Executing"}}, input=state)
        waits.append(state["Wait"])

    assert waits == [15, 23, 30, 30, 30]
    assert all(isinstance(wait, int) for wait in waits)
    assert state["Payload"] == {"Status": "Executing"}


def test_the_last_wait_ends_at_the_deadline() -> None:
    state = evaluate(expressions.begun(0), result={"Payload": None}, context=CONTEXT, input=INPUT)

    after = evaluate(expressions.polled(), result={}, input=state)

    assert 6 <= after["Wait"] <= 7
    assert after["Payload"] is None
    overdue = {**state, "Deadline": 0}
    assert evaluate(expressions.polled(), result={}, input=overdue)["Wait"] == 1


@pytest.mark.parametrize(
    ("payload", "deadline", "again"),
    [
        ({"Status": "Executing"}, 10**15, True),
        ({"Status": "Executing"}, 0, False),
        ({"Status": "Complete"}, 10**15, False),
        ({}, 10**15, False),
        (None, 10**15, False),
        ("Executing", 10**15, False),
        ([{"Status": "Executing"}], 10**15, False),
    ],
)
def test_only_an_object_that_says_executing_is_polled_again(payload: Any, deadline: int, again: bool) -> None:
    assert evaluate(expressions.still_executing(), input={"Payload": payload, "Deadline": deadline}) is again


@pytest.mark.parametrize("outputs", [[{"Do": "skip"}], [{"Do": "skip"}, {"Do": "done"}]])
def test_completion_gets_a_list_also_of_one(outputs: list[dict[str, str]]) -> None:
    assert evaluate(expressions.outputs(), input=outputs) == outputs
