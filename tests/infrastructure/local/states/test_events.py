from __future__ import annotations

import json
import time
from typing import Any

from infrastructure.local.faults import FAULTS
from tests.infrastructure.local.states.world import Failed, give, only, task, world

DETAIL = {
    "executionArn",
    "stateMachineArn",
    "name",
    "status",
    "startDate",
    "stopDate",
    "input",
    "inputDetails",
    "output",
    "outputDetails",
    "stateMachineVersionArn",
    "stateMachineAliasArn",
    "redriveCount",
    "redriveDate",
    "redriveStatus",
    "redriveStatusReason",
    "error",
    "cause",
}


def test_given_a_run_then_two_events_of_aws_s_shape_are_published() -> None:
    with world() as aws:
        described = aws.run(only(give({"done": True})), given={"a": 1})
        running, ended = aws.events
    assert set(running) == {
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "resources",
        "detail",
    }
    assert (running["source"], running["detail-type"]) == ("aws.states", "Step Functions Execution Status Change")
    assert set(running["detail"]) == set(ended["detail"]) == DETAIL
    assert (running["detail"]["status"], running["detail"]["stopDate"]) == ("RUNNING", None)
    assert ended["detail"]["output"] == '{"done":true}'
    assert ended["detail"]["input"] == '{"a": 1}'
    assert ended["detail"]["stopDate"] >= ended["detail"]["startDate"]
    assert ended["resources"] == [described["executionArn"]]
    assert json.loads(json.dumps(ended)) == ended


def test_given_a_failure_then_the_event_says_so() -> None:
    def fail(event: Any) -> Any:
        raise Failed("Bad", "why")

    with world() as aws:
        aws.functions["f"] = fail
        aws.run(only(task()))
        detail = aws.events[-1]["detail"]
    assert (detail["status"], detail["error"], detail["output"]) == ("FAILED", "Bad", None)


def test_given_a_fault_then_events_are_dropped() -> None:
    with world() as aws:
        FAULTS.drop_status_events = 1.0
        machine = aws.create(only(give({})))
        dropped = aws.start(machine)
        FAULTS.drop_status_events = 0.0
        aws.end(aws.start(machine))
        deadline = time.monotonic() + 10
        while aws.client.describe_execution(executionArn=dropped)["status"] == "RUNNING":
            assert time.monotonic() < deadline
        assert "RUNNING" not in aws.statuses(dropped)


def test_given_large_data_then_the_input_is_left_out_first() -> None:
    with world() as aws:
        aws.run(only(give("{% $states.input %}")), given={"t": "x" * 200_000})
        running, ended = (event["detail"] for event in aws.events)
    assert running["inputDetails"] == {"included": True}
    assert (ended["input"], ended["inputDetails"]) == (None, {"included": False})
    assert ended["outputDetails"] == {"included": True}
