"""`/system/webhook` over HTTP: what is taken, what is refused, and that no secret is answered twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.aws import transaction
from chalicelib.events import routes, store
from chalicelib.executions.changes import Change
from tests.chalicelib.api import Api, serve
from tests.chalicelib.events import runs

GOOD = {"Name": "mine", "Url": "https://hooks.example/x"}


@pytest.fixture
def api(aws: None) -> Api:
    return serve()


def test_a_webhook_is_made_with_a_secret_that_is_answered_once(api: Api) -> None:
    reply = api("POST", "/system/webhook", GOOD)

    assert reply.status == 200
    secret = reply.body.pop("Secret")
    assert len(secret) == 64
    assert reply.body == {**GOOD, "Created": reply.body["Created"]}
    assert api("GET", "/system/webhook/mine").body == reply.body
    assert api("GET", "/system/webhook").body == [reply.body]
    assert api("DELETE", "/system/webhook/mine").body == reply.body
    assert api("GET", "/system/webhook").body == []


def test_a_secret_that_was_given_is_kept_and_not_answered(api: Api) -> None:
    body = {**GOOD, "Secret": "0123456789abcdef", "Statuses": ["Complete"]}

    reply = api("POST", "/system/webhook", body)

    assert "Secret" not in reply.body
    kept = store.webhook("mine")
    assert kept is not None
    assert kept.secret == "0123456789abcdef"
    for answer in (reply, api("GET", "/system/webhook/mine"), api("GET", "/system/webhook")):
        assert "0123456789abcdef" not in json.dumps(answer.body)


def test_a_name_is_taken_once(api: Api) -> None:
    api("POST", "/system/webhook", GOOD)

    for path in ("/system/webhook", "/system/webhook?dryRun=true"):
        again = api("POST", path, {**GOOD, "Url": "https://other.example/"})
        assert (again.status, again.body["Code"]) == (409, "ConflictError")
    assert api("GET", "/system/webhook/mine").body["Url"] == GOOD["Url"]


def test_there_are_at_most_so_many(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "MOST_WEBHOOKS", 2)
    for name in ("a", "b"):
        assert api("POST", "/system/webhook", {**GOOD, "Name": name}).status == 200

    assert api("POST", "/system/webhook", {**GOOD, "Name": "c"}).status == 409


def test_a_dry_run_makes_nothing_and_shows_no_secret(api: Api) -> None:
    reply = api("POST", "/system/webhook?dryRun=true", GOOD)

    assert (reply.status, reply.body["Name"], "Secret" in reply.body) == (200, "mine", False)
    assert api("GET", "/system/webhook").body == []


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("name", ["unknown", "%20", "x" * 2000, "a%23b"])
def test_an_unknown_name_is_404(api: Api, method: str, name: str) -> None:
    reply = api(method, f"/system/webhook/{name}")

    assert (reply.status, reply.body["Code"]) == (404, "NotFoundError")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"Name": None}, "Name"),
        ({"Name": ""}, "Name"),
        ({"Name": "a/b"}, "Name"),
        ({"Name": "a#b"}, "Name"),
        ({"Name": "@run"}, "Name"),
        ({"Name": "dead"}, "Name"),
        ({"Name": "x" * 65}, "Name"),
        ({"Url": None}, "Url"),
        ({"Url": 3}, "Url"),
        ({"Url": ""}, "Url"),
        ({"Url": "https://hooks.example/" + "a" * 2048}, "Url"),
        ({"Url": "http://hooks.example/"}, "Url"),
        ({"Url": "https://me:pw@hooks.example/"}, "Url"),
        ({"Url": "https://hooks.example:22/"}, "Url"),
        ({"Url": "https://169.254.169.254/"}, "Url"),
        ({"Url": "https://[::ffff:10.0.0.1]/"}, "Url"),
        ({"Workflow": ""}, "Workflow"),
        ({"Workflow": "unknown"}, "Workflow"),
        ({"Workflow": ["flow"]}, "Workflow"),
        ({"Statuses": []}, "Statuses"),
        ({"Statuses": "Complete"}, "Statuses"),
        ({"Statuses": ["Done"]}, "Statuses"),
        ({"Statuses": ["Error", "Error"]}, "Statuses"),
        ({"Secret": None}, "Secret"),
        ({"Secret": ""}, "Secret"),
        ({"Secret": "too-short"}, "Secret"),
        ({"Secret": "x" * 257}, "Secret"),
        ({"Secret": "0123456789abcdef\n"}, "Secret"),
        ({"Method": "PUT"}, "Method"),
    ],
)
def test_a_wrong_member_is_refused_by_its_name_and_nothing_is_kept(
    api: Api, change: dict[str, Any], field: str
) -> None:
    reply = api("POST", "/system/webhook", {**GOOD, **change})

    assert (reply.status, reply.body["Code"]) == (400, "BadRequestError")
    assert field in reply.body["Message"]
    assert store.webhooks() == []


@pytest.mark.parametrize("member", ["Name", "Url"])
def test_a_missing_member_is_refused_by_its_name(api: Api, member: str) -> None:
    reply = api("POST", "/system/webhook", {key: value for key, value in GOOD.items() if key != member})

    assert (reply.status, member in reply.body["Message"]) == (400, True)


@pytest.mark.parametrize("body", [None, [], "mine", b"{", b"\xff"])
def test_what_is_no_object_is_refused(api: Api, body: Any) -> None:
    assert api("POST", "/system/webhook", body).status == 400


def test_a_webhook_may_be_for_a_workflow_and_for_some_statuses(api: Api) -> None:
    workflow = {"Kind": "workflow", "Name": "flow", "Text": "{}", "Stamp": "s", "Revision": "r"}
    transaction.commit([transaction.put("Definitions", {**workflow})])
    began = runs.started(runs.run())
    ended = runs.failed(began)
    changes = [Change(began, None), Change(ended, None), Change(runs.run(workflow="other"), None)]
    alone = Change(runs.run(subject="stage"), None)

    def wanted(**members: Any) -> list[str]:
        body = {**GOOD, **members}
        assert api("POST", "/system/webhook", body).status == 200
        made = store.webhook("mine")
        assert made is not None
        assert api("DELETE", "/system/webhook/mine").status == 200
        return [change.run.status.value for change in (*changes, alone) if made.wants(change)]

    assert wanted() == ["Started", "Error", "Queued", "Queued"]
    assert wanted(Workflow="flow") == ["Started", "Error"]
    assert wanted(Statuses=["Error", "Complete"]) == ["Error"]
    assert wanted(Statuses=["Queued"], Workflow="flow") == []
