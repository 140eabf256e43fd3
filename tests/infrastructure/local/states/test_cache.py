from __future__ import annotations

import json

from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import boto_client

from tests.infrastructure.local.states.world import Failed, give, only, task, world


def test_given_two_executions_of_a_definition_then_it_is_parsed_once() -> None:
    with world() as aws:
        machine = aws.create(only(give({"n": "{% $states.input.n %}"})), Comment="parsed once")
        parsed = AmazonStateLanguageParser.parse.cache_info().misses  # type: ignore[attr-defined]
        for number in range(3):
            assert f'"n":{number}' in aws.end(aws.start(machine, {"n": number}))["output"]
        assert AmazonStateLanguageParser.parse.cache_info().misses == parsed  # type: ignore[attr-defined]


def test_given_escapes_in_a_definition_then_they_are_json_s() -> None:
    odd = 'q"\\ \n é €\U0001f600 /'
    with world() as aws:
        described = aws.run(
            (odd, give({odd: odd, "expression": f"{{% $length({json.dumps(odd, ensure_ascii=False)}) %}}"}))
        )
        entered = aws.history(described["executionArn"])[1]["stateEnteredEventDetails"]["name"]
    assert json.loads(described["output"]) == {odd: odd, "expression": len(odd)}
    assert entered == odd


def test_given_tasks_of_a_service_then_they_share_a_client() -> None:
    with world():
        first = boto_client.boto_client_for(region="us-east-1", service="dynamodb", state_credentials=None)
        assert boto_client.boto_client_for(region="us-east-1", service="dynamodb") is first
        assert boto_client.boto_client_for(region="us-east-1", service="sqs") is not first


def test_given_retries_in_two_executions_at_once_then_their_counts_stay_apart() -> None:
    tries: dict[str, int] = {}

    def third_time(event: dict[str, str]) -> dict[str, int]:
        tries[event["id"]] = tries.get(event["id"], 0) + 1
        if tries[event["id"]] < 3:
            raise Failed("Again", "not yet")
        return {"tries": tries[event["id"]]}

    retry = [{"ErrorEquals": ["Again"], "IntervalSeconds": 1, "MaxAttempts": 2}]
    with world() as aws:
        aws.functions["f"] = third_time
        machine = aws.create(only(task(Retry=retry)))
        arns = [aws.start(machine, {"id": str(number)}) for number in range(12)]
        assert [aws.end(arn)["status"] for arn in arns] == ["SUCCEEDED"] * 12
    assert set(tries.values()) == {3}
