"""Callback and Wait branches in the embedded Step Functions, answered with their tokens."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.definitions.revision import RevisionOperation, RevisionStage
from infrastructure.local.meter import METER
from tests.chalicelib.definitions.golden import operation, stage
from tests.chalicelib.definitions.test_compiled_machines_run import DONE, Engine, planned, raising
from tests.infrastructure.local.states.world import world


class Tokens(Engine):
    """An engine whose task token function hands every event to the test, which answers with its token."""

    def __init__(self, aws: Any) -> None:
        super().__init__(aws)
        self.kept: list[dict[str, Any]] = []
        self.answer: Any = lambda event: self.succeed(event, DONE)
        aws.functions["mediawright-TaskTokens"] = self.keep

    def keep(self, event: dict[str, Any]) -> Any:
        self.kept.append(event)
        # whoever answers does so later: the token is open once the function has returned or even before
        threading.Thread(target=self.answer, args=(event,)).start()

    def succeed(self, event: dict[str, Any], output: Any) -> None:
        self.aws.client.send_task_success(taskToken=event["Token"], output=json.dumps(output, ensure_ascii=False))

    def fail(self, event: dict[str, Any], error: str) -> None:
        self.aws.client.send_task_failure(taskToken=event["Token"], error=error, cause="the vendor said so")


@pytest.fixture
def engine() -> Iterator[Tokens]:
    with world(speed=1000) as aws:
        yield Tokens(aws)


def one(made: RevisionOperation) -> list[RevisionStage]:
    return [stage("s", made)]


def test_a_callback_is_handed_its_event_and_token_and_its_answer_is_the_output(engine: Tokens) -> None:
    engine.function("b", lambda _: DONE)
    engine.answer = lambda event: engine.succeed(event, {**DONE, "MetaData": {"score": 0.1}, "Input": {"big": 1}})
    METER.reset()

    described = engine.run([stage("s", operation("b"), operation("a", "Callback"))], planned("b", "a"))

    assert described["status"] == "SUCCEEDED", described
    (event,) = engine.kept
    given = planned("b", "a")
    assert (event["Execution"], event["Stage"], event["Operation"]) == ("run-1", 0, 1)
    assert event["Event"] == {**given["Plan"]["o2"]["Event"], "Input": given["Input"]}
    assert set(event) == {"Execution", "Stage", "Operation", "Token", "Retry", "Event"}
    healthy, answered = engine.told[0]["Outputs"]
    assert healthy["Kept"] == DONE
    assert answered["Kept"] == {**DONE, "MetaData": {"score": 0.1}}
    assert answered["Entered"] <= answered["Left"]
    assert METER.snapshot()["states.transitions"] <= 2 * 2 + 2 + 1


def test_a_wait_is_handed_a_token_alone(engine: Tokens) -> None:
    (output,) = engine.outputs(one(operation("Wait", "Wait")), planned("Wait"))

    assert output["Kept"] == DONE
    (event,) = engine.kept
    assert set(event) == {"Execution", "Stage", "Operation", "Token", "Retry", "Seconds"}
    assert (event["Stage"], event["Operation"]) == (0, 0)


@pytest.mark.parametrize("kind", ["Callback", "Wait"])
def test_what_is_not_to_run_keeps_no_token(engine: Tokens, kind: Any) -> None:
    given = planned()
    given["Plan"] = {"o1": {"Do": "skip"}}

    assert engine.outputs(one(operation("a", kind)), given) == [{"Do": "skip"}]
    assert engine.kept == []


@pytest.mark.parametrize("answer", [None, "text", [1], {}, {"Status": "Odd"}])
def test_any_answer_of_json_is_handed_on(engine: Tokens, answer: Any) -> None:
    engine.answer = lambda event: engine.succeed(event, answer)

    (output,) = engine.outputs(one(operation("a", "Callback")), planned("a"))

    assert output["Kept" if isinstance(answer, dict) else "Result"] == answer


def test_an_answer_beyond_the_branchs_share_is_refused_by_its_size(engine: Tokens) -> None:
    engine.answer = lambda event: engine.succeed(event, {**DONE, "MetaData": {"t": "é" * 70_000}})
    stages = [stage("s", operation("a", "Callback"), operation("b", "Callback"))]

    outputs = engine.outputs(stages, planned("a", "b"))

    assert all(output["TooLarge"] > 115_000 for output in outputs)


@pytest.mark.parametrize(("retried", "calls"), [((), 1), (("Busy",), 5), (("States.TaskFailed",), 5)])
def test_a_callback_that_is_failed_runs_again_only_if_its_owner_says_so(
    engine: Tokens, retried: tuple[str, ...], calls: int
) -> None:
    engine.answer = lambda event: engine.fail(event, "Busy")

    (output,) = engine.outputs(one(operation("a", "Callback", retried=retried)), planned("a"))

    assert output["Failed"] == {"Error": "Busy", "Cause": "the vendor said so"}
    assert len({event["Token"] for event in engine.kept}) == len(engine.kept) == calls


@pytest.mark.parametrize("error", ["InvalidInput", "RunClosed"])
def test_what_cannot_be_mended_is_never_retried(engine: Tokens, error: str) -> None:
    engine.answer = lambda event: engine.fail(event, error)

    (output,) = engine.outputs(one(operation("a", "Callback", retried=["States.ALL"])), planned("a"))

    assert output["Failed"]["Error"] == error
    assert len(engine.kept) == 1


@pytest.mark.parametrize(("retried", "calls"), [((), 1), (("States.Timeout",), 2)])
def test_a_wait_that_nobody_resumes_times_out(engine: Tokens, retried: tuple[str, ...], calls: int) -> None:
    engine.answer = lambda _: None

    made = operation("Wait", "Wait", retried=retried)
    if made.retry is not None:
        made = replace(made, retry={**made.retry, "MaxAttempts": 1})

    (output,) = engine.outputs(one(made), planned("Wait", timeout=1))

    assert output["Failed"]["Error"] == "States.Timeout"
    assert len(engine.kept) == calls


def test_a_callback_that_falls_silent_misses_its_heartbeat(engine: Tokens) -> None:
    engine.answer = lambda _: None
    given = planned("a")
    given["Plan"]["o1"]["HeartbeatSeconds"] = 1

    (output,) = engine.outputs(one(operation("a", "Callback", heartbeat=60)), given)

    # long before its timeout; AWS describes both names for it
    assert output["Failed"]["Error"] in ("States.HeartbeatTimeout", "States.Timeout")


@pytest.mark.parametrize("kind", ["Callback", "Wait"])
@pytest.mark.parametrize(
    "error", ["TokenNotKept", "Lambda.TooManyRequestsException", "Lambda.Unknown", "Runtime.ExitError"]
)
def test_the_engines_function_may_stumble_for_long(engine: Tokens, kind: Any, error: str) -> None:
    stumbles = iter([raising(error)] * 15)
    engine.function("mediawright-TaskTokens", lambda event: next(stumbles, engine.keep)(event))

    (output,) = engine.outputs(one(operation("a", kind)), planned("a"))

    assert output["Kept"] == DONE
    assert len(engine.calls["mediawright-TaskTokens"]) == 16
    assert len({event["Token"] for event in engine.calls["mediawright-TaskTokens"]}) == 16


def test_a_run_that_is_over_is_not_asked_for_again(engine: Tokens) -> None:
    engine.function("mediawright-TaskTokens", raising("RunClosed"))

    (output,) = engine.outputs(one(operation("a", "Wait")), planned("a"))

    assert output["Failed"]["Error"] == "RunClosed"
    assert len(engine.calls["mediawright-TaskTokens"]) == 1
