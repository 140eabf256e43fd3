from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.infrastructure.local.states.world import World, give, only, task, world


def machine(aws: World) -> str:
    aws.functions["f"] = lambda event: event
    return aws.create(("First", task(Output="{% $states.result.Payload %}", Next="Second")), ("Second", task()))


def test_given_a_finished_execution_then_history_pages_both_ways() -> None:
    with world() as aws:
        arn = aws.start(machine(aws), {"a": "é"}, name="run")
        described = aws.end(arn)
        forwards = aws.history(arn)
        backwards = aws.history(arn, reverseOrder=True, PaginationConfig={"PageSize": 3})
        page = aws.client.get_execution_history(executionArn=arn, maxResults=2)
    assert json.loads(described["output"])["Payload"] == {"a": "é"}
    assert described["input"] == '{"a": "\\u00e9"}'
    assert [event["id"] for event in forwards] == list(range(1, len(forwards) + 1))
    assert backwards == forwards[::-1]
    assert (len(page["events"]), "nextToken" in page) == (2, True)
    assert forwards[1]["stateEnteredEventDetails"]["input"] == '{"a":"é"}'


def test_given_executions_then_they_are_listed_latest_first_in_pages() -> None:
    with world() as aws:
        made = machine(aws)
        arns = [aws.start(made, {}, name=f"run{number}") for number in range(7)]
        for arn in arns:
            aws.end(arn)
        pages = aws.client.get_paginator("list_executions").paginate(
            stateMachineArn=made, statusFilter="SUCCEEDED", PaginationConfig={"PageSize": 3}
        )
        assert [item["executionArn"] for page in pages for item in page["executions"]] == arns[::-1]
        assert aws.client.list_executions(stateMachineArn=made, statusFilter="FAILED")["executions"] == []


def test_given_a_bad_page_then_it_is_refused_with_its_code() -> None:
    with world() as aws:
        made = machine(aws)
        with pytest.raises(ClientError, match="InvalidToken"):
            aws.client.list_executions(stateMachineArn=made, nextToken="elsewhere")
        with pytest.raises(ClientError, match="InvalidDefinition"):
            aws.create(only({**give({}), "Odd": True}))
