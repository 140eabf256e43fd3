from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.infrastructure.local.states.world import ROLE, World, eventually, give, only, task, world

SUCCEED = ("Caught", {"Type": "Succeed"})


def catch(error: str) -> dict[str, Any]:
    return {"ErrorEquals": [error], "Output": "{% $states.errorOutput.Error %}", "Next": "Caught"}


def refused(aws: World, message: str, *states: tuple[str, dict[str, Any]], **machine: Any) -> None:
    with pytest.raises(ClientError, match=message):
        aws.create(*states, **machine)


def test_given_a_faulty_definition_then_it_is_refused() -> None:
    choice = {"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "Caught"}]}
    twice = [{"StartAt": "Only", "States": {"Only": {"Type": "Succeed"}}}]
    with world() as aws:
        refused(aws, "MISSING_TRANSITION_TARGET.*Nowhere", only(give({}, Next="Nowhere")))
        refused(aws, "MISSING_TRANSITION_TARGET.*StartAt", only(give({})), StartAt="Nowhere")
        refused(aws, "MISSING_TRANSITION_TARGET.*Catch", only(task(Catch=[{**catch("A"), "Next": "Nowhere"}])))
        refused(aws, "exactly one of Next and End", only({"Type": "Pass"}))
        refused(aws, "InvalidDefinition", only({**choice, "End": True}), SUCCEED)
        refused(aws, "more than 80 characters", ("x" * 81, give({})))
        refused(aws, "more than once", only({"Type": "Parallel", "Branches": twice, "End": True}))
        refused(aws, "is invalid", only(give("{% 1 + %}")))
        refused(aws, "alone and in the last place", only(task(Catch=[catch("States.ALL"), catch("A")])), SUCCEED)
        refused(aws, "more than 1048576 bytes", only(give({})), Comment="x" * 1_048_576)
        refused(aws, "InvalidDefinition", only({"Type": "Unknown", "End": True}))


def test_given_a_name_then_aws_s_alphabet_and_length_hold() -> None:
    with world() as aws:
        definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
        for name in ("a b", "a/b", "x" * 81):
            with pytest.raises(ClientError):
                aws.client.create_state_machine(name=name, definition=definition, roleArn="arn:aws:iam::1:role/r")
        machine = aws.create(only(give({})))
        for name in ("a b", "a:b", "x" * 81):
            with pytest.raises(ClientError):
                aws.start(machine, {}, name=name)


def test_given_a_deleted_machine_then_its_executions_end_at_their_next_transition() -> None:
    inside, release = threading.Event(), threading.Event()

    def slow(event: Any) -> Any:
        inside.set()
        return release.wait(20) and {}

    with world() as aws:
        aws.functions["f"] = slow
        machine = aws.create(("A", task(Next="B")), ("B", give({})))
        arn = aws.start(machine)
        assert inside.wait(10)
        aws.client.delete_state_machine(stateMachineArn=machine)
        assert aws.client.describe_state_machine(stateMachineArn=machine)["status"] == "DELETING"
        assert aws.client.describe_execution(executionArn=arn)["status"] == "RUNNING"
        with pytest.raises(ClientError, match="StateMachineDeleting"):
            aws.start(machine)
        release.set()
        aws.wait_for(lambda: aws.statuses(arn) == ["RUNNING", "ABORTED"])
        for call in (aws.start, lambda name: aws.client.describe_state_machine(stateMachineArn=name)):
            with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
                call(machine)
        for call in (aws.client.describe_execution, aws.client.stop_execution, aws.client.get_execution_history):
            with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
                call(executionArn=arn)
        aws.client.delete_state_machine(stateMachineArn=machine)


def test_given_a_deleted_machine_that_waits_for_a_token_then_a_stop_or_an_answer_ends_it() -> None:
    handed: dict[str, str] = {}
    wait = task(payload={"run": "{% $states.input %}", "token": "{% $states.context.Task.Token %}"}, Next="B")
    wait["Resource"] += ".waitForTaskToken"
    with world(speed=1) as aws:
        aws.functions["f"] = lambda event: handed.update({event["run"]: event["token"]}) or {}
        machine = aws.create(("A", wait), ("B", give({})))
        arns = [aws.start(machine, name) for name in ('"stopped"', '"answered"')]
        eventually(lambda: len(handed) == 2)
        aws.client.delete_state_machine(stateMachineArn=machine)
        assert {aws.client.describe_execution(executionArn=arn)["status"] for arn in arns} == {"RUNNING"}
        aws.client.stop_execution(executionArn=arns[0])
        aws.client.send_task_success(taskToken=handed["answered"], output="{}")
        aws.wait_for(lambda: [aws.statuses(arn) for arn in arns] == [["RUNNING", "ABORTED"]] * 2)
        with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
            aws.client.describe_state_machine(stateMachineArn=machine)


def test_given_a_second_creation_then_only_the_same_definition_is_accepted() -> None:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    with world() as aws:
        first = aws.client.create_state_machine(name="m", definition=json.dumps(definition), roleArn=ROLE)
        again = aws.client.create_state_machine(name="m", definition=json.dumps(definition), roleArn=ROLE)
        assert again["stateMachineArn"] == first["stateMachineArn"]
        with pytest.raises(ClientError, match="StateMachineAlreadyExists"):
            aws.client.create_state_machine(
                name="m", definition=json.dumps({**definition, "Comment": "other"}), roleArn=ROLE
            )
