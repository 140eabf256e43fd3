from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws import clients, dynamodb
from chalicelib.definitions import operations, revisions, store, workflows
from chalicelib.web.errors import ConflictError
from tests.chalicelib.api import Api, Reply
from tests.chalicelib.definitions.conftest import chain

Make = Callable[..., Reply]


def cap(pool: str) -> int | None:
    """What those who admit runs read; the register must say the same."""
    head = dynamodb.get("Executions", {"Id": f"pool#{pool}", "Part": "pool"})
    registered = dynamodb.get("Executions", {"Id": "pools", "Part": pool})
    assert (head is None) == (registered is None)
    return head["Max"] if head else None


def test_an_operations_cap_is_written_changed_and_removed_with_it(operation: Make, api: Api) -> None:
    assert operation("op-a", MaxConcurrent=20).body["MaxConcurrent"] == 20
    assert cap("operation:op-a") == 20
    assert revisions.current_stage("_op-a").stages[0].operations[0].max_concurrent == 20

    api("PUT", "/workflow/operation", {"Name": "op-a", "TimeoutSeconds": 5})
    assert cap("operation:op-a") == 20
    api("PUT", "/workflow/operation", {"Name": "op-a", "MaxConcurrent": 3})
    assert cap("operation:op-a") == 3
    assert "MaxConcurrent" not in api("PUT", "/workflow/operation", {"Name": "op-a", "MaxConcurrent": None}).body
    assert cap("operation:op-a") is None
    assert revisions.current_stage("_op-a").stages[0].operations[0].max_concurrent is None

    api("PUT", "/workflow/operation", {"Name": "op-a", "MaxConcurrent": 4})
    api("DELETE", "/workflow/operation/op-a")
    assert cap("operation:op-a") is None


def test_a_workflows_cap_and_timeout_are_its_revisions(two_stages: Reply, api: Api) -> None:
    assert cap("workflow:film") is None
    assert (revisions.current("film").max_concurrent, revisions.current("film").timeout_seconds) == (None, None)

    changed = api("PUT", "/workflow", {"Name": "film", "MaxConcurrent": 2, "TimeoutSeconds": 600})
    assert (changed.body["MaxConcurrent"], changed.body["TimeoutSeconds"]) == (2, 600)
    assert api("GET", "/workflow/film").body == changed.body
    assert changed.body["StateMachineArn"] == two_stages.body["StateMachineArn"]
    assert cap("workflow:film") == 2
    revision = revisions.current("film")
    assert (revision.max_concurrent, revision.timeout_seconds) == (2, 600)
    revisions.forget()
    assert revisions.get("workflow", "film", revision.id) == revision

    kept = api("PUT", "/workflow", {"Name": "film"})
    assert (kept.body["MaxConcurrent"], cap("workflow:film")) == (2, 2)
    back = api("PUT", "/workflow", {"Name": "film", "MaxConcurrent": None, "TimeoutSeconds": None})
    assert not {"MaxConcurrent", "TimeoutSeconds"} & set(back.body)
    assert cap("workflow:film") is None

    api("PUT", "/workflow", {"Name": "film", "MaxConcurrent": 9})
    api("DELETE", "/workflow/film")
    assert cap("workflow:film") is None


def test_a_new_workflow_may_have_both_from_the_start(two_stages: Reply, api: Api) -> None:
    reply = api(
        "POST", "/workflow", {"Name": "show", **chain("look"), "MaxConcurrent": 7, "TimeoutSeconds": 31_536_000}
    )

    assert reply.status == 200, reply.body
    assert cap("workflow:show") == 7
    assert revisions.current("show").timeout_seconds == 31_536_000
    made = clients.client("stepfunctions").describe_state_machine(stateMachineArn=reply.body["StateMachineArn"])
    assert json.loads(made["definition"])["TimeoutSeconds"] > 31_536_000


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"MaxConcurrent": 0}, "MaxConcurrent: "),
        ({"MaxConcurrent": 10_000}, "MaxConcurrent: "),
        ({"MaxConcurrent": "7"}, "MaxConcurrent: '7' is not of type integer"),
        ({"MaxConcurrent": [7]}, "MaxConcurrent: "),
        ({"TimeoutSeconds": 0}, "TimeoutSeconds: "),
        ({"TimeoutSeconds": 31_536_001}, "TimeoutSeconds: "),
        ({"TimeoutSeconds": 1.5}, "TimeoutSeconds: "),
        ({"TimeoutSeconds": "{% 5 %}"}, "TimeoutSeconds: "),
    ],
)
def test_a_wrong_cap_or_timeout_of_a_workflow_is_refused(
    two_stages: Reply, api: Api, members: dict[str, Any], message: str
) -> None:
    made = api("POST", "/workflow", {"Name": "show", **chain("look"), **members})
    changed = api("PUT", "/workflow", {"Name": "film", **members})

    for reply in (made, changed):
        assert reply.status == 400
        assert message in reply.body["Message"]
    assert api("GET", "/workflow/film").body == two_stages.body
    assert cap("workflow:show") is None


def test_what_is_refused_or_only_checked_leaves_the_cap_as_it_was(
    operation: Make, two_stages: Reply, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation("op-d", MaxConcurrent=20)
    api("PUT", "/workflow/operation?dryRun=true", {"Name": "op-d", "MaxConcurrent": 1})
    assert operation("op-d", MaxConcurrent=2, StartLambdaArn=two_stages.body["StateMachineArn"]).status == 400
    api("PUT", "/workflow?dryRun=true", {"Name": "film", "MaxConcurrent": 1})
    assert (cap("operation:op-d"), cap("workflow:film")) == (20, None)

    # somebody else changes both between reading and writing
    stale = {kind: store.read(kind, name) for kind, name in (("operation", "op-d"), ("workflow", "film"))}  # type: ignore[arg-type]
    api("PUT", "/workflow/operation", {"Name": "op-d", "MaxConcurrent": 30})
    api("PUT", "/workflow", {"Name": "film", "MaxConcurrent": 31})
    read = store.read
    monkeypatch.setattr(store, "read", lambda kind, name: stale.get(kind) or read(kind, name))
    with pytest.raises(ConflictError):
        operations.update({"Name": "op-d", "MaxConcurrent": 5})
    with pytest.raises(ConflictError):
        workflows.update({"Name": "film", "MaxConcurrent": 5})

    assert (cap("operation:op-d"), cap("workflow:film")) == (30, 31)
