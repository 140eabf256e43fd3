"""What each type of operation needs, may have and must not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.definitions import builtin, revisions
from chalicelib.web.validation import validate
from tests.chalicelib.api import Api, Reply
from tests.chalicelib.definitions.conftest import ARN, items

Operation = Callable[..., Reply]
DAY = 86_400
YEAR = 365 * DAY


@pytest.mark.parametrize(
    ("kind", "default", "most"),
    [("Sync", 900, 900), ("Async", 3600, DAY), ("Callback", DAY, 7 * DAY), ("Wait", YEAR, YEAR)],
)
def test_every_type_has_its_own_timeout(operation: Operation, api: Api, kind: str, default: int, most: int) -> None:
    assert operation("op-a", Type=kind).body["TimeoutSeconds"] == default
    assert api("PUT", "/workflow/operation", {"Name": "op-a", "TimeoutSeconds": most}).body["TimeoutSeconds"] == most

    longer = api("PUT", "/workflow/operation", {"Name": "op-a", "TimeoutSeconds": most + 1})
    assert longer.status == 400
    assert longer.body["Message"].startswith("TimeoutSeconds: ")
    back = api("PUT", "/workflow/operation", {"Name": "op-a", "TimeoutSeconds": None})
    assert back.body["TimeoutSeconds"] == default


def test_a_callback_is_started_with_a_token_and_may_have_a_heartbeat(operation: Operation) -> None:
    reply = operation("op-a", Type="Callback", HeartbeatSeconds=60)

    assert reply.status == 200, reply.body
    validate("definitions/operation_answer", reply.body)
    assert "lambda:invoke.waitForTaskToken" in reply.body["StateMachineAsl"]
    assert reply.body["HeartbeatSeconds"] == 60
    frozen = revisions.current_stage("_op-a").stages[0].operations[0]
    assert (frozen.type, frozen.heartbeat_seconds, frozen.timeout_seconds) == ("Callback", 60, DAY)
    assert frozen.start_arn == reply.body["StartLambdaArn"]


def test_a_wait_needs_no_function(operation: Operation, api: Api) -> None:
    reply = operation("Review", Type="Wait", Configuration={"MediaType": "MetadataOnly", "Enabled": True})

    assert reply.status == 200, reply.body
    validate("definitions/operation_answer", reply.body)
    assert "StartLambdaArn" not in reply.body
    frozen = revisions.current_stage("_Review").stages[0].operations[0]
    assert (frozen.type, frozen.start_arn, frozen.timeout_seconds) == ("Wait", "", YEAR)
    assert api("GET", "/workflow/operation/Review").body == reply.body


BAD: list[tuple[dict[str, Any], str]] = [
    ({"Type": "Wait", "StartLambdaArn": f"{ARN}x"}, "StartLambdaArn: a Wait runs nothing"),
    ({"Type": "Wait", "MonitorLambdaArn": f"{ARN}x"}, "MonitorLambdaArn: a Wait runs nothing"),
    ({"Type": "Wait", "HeartbeatSeconds": 5}, "HeartbeatSeconds: Callback operations have a heartbeat"),
    ({"Type": "Wait", "TimeoutSeconds": YEAR + 1}, "TimeoutSeconds: "),
    ({"Type": "Sync", "HeartbeatSeconds": 5}, "HeartbeatSeconds: Callback operations have a heartbeat"),
    ({"Type": "Async", "HeartbeatSeconds": 5}, "HeartbeatSeconds: Callback operations have a heartbeat"),
    (
        {"Type": "Async", "TimeoutSeconds": DAY + 1},
        "TimeoutSeconds: Async operations take 86400 seconds at most",
    ),
    ({"Type": "Callback", "MonitorLambdaArn": f"{ARN}x"}, "MonitorLambdaArn: a Callback operation isn't asked"),
    ({"Type": "Callback", "StartLambdaArn": f"{ARN}nobody"}, "StartLambdaArn: no such function"),
    ({"Type": "Callback", "HeartbeatSeconds": 0}, "HeartbeatSeconds: "),
    ({"Type": "Callback", "HeartbeatSeconds": "{% 5 %}"}, "HeartbeatSeconds: "),
    ({"Type": "Callback", "HeartbeatSeconds": DAY}, "HeartbeatSeconds: it must be smaller than TimeoutSeconds"),
    ({"Type": "Callback", "HeartbeatSeconds": 60, "TimeoutSeconds": 60}, "HeartbeatSeconds: it must be smaller"),
    ({"Type": "Callback", "TimeoutSeconds": 7 * DAY + 1}, "TimeoutSeconds: Callback operations take 604800"),
    ({"MaxConcurrent": 0}, "MaxConcurrent: "),
    ({"MaxConcurrent": 10_000}, "MaxConcurrent: "),
    ({"MaxConcurrent": "5"}, "MaxConcurrent: '5' is not of type integer"),
    ({"MaxConcurrent": None}, "MaxConcurrent: None is not of type integer"),
    ({"MaxConcurrent": 2.5}, "MaxConcurrent: "),
]


@pytest.mark.parametrize(("members", "message"), BAD)
def test_what_does_not_fit_the_type_is_refused_and_leaves_nothing(
    operation: Operation, members: dict[str, Any], message: str
) -> None:
    reply = operation("op-a", **members)

    assert reply.status == 400, reply.body
    assert message in reply.body["Message"], reply.body["Message"]
    assert items("operation") == items("stage") == []


def test_a_callback_needs_a_function(api: Api) -> None:
    body = {"Name": "a", "Type": "Callback", "Configuration": {"MediaType": "Video", "Enabled": True}}

    reply = api("POST", "/workflow/operation", body)

    assert (reply.status, "'StartLambdaArn' is a required property" in reply.body["Message"]) == (400, True)


def test_a_put_may_change_the_type_when_it_takes_back_what_the_new_one_has_not(
    operation: Operation, api: Api
) -> None:
    operation("op-a", Type="Callback", HeartbeatSeconds=60)

    refused = api("PUT", "/workflow/operation", {"Name": "op-a", "Type": "Wait"})
    members = {"Type": "Wait", "StartLambdaArn": None, "HeartbeatSeconds": None}
    changed = api("PUT", "/workflow/operation", {"Name": "op-a", **members})

    assert refused.status == 400
    assert changed.status == 200, changed.body
    assert "StartLambdaArn" not in changed.body
    assert "HeartbeatSeconds" not in changed.body


@pytest.mark.parametrize("schema", [None, {"$ref": "#/$defs/all", "$defs": {"all": {"required": ["Who"]}}}])
@pytest.mark.parametrize("seconds", [0, YEAR + 1, "60", None, 1.5])
def test_when_a_wait_expires_is_checked_whatever_its_own_schema_says(
    operation: Operation, schema: Any, seconds: Any
) -> None:
    configuration = {"MediaType": "MetadataOnly", "Enabled": True, "Who": "x", builtin.EXPIRES_AFTER: seconds}
    members = {"ConfigurationSchema": schema} if schema else {}

    wrong = operation("op-a", Type="Wait", Configuration=configuration, **members)
    right = operation("op-a", Type="Wait", Configuration={**configuration, builtin.EXPIRES_AFTER: 60}, **members)

    assert wrong.status == 400
    assert wrong.body["Message"].startswith("Configuration.ExpiresAfterSeconds: ")
    assert right.status == 200, right.body
    assert right.body.get("ConfigurationSchema") == schema


def test_a_waits_own_schema_still_counts(operation: Operation) -> None:
    schema = {"required": ["Who"], "allOf": [{"properties": {"Who": {"type": "string"}}}]}
    configuration = {"MediaType": "MetadataOnly", "Enabled": True}
    members = {"Type": "Wait", "ConfigurationSchema": schema}

    assert operation("a", Configuration=configuration, **members).status == 400
    assert operation("a", Configuration={**configuration, "Who": 1}, **members).status == 400
    assert operation("a", Configuration={**configuration, "Who": "x"}, **members).status == 200
