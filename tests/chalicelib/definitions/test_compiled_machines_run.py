"""Compiled machines in the embedded Step Functions, with functions of the test's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.definitions.compile import compile_machine
from chalicelib.definitions.revision import RevisionStage
from infrastructure.local.meter import METER
from tests.chalicelib.definitions.golden import COMPLETION, TOKENS, operation, stage
from tests.infrastructure.local.states.world import Failed, World, world

END: dict[str, Any] = {"Input": {"Media": {}, "MetaData": {}}, "Plan": {}}
DONE = {"Status": "Complete", "Media": {}, "MetaData": {}}


class Engine:
    """Runs one machine; stage completion notes what it is told and plans the next stage alike."""

    def __init__(self, aws: World) -> None:
        self.aws = aws
        self.told: list[dict[str, Any]] = []
        self.calls: dict[str, list[Any]] = {}
        self.next_input: Any = END
        aws.functions["mediawright-StageCompletion"] = self.complete

    def complete(self, event: dict[str, Any]) -> Any:
        self.told.append(event)
        return self.next_input

    def function(self, name: str, answer: Callable[[Any], Any]) -> None:
        calls = self.calls.setdefault(name, [])

        def called(event: Any) -> Any:
            calls.append(event)
            return answer(event)

        self.aws.functions[name] = called

    def run(self, stages: list[RevisionStage], given: Any) -> dict[str, Any]:
        machine = compile_machine(stages, COMPLETION, TOKENS)
        machine.pop("QueryLanguage")
        states = [(name, state) for name, state in machine.pop("States").items()]
        assert machine.pop("StartAt") == states[0][0]
        arn = self.aws.start(self.aws.create(*states, **machine), given, name="run-1")
        return self.aws.end(arn)

    def outputs(self, stages: list[RevisionStage], given: Any) -> list[dict[str, Any]]:
        described = self.run(stages, given)
        assert described["status"] == "SUCCEEDED", described
        return list(self.told[0]["Outputs"])


@pytest.fixture
def engine() -> Iterator[Engine]:
    with world(speed=1000) as aws:
        yield Engine(aws)


def planned(*names: str, timeout: int = 900, **decisions: str) -> dict[str, Any]:
    """A stage's input with a plan for operations of these names."""
    plan = {
        f"o{position}": {
            "Do": "run",
            "Event": {"Name": name, "Configuration": {"Rate": 0.1}, "Status": "Started"},
            "TimeoutSeconds": timeout,
            "PollMaxSeconds": 20,
            "ExpirySeconds": 60,
        }
        for position, name in enumerate(names, 1)
    }
    plan |= {key: {"Do": do} for key, do in decisions.items()}
    return {"Input": {"Media": {"Video": {"S3Key": "k"}}, "MetaData": {}}, "Plan": plan}


def test_a_healthy_run_hands_on_what_operators_answered_within_its_transitions(engine: Engine) -> None:
    engine.function("a", lambda _: {**DONE, "MetaData": {"score": 0.30000000000000004}, "Input": {"big": 1}})
    engine.function("b", lambda _: "just text")
    engine.function("c", lambda _: DONE)
    engine.next_input = planned("c")
    METER.reset()

    described = engine.run(
        [stage("one", operation("a"), operation("b")), stage("two", operation("c"))], planned("a", "b")
    )

    assert described["status"] == "SUCCEEDED"
    first, second = engine.told
    assert (first["Execution"], first["Stage"], second["Stage"]) == ("run-1", 0, 1)
    assert first["Entered"] <= second["Entered"]
    a, b = first["Outputs"]
    assert a["Kept"] == {**DONE, "MetaData": {"score": 0.30000000000000004}}
    assert b["Result"] == "just text"
    assert a["Entered"] <= a["Left"]
    given = planned("a")
    assert engine.calls["a"] == [{**given["Plan"]["o1"]["Event"], "Input": given["Input"]}]
    assert METER.snapshot()["states.transitions"] <= 2 * 2 + 2 + 2 * 1 + 2 + 1


def test_what_is_not_to_run_is_skipped_without_a_call(engine: Engine) -> None:
    engine.function("a", lambda _: DONE)
    given = planned("a", o2="skip", o3="done")

    outputs = engine.outputs([stage("s", operation("a"), operation("b"), operation("c"))], given)

    assert [output["Do"] for output in outputs] == ["run", "skip", "done"]
    assert outputs[1:] == [{"Do": "skip"}, {"Do": "done"}]


def raising(error: str, message: str = "no") -> Callable[[Any], Any]:
    def fail(_: Any) -> Any:
        raise Failed(error, message)

    return fail


@pytest.mark.parametrize(
    ("error", "calls"),
    [("InvalidInput", 1), ("ValueError", 1), ("MasExecutionError", 3), ("Lambda.TooManyRequestsException", 9)],
)
def test_a_failure_stays_in_its_branch_after_the_retries_of_its_kind(engine: Engine, error: str, calls: int) -> None:
    engine.function("a", raising(error))
    engine.function("b", lambda _: DONE)

    failed, healthy = engine.outputs([stage("s", operation("a"), operation("b"))], planned("a", "b"))

    assert len(engine.calls["a"]) == calls
    assert failed["Failed"]["Error"] == error
    assert json.loads(failed["Failed"]["Cause"])["errorMessage"] == "no"
    assert failed["Entered"] <= failed["Left"]
    assert healthy["Kept"] == DONE


def test_five_branches_of_sixty_kilobytes_are_refused_and_a_sixth_small_one_is_kept(engine: Engine) -> None:
    for name in "abcde":
        engine.function(name, lambda _: {**DONE, "MetaData": {"t": "é" * 30_000}})
    engine.function("f", lambda _: DONE)

    outputs = engine.outputs([stage("s", *(operation(name) for name in "abcdef"))], planned(*"abcdef"))

    assert all(output["TooLarge"] >= 60_000 and "Kept" not in output for output in outputs[:5])
    assert outputs[5]["Kept"] == DONE


def test_an_answer_beyond_what_a_state_holds_fails_its_operation_only(engine: Engine) -> None:
    engine.function("a", lambda _: {**DONE, "MetaData": {"t": "x" * 300_000}})
    engine.function("b", lambda _: DONE)

    large, healthy = engine.outputs([stage("s", operation("a"), operation("b"))], planned("a", "b"))

    assert len(engine.calls["a"]) == 1
    assert "Failed" in large or "TooLarge" in large
    assert healthy["Kept"] == DONE


def test_a_polled_operation_hands_its_monitor_exactly_what_it_answered_last(engine: Engine) -> None:
    answers = iter([{"Status": "Executing", "MetaData": {"job": 2}}, {**DONE, "MetaData": {"job": 3}}])
    engine.function("a", lambda _: {"Status": "Odd", "MetaData": {"job": 1}, "Other": [1]})
    engine.function("live", lambda _: next(answers))

    (output,) = engine.outputs([stage("s", operation("a", "Async"))], planned("a"))

    assert engine.calls["live"] == [
        {"Status": "Odd", "MetaData": {"job": 1}, "Other": [1]},
        {"Status": "Executing", "MetaData": {"job": 2}},
    ]
    assert output["Kept"] == {**DONE, "MetaData": {"job": 3}}
    assert output["Entered"] <= output["Left"]


def test_a_polled_operation_that_never_ends_is_left_at_its_deadline_still_executing(engine: Engine) -> None:
    engine.function("a", lambda _: {"Status": "Executing"})
    engine.aws.functions["live"] = lambda _: {"Status": "Executing"}

    (output,) = engine.outputs([stage("s", operation("a", "Async"))], planned("a", timeout=1))

    assert output["Kept"] == {"Status": "Executing"}


def test_a_monitor_that_fails_or_answers_nonsense_ends_its_branch_only(engine: Engine) -> None:
    engine.function("a", lambda _: {"Status": "Executing"})
    engine.function("b", lambda _: DONE)
    stages = [stage("s", operation("a", "Async"), operation("b"))]

    engine.aws.functions["live"] = raising("ValueError")
    failed, healthy = engine.outputs(stages, planned("a", "b"))
    assert failed["Failed"]["Error"] == "ValueError"
    assert healthy["Kept"] == DONE

    engine.told.clear()
    engine.aws.functions["live"] = lambda _: None
    assert engine.outputs(stages, planned("a", "b"))[0]["Result"] is None


@pytest.mark.parametrize("error", ["RunClosed", "StageFailed"])
def test_a_completion_that_closes_the_run_ends_the_execution_at_once(engine: Engine, error: str) -> None:
    engine.function("a", lambda _: DONE)
    engine.function("mediawright-StageCompletion", raising(error, "the cause"))

    described = engine.run([stage("s", operation("a"))], planned("a"))

    assert (described["status"], described["error"]) == ("FAILED", error)
    assert len(engine.calls["mediawright-StageCompletion"]) == 1


def test_a_completion_that_stumbles_is_called_again(engine: Engine) -> None:
    engine.function("a", lambda _: DONE)
    stumbles = iter([raising("Lambda.ServiceException"), raising("KeyError"), engine.complete])
    engine.function("mediawright-StageCompletion", lambda event: next(stumbles)(event))

    described = engine.run([stage("s", operation("a"))], planned("a"))

    assert described["status"] == "SUCCEEDED"
    assert len(engine.calls["mediawright-StageCompletion"]) == 3
