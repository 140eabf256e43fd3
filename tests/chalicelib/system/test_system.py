from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.aws import clock, dynamodb, transaction
from chalicelib.web.room import ENDPOINTS
from tests.chalicelib.api import Api, serve

CAP = "MaxConcurrentWorkflows"


@pytest.fixture
def api(aws: None) -> Api:
    return serve()


def pool_head() -> Any:
    return dynamodb.get("Executions", {"Id": "pool#global", "Part": "pool"})


def test_the_service_says_hello_unsigned(api: Api) -> None:
    assert api("GET", "/").body == {"hello": "world"}
    assert [endpoint.signed for endpoint in ENDPOINTS if endpoint.path == "/"] == [False]


def test_the_versions_are_told(api: Api) -> None:
    assert json.dumps(api("GET", "/version").body) == json.dumps(
        {"ApiVersion": "3.0.0", "FrameworkVersion": "0.0.0-test"}
    )


def test_the_cap_has_a_default_until_it_is_set(api: Api) -> None:
    assert api("GET", "/system/configuration").body == [{"Name": CAP, "Value": 5}]


@pytest.mark.parametrize(("value", "cap"), [(1, 1), (20, 20), (9999, 9999), (7.0, 7)])
def test_the_cap_is_set_at_the_head_of_the_pool(api: Api, value: float, cap: int) -> None:
    reply = api("POST", "/system/configuration", {"Name": CAP, "Value": value})

    assert (reply.status, reply.body) == (200, {})
    assert pool_head() == {"Id": "pool#global", "Part": "pool", "Max": cap, "Parameter": 5}
    assert api("GET", "/system/configuration").body == [{"Name": CAP, "Value": cap}]


@pytest.mark.parametrize("value", [0, -1, 1.5, 10_000, 1e300, "5", True, None, [5], {}])
def test_a_cap_that_is_no_count_is_refused_by_naming_value(api: Api, value: Any) -> None:
    reply = api("POST", "/system/configuration", {"Name": CAP, "Value": value})

    assert (reply.status, reply.body["Code"]) == (400, "BadRequestError")
    assert reply.body["Message"].startswith("Value: ")
    assert pool_head() is None


@pytest.mark.parametrize(
    "body", [{"Value": 1}, {"Name": "x"}, {"Name": "", "Value": 1}, {"Name": 3, "Value": 1}, [], None]
)
def test_a_setting_needs_a_name_and_a_value(api: Api, body: Any) -> None:
    reply = api("POST", "/system/configuration", body)

    assert (reply.status, reply.body["Code"]) == (400, "BadRequestError")


def test_other_settings_are_kept_whole_beside_the_cap(api: Api) -> None:
    mine = {"Name": "mine", "Value": {"rate": 0.1, "n": 5.0}, "Note": "kept"}

    api("POST", "/system/configuration", {"Name": "pool#global", "Value": 1})
    api("POST", "/system/configuration", {"Name": "mine", "Value": "before"})
    api("POST", "/system/configuration", mine)

    assert api("GET", "/system/configuration").body == [
        {"Name": CAP, "Value": 5},
        mine,
        {"Name": "pool#global", "Value": 1},
    ]
    assert pool_head() is None


def test_a_setting_too_large_to_store_is_refused(api: Api) -> None:
    reply = api("POST", "/system/configuration", {"Name": "mine", "Value": "x" * 400_000})

    assert (reply.status, reply.body["Message"].startswith("Value: the setting has")) == (400, True)


def test_a_dry_run_sets_nothing(api: Api) -> None:
    assert api("POST", "/system/configuration?dryRun=true", {"Name": CAP, "Value": 7}).status == 200
    assert api("POST", "/system/configuration?dryRun=true", {"Name": CAP, "Value": 0}).status == 400
    assert pool_head() is None


def test_health_counts_slots_and_the_queue(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: "2026-11-21T00:01:00.000000Z")
    api("POST", "/system/configuration", {"Name": CAP, "Value": 3})
    head: dict[str, Any] = {"Id": "pools", "Part": "operation:transcribe"}
    since = "2026-11-21T00:00:00.000000Z"
    slots = [
        {"Id": "pool#global", "Part": f"slot#{number:04}", "Run": "r", "Attempt": 1, "Since": since}
        for number in (1, 2)
    ]
    waiting = {"Run": "r", "Attempt": 1, "MachineArn": "arn", "RunCreated": since}
    places = [
        {"Id": "queue", "Part": f"4#{since}#r", **waiting},
        {"Id": "parked#operation:transcribe", "Part": f"4#{since}#r", **waiting},
        {"Id": "waiting", "Part": "r", "Run": "r", "Attempt": 1, "Since": since},
    ]
    for item in (head, *slots, *places):
        transaction.commit([transaction.put("Executions", item)])

    assert api("GET", "/system/health").body == {
        "Status": "ok",
        "Slots": {"Used": 2, "Held": 0, "Max": 3},
        "Queue": {"Length": 1, "Parked": {"operation:transcribe": 1}, "OldestSeconds": 60.0},
        "Waiting": 1,
    }


@pytest.mark.parametrize("value", [-1, 1.5, "30", True, None, [30], 3_651])
def test_runs_are_kept_for_a_whole_number_of_days(api: Api, value: Any) -> None:
    answer = api("POST", "/system/configuration", {"Name": "RetentionDays", "Value": value})

    assert answer.status == 400
    assert answer.body["Message"].startswith("Value: ")
