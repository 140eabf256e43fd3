"""`/workflow/execution/batch` over HTTP: what is refused, naming the field, and what is answered."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.batches import store
from tests.chalicelib.api import Api, serve
from tests.chalicelib.batches.conftest import Machine, clip

PATH = "/workflow/execution/batch"
UNKNOWN = "019a7c52-5b1e-7c3d-9a51-6f6f0a6a4b11"
GOOD: dict[str, Any] = {"Input": {"AssetId": "a"}}


@pytest.fixture
def api(machine: Machine) -> Api:
    return serve()


def inputs(*items: Any) -> dict[str, Any]:
    return {"Name": "flow", "Inputs": list(items)}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        ({"Name": "flow", "Inputs": []}, "Inputs: a list of 1 to 1000 items"),
        ({"Name": "flow", "Inputs": [GOOD] * 1001}, "Inputs: a list of 1 to 1000 items"),
        ({"Name": "flow", "Inputs": {"0": GOOD}}, "Inputs: a list of 1 to 1000 items"),
        ({"Name": "flow", "Inputs": None}, "Inputs: a list of 1 to 1000 items"),
        (inputs(GOOD, GOOD, GOOD, {}), "Inputs[3]: 'Input' is a required property"),
        (inputs(GOOD, "a"), "Inputs[1]"),
        (inputs(GOOD, {"Input": {"Media": {"Video": {"S3Bucket": "b" * 3}}}}), "Inputs[1].Input.Media.Video"),
        (inputs({"Input": {"AssetId": 7}}), "Inputs[0].Input.AssetId"),
        (inputs({**GOOD, "Configuration": []}), "Inputs[0].Configuration"),
        (inputs({**GOOD, "Priority": -1}), "Inputs[0].Priority"),
        (inputs({**GOOD, "Workflow": "flow"}), "'Workflow' was unexpected"),
        ({"Name": 3, "Inputs": [GOOD]}, "Name"),
        ({"Name": "flow\n", "Inputs": [GOOD]}, "Name"),
        ({"Name": "flow", "Inputs": [GOOD], "Manifest": {"S3Bucket": "test-data", "S3Key": "k"}}, "exactly one"),
        ({"Name": "flow", "Manifest": {"S3Bucket": "test-data"}}, "Manifest: 'S3Key' is a required property"),
        ({"Name": "flow", "Manifest": "s3://test-data/k"}, "Manifest"),
        ({"Name": "flow", "Manifest": {"S3Bucket": "Test_Data", "S3Key": "k"}}, "Manifest.S3Bucket"),
        ({"Name": "flow", "Prefix": {"S3Bucket": "test-data", "S3Prefix": ""}}, "Prefix.S3Prefix"),
        ({"Name": "flow", "Prefix": {"S3Bucket": "test-data", "S3Prefix": "x" * 1025}}, "Prefix.S3Prefix"),
        ({"Name": "flow", "Inputs": [GOOD], "ToleratedFailurePercentage": 101}, "ToleratedFailurePercentage"),
        ({"Name": "flow", "Inputs": [GOOD], "ToleratedFailurePercentage": "10"}, "ToleratedFailurePercentage"),
        ({"Name": "flow", "Inputs": [GOOD], "OnBadLine": "ignore"}, "OnBadLine"),
        ({"Name": "flow", "Inputs": [GOOD], "Priority": 1.5}, "Priority"),
        ({"Name": "flow", "Inputs": [GOOD], "Tolerated": 1}, "'Tolerated' was unexpected"),
        (b"{", "not valid JSON"),
    ],
)
def test_a_bad_request_names_the_field_and_writes_nothing(api: Api, body: Any, field: str) -> None:
    reply = api("POST", PATH, body)

    assert (reply.status, reply.body["Code"]) == (400, "BadRequestError")
    assert field in reply.body["Message"]
    assert store.page(10, None)[0] == []


@pytest.mark.parametrize("batch_id", [UNKNOWN, "x", "..%2F..", "0d5f0b5e-6f2c-4f0e-9a51-6f6f0a6a4b11"])
def test_an_unknown_batch_is_404_on_every_route(api: Api, batch_id: str) -> None:
    for method, path in (("GET", ""), ("GET", "/runs"), ("POST", "/cancel"), ("POST", "/retry")):
        assert api(method, f"{PATH}/{batch_id}{path}").status == 404


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("cancel", {"Reason": 3}, "Reason"),
        ("cancel", {"Reason": "x" * 1001}, "Reason"),
        ("cancel", {"Because": "x"}, "Because"),
        ("retry", {"Configuration": "x"}, "Configuration"),
        ("retry", {"Workflow": "x"}, "Workflow"),
    ],
)
def test_bad_actions_name_the_field(api: Api, path: str, body: Any, field: str) -> None:
    reply = api("POST", f"{PATH}/{UNKNOWN}/{path}", body)

    assert reply.status == 400
    assert field in reply.body["Message"]


def test_an_action_that_the_status_forbids_is_a_conflict_that_names_the_status(api: Api, machine: Machine) -> None:
    batch_id = api("POST", PATH, inputs({"Input": {"AssetId": "nobody"}})).body["Id"]
    machine.run()

    for action in ("cancel", "retry"):
        reply = api("POST", f"{PATH}/{batch_id}/{action}")
        assert (reply.status, reply.body["Code"]) == (409, "ConflictError")
        assert "Rejected" in reply.body["Message"]


def test_a_batch_and_its_runs_are_read_in_pages(api: Api, machine: Machine) -> None:
    batch_id = api("POST", PATH, inputs(*(clip(number) for number in range(5)))).body["Id"]
    machine.run()
    other = api("POST", PATH, inputs(GOOD)).body["Id"]

    assert [batch["Id"] for batch in api("GET", PATH).body] == [other, batch_id]
    first = api("GET", f"{PATH}?limit=1")
    rest = api("GET", first.headers["Link"].split(">")[0].removeprefix("<"))
    assert [batch["Id"] for batch in rest.body] == [batch_id]
    counts = api("GET", f"{PATH}/{batch_id}").body["Counts"]
    assert (counts["Total"], counts["Submitted"]) == (5, 5)
    page = api("GET", f"{PATH}/{batch_id}/runs?limit=3")
    following = api("GET", page.headers["Link"].split(">")[0].removeprefix("<"))
    assert sorted(run["Line"] for run in [*page.body, *following.body]) == [1, 2, 3, 4, 5]
    assert "Link" not in following.headers


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "cursor=x"])
def test_a_bad_page_is_refused(api: Api, machine: Machine, query: str) -> None:
    batch_id = api("POST", PATH, inputs(GOOD)).body["Id"]

    assert api("GET", f"{PATH}?{query}").status == 400
    assert api("GET", f"{PATH}/{batch_id}/runs?{query}").status == 400


def test_a_dry_run_writes_nothing(api: Api, machine: Machine) -> None:
    reply = api("POST", f"{PATH}?dryRun=true", inputs(GOOD))

    assert (reply.status, reply.body["Status"]) == (200, "Checking")
    assert store.page(10, None)[0] == []
    assert machine.started == {}
