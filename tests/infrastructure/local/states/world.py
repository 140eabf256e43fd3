"""A Step Functions of one test: its functions are Python callables, its executions can be awaited."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto import mock_aws

from infrastructure.local.clock import CLOCK
from infrastructure.local.faults import FAULTS
from infrastructure.local.invocation import Invocation
from infrastructure.local.meter import METER
from infrastructure.local.states import step_functions

ROLE = "arn:aws:iam::123456789012:role/machine"
ALL = ["States.ALL"]


class Failed(Exception):
    """Raise in a function to fail with an error type (and message)."""


class World:
    def __init__(self) -> None:
        self.client = boto3.client(
            "stepfunctions", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        self.functions: dict[str, Callable[[Any], Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.changed = threading.Condition()
        self.machines = 0

    def invoke(self, name: str, payload: bytes) -> Invocation:
        try:
            answer = self.functions[name.rsplit(":", 1)[-1]](json.loads(payload))
        except Failed as failed:
            facts = {"errorType": failed.args[0], "errorMessage": failed.args[-1]}
            return Invocation(json.dumps(facts).encode(), "Unhandled")
        return Invocation(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def publish(self, event: dict[str, Any]) -> None:
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def wait_for(self, condition: Callable[[], Any], seconds: float = 20) -> Any:
        with self.changed:
            assert self.changed.wait_for(condition, seconds), "it didn't happen in time"
        return condition()

    def statuses(self, arn: str) -> list[str]:
        return [event["detail"]["status"] for event in self.events if event["resources"] == [arn]]

    def create(self, *states_in_order: tuple[str, dict[str, Any]], **machine: Any) -> str:
        self.machines += 1
        definition = {
            "QueryLanguage": "JSONata",
            "StartAt": states_in_order[0][0],
            "States": dict(states_in_order),
            **machine,
        }
        answer = self.client.create_state_machine(
            name=f"m{self.machines}", definition=json.dumps(definition), roleArn=ROLE
        )
        return str(answer["stateMachineArn"])

    def start(self, machine: str, given: Any = None, **rest: Any) -> str:
        text = given if isinstance(given, str) else json.dumps({} if given is None else given)
        return str(self.client.start_execution(stateMachineArn=machine, input=text, **rest)["executionArn"])

    def end(self, arn: str, seconds: float = 20) -> dict[str, Any]:
        self.wait_for(lambda: len(self.statuses(arn)) > 1, seconds)
        return dict(self.client.describe_execution(executionArn=arn))

    def run(self, *states_in_order: tuple[str, dict[str, Any]], given: Any = None, **machine: Any) -> dict[str, Any]:
        return self.end(self.start(self.create(*states_in_order, **machine), given))

    def output(self, *states_in_order: tuple[str, dict[str, Any]], given: Any = None) -> Any:
        described = self.run(*states_in_order, given=given)
        assert described["status"] == "SUCCEEDED", described
        return json.loads(described["output"])

    def history(self, arn: str, **how: Any) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("get_execution_history").paginate(executionArn=arn, **how)
        return [dict(event) for page in pages for event in page["events"]]


@contextmanager
def world(speed: float = 100) -> Iterator[World]:
    with mock_aws():
        made = World()
        step_functions.install(made.invoke, made.publish)
        CLOCK.speed = speed
        FAULTS.reset()
        METER.reset()
        try:
            yield made
        finally:
            CLOCK.speed = 1
            CLOCK.reset()
            FAULTS.reset()


def task(function: str = "f", payload: Any = "{% $states.input %}", **fields: Any) -> dict[str, Any]:
    end = {} if "Next" in fields else {"End": True}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": payload},
        **end,
        **fields,
    }


def give(output: Any, **fields: Any) -> dict[str, Any]:
    end = {} if "Next" in fields else {"End": True}
    return {"Type": "Pass", "Output": output, **end, **fields}


def eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for what nobody announces."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it didn't happen in time"
        threading.Event().wait(0.02)


def only(state: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "Only", state
