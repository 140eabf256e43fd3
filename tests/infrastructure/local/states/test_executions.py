from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.stepfunctions import models
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from infrastructure.local.states import executions, step_functions, threads
from tests.infrastructure.local.states.world import eventually, give, only, task, world

UNKNOWN = "arn:aws:states:us-east-1:123456789012:execution:m1:unknown"
WAIT = {"Type": "Wait", "Seconds": 3600, "End": True}


def test_given_the_same_name_and_input_while_running_then_it_is_the_same_execution() -> None:
    with world(speed=1) as aws:
        machine = aws.create(only(WAIT))
        first = aws.start(machine, '{"a": 1}', name="run")
        assert aws.start(machine, '{"a": 1}', name="run") == first
        with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
            aws.start(machine, '{"a":1}', name="run")
        aws.client.stop_execution(executionArn=first)
        aws.end(first)
        with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
            aws.start(machine, '{"a": 1}', name="run")
        assert [event["detail"]["status"] for event in aws.events] == ["RUNNING", "ABORTED"]


def test_given_a_stop_then_the_execution_is_aborted_at_once_whatever_it_does() -> None:
    release = threading.Event()
    with world(speed=1) as aws:
        aws.functions["f"] = lambda event: release.wait(20) and {}
        branches = [
            {"StartAt": "W", "States": {"W": WAIT}},
            {"StartAt": "T", "States": {"T": task(TimeoutSeconds=900)}},
        ]
        arn = aws.start(aws.create(only({"Type": "Parallel", "Branches": branches, "End": True})))
        aws.client.stop_execution(executionArn=arn, error="Cancelled", cause="by a test")
        described = aws.client.describe_execution(executionArn=arn)
        assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "Cancelled", "by a test")
        aws.end(arn, 5)
        kinds = [event["type"] for event in aws.history(arn)]
        release.set()
    assert kinds[-1] == "ExecutionAborted"
    assert aws.statuses(arn) == ["RUNNING", "ABORTED"]


def test_given_an_execution_that_is_about_to_run_then_it_can_be_asked_about_and_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []

    def before_it_runs(execution: Any) -> None:
        if not seen:
            seen.append(aws.history(execution.exec_arn))
            aws.client.stop_execution(executionArn=execution.exec_arn)

    monkeypatch.setattr(executions, "CHANGED", [before_it_runs, *executions.CHANGED])
    with world(speed=1) as aws:
        arn = aws.start(aws.create(only(WAIT)))
        eventually(lambda: aws.history(arn)[-1:] != [] and aws.history(arn)[-1]["type"] == "ExecutionAborted")
        assert aws.client.describe_execution(executionArn=arn)["status"] == "ABORTED"
    assert seen == [[]]


def test_given_an_unknown_execution_then_it_does_not_exist() -> None:
    with world() as aws:
        for call in (
            aws.client.describe_execution,
            aws.client.stop_execution,
            aws.client.get_execution_history,
        ):
            with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
                call(executionArn=UNKNOWN)


def test_given_a_machine_updated_then_a_running_execution_keeps_its_definition() -> None:
    inside, release = threading.Event(), threading.Event()

    def slow(event: Any) -> Any:
        inside.set()
        return release.wait(20) and {}

    with world() as aws:
        aws.functions["f"] = slow
        machine = aws.create(("A", task(Next="B")), ("B", give("old")))
        arn = aws.start(machine)
        assert inside.wait(10)
        definition = {"QueryLanguage": "JSONata", "StartAt": "B", "States": {"B": give("new")}}
        aws.client.update_state_machine(stateMachineArn=machine, definition=json.dumps(definition))
        release.set()
        assert json.loads(aws.end(arn)["output"]) == "old"
        assert json.loads(aws.end(aws.start(machine))["output"]) == "new"


def test_cloudformation_s_state_machines_live_in_the_executing_backend() -> None:
    with world():
        assert models.stepfunctions_backends is stepfunctions_parser_backends


def test_given_no_name_then_the_execution_gets_one_of_its_own() -> None:
    with world() as aws:
        machine = aws.create(only(give({})))
        first, second = aws.start(machine), aws.start(machine)
    assert first != second
    assert not first.endswith("None")


def test_given_the_end_of_the_account_then_no_execution_goes_on_and_nobody_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "_IDLE_SECONDS", 0.2)
    with world(speed=1) as aws:
        before = threading.active_count()
        machine = aws.create(only(WAIT))
        arns = [aws.start(machine) for _ in range(20)]
        step_functions.stop()
        eventually(lambda: threading.active_count() - before < 5)
        assert {aws.client.describe_execution(executionArn=arn)["status"] for arn in arns} == {"ABORTED"}
        assert {event["detail"]["status"] for event in aws.events} == {"RUNNING"}


def test_an_end_is_under_way_until_everybody_has_been_told() -> None:
    """Whoever waits for rest would otherwise find it between an execution's end and what the end brings about."""
    book = executions.Book()

    with book.ending():
        assert book.busy() == 1

    assert book.busy() == 0
