from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.aws import clock, dynamodb
from chalicelib.definitions import live, revisions, workflows
from chalicelib.web.errors import BadRequestError, ConflictError
from chalicelib.web.validation import validate
from tests.chalicelib.api import Api, Reply
from tests.chalicelib.definitions.conftest import chain, items, machines

Make = Callable[..., Reply]


def test_a_workflow_is_answered_as_the_contract_says(two_stages: Reply, api: Api) -> None:
    body = two_stages.body

    assert two_stages.status == 200
    validate("definitions/workflow_answer", body)
    assert body["Operations"] == ["op-a", "op-b", "op-c"]
    assert (body["Version"], body["Revisions"], body["Trigger"], body["ResourceType"]) == (
        "v0",
        "1",
        "api",
        "WORKFLOW",
    )
    assert body["StaleOperations"] == body["StaleStages"] == []
    assert body["Stages"]["look"]["Next"] == "write"
    assert body["Stages"]["write"]["End"] is True
    assert json.loads(body["Stages"]["write"]["Definition"])["StartAt"] == "S1 write parallel"
    assert body["Stages"]["look"]["Configuration"]["op-a"] == {"MediaType": "Video", "Enabled": True}
    assert api("GET", "/workflow/film").body == body
    assert api("GET", "/workflow").body == [body]
    assert items("retired") == []


def test_its_machine_runs_the_stages_in_order(two_stages: Reply) -> None:
    from chalicelib.aws.clients import client

    answer = client("stepfunctions").describe_state_machine(stateMachineArn=two_stages.body["StateMachineArn"])

    states = json.loads(answer["definition"])["States"]
    assert [states[name].get("Next") for name in states] == [
        "S1 look complete",
        "S2 write parallel",
        "S2 write complete",
        None,
    ]
    assert answer["name"].startswith("film-ab12cd-")
    assert answer["roleArn"] == "arn:aws:iam::123456789012:role/test-workflow-role"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"Name": "list"}, "Name: 'list' is reserved"),
    ({"Name": "execution"}, "Name: 'execution' is reserved"),
    ({"Name": "a/b"}, "Name: a name consists"),
    ({"StartAt": "nowhere"}, "StartAt: there is no stage 'nowhere'"),
    ({"StartAt": ""}, "StartAt: "),
    ({"Stages": {}}, "Stages: "),
    ({"Stages": []}, "Stages: [] is not of type object"),
    ({"Stages": {"look": None}}, "Stages.look: None is not of type object"),
    ({"Stages": {"look": {}}}, "Stages.look: the stage must have either 'End' or 'Next'"),
    ({"Stages": {"look": {"End": True, "Next": "look"}}}, "Stages.look: the stage must have either"),
    ({"Stages": {"look": {"End": "yes"}}}, "Stages.look.End: 'yes' is not of type boolean"),
    ({"Stages": {"look": {"End": False}}}, "Stages.look: the stage must have either"),
    ({"Stages": {"look": {"Next": "write"}}}, "Stages.look.Next: there is no stage 'write'"),
    ({"Stages": {"look": {"Next": "look"}}}, "Stages: exactly one stage must have 'End', none has"),
    ({"Stages": {"look": {"End": True}, "write": {"End": True}}}, "Stages: exactly one stage must have 'End', not 2"),
    (
        {"Stages": {"look": {"Next": "write"}, "write": {"Next": "look"}, "_op-a": {"End": True}}},
        "Stages.write.Next: stage 'look' would run again",
    ),
    (
        {"Stages": {"look": {"End": True}, "write": {"Next": "look"}}},
        "Stages.write: the stage can't be reached from StartAt",
    ),
    ({"Stages": {"look": {"Next": "none"}, "none": {"End": True}}}, "Stages.none: no stage named 'none'"),
]


@pytest.mark.parametrize(("members", "message"), BAD)
def test_a_wrong_workflow_is_refused_by_naming_the_field_and_leaves_nothing(
    two_stages: Reply, api: Api, members: dict[str, Any], message: str
) -> None:
    before = machines()

    reply = api("POST", "/workflow", {"Name": "other", **chain("look"), **members})

    assert (reply.status, reply.body["Code"]) == (400, "BadRequestError"), reply.body
    assert message in reply.body["Message"], reply.body["Message"]
    assert machines() == before
    assert items("retired") == []
    assert [item["Name"] for item in items("workflow")] == ["film"]


def test_a_stage_whose_operation_is_gone_is_refused(two_stages: Reply, api: Api) -> None:
    api("DELETE", "/workflow/operation/op-a?force=true")

    reply = api("POST", "/workflow", {"Name": "other", **chain("look")})

    assert reply.status == 400
    assert reply.body["Message"] == "Stages.look: no operation named 'op-a' for stage 'look'"


def test_a_name_taken_is_a_conflict(two_stages: Reply, workflow: Make) -> None:
    reply = workflow("film", "look")

    assert (reply.status, reply.body["Code"]) == (409, "ConflictError")


@pytest.mark.usefixtures("one_write_at_a_time")
def test_of_several_at_once_exactly_one_gets_the_name_and_no_machine_is_left(two_stages: Reply) -> None:
    before = machines()

    def post(_: int) -> int:
        try:
            workflows.create({"Name": "other", **chain("look")})
        except ConflictError:
            return 409
        return 200

    with ThreadPoolExecutor(4) as threads:
        statuses = sorted(threads.map(post, range(4)))

    assert statuses == [200, 409, 409, 409]
    assert len(machines()) == len(before) + 1
    assert items("retired") == []
    assert len(items("revision#workflow#other")) == 1


def test_a_dry_run_answers_the_workflow_and_makes_nothing(two_stages: Reply, api: Api) -> None:
    before = machines()

    reply = api("POST", "/workflow?dryRun=true", {"Name": "other", **chain("look", "write")})

    assert reply.status == 200
    validate("definitions/workflow_answer", reply.body)
    assert machines() == before
    assert api("GET", "/workflow/other").status == 404


def test_an_unchanged_put_makes_a_revision_and_no_machine(two_stages: Reply, api: Api) -> None:
    before = machines()

    reply = api("PUT", "/workflow", {"Name": "film"})

    assert reply.status == 200
    assert (reply.body["Revisions"], reply.body["Version"]) == ("2", "v2")
    assert reply.body["StateMachineArn"] == two_stages.body["StateMachineArn"]
    assert (reply.body["Id"], reply.body["Created"]) == (two_stages.body["Id"], two_stages.body["Created"])
    assert machines() == before
    assert api("PUT", "/workflow", {"Name": "film"}).body["Revisions"] == "3"


def test_a_put_with_other_stages_makes_another_machine_and_retires_the_old(two_stages: Reply, api: Api) -> None:
    reply = api("PUT", "/workflow", {"Name": "film", **chain("write")})

    assert reply.status == 200
    assert reply.body["Operations"] == ["op-c"]
    assert reply.body["StateMachineArn"] != two_stages.body["StateMachineArn"]
    assert [item["Name"] for item in items("retired")] == [two_stages.body["StateMachineArn"]]
    assert api("GET", "/workflow/list/stage/look").body == []
    assert api("DELETE", "/workflow/stage/look").status == 200


def test_a_put_of_an_unknown_workflow_is_refused(api: Api) -> None:
    reply = api("PUT", "/workflow", {"Name": "nobody"})

    assert (reply.status, reply.body["Message"]) == (400, "Name: no workflow named 'nobody'")


def test_changed_operations_and_stages_show_as_stale_until_a_put_takes_them_in(two_stages: Reply, api: Api) -> None:
    configuration = {"MediaType": "Audio", "Enabled": True}
    api("PUT", "/workflow/operation", {"Name": "op-c", "Configuration": configuration})
    api("PUT", "/workflow/stage", {"Name": "look", "Operations": ["op-b"]})

    stale = api("GET", "/workflow/film").body
    fresh = api("PUT", "/workflow", {"Name": "film"}).body

    assert (stale["StaleOperations"], stale["StaleStages"]) == (["op-c"], ["look"])
    assert stale["Stages"]["write"]["Configuration"]["op-c"]["MediaType"] == "Video"
    assert (fresh["StaleOperations"], fresh["StaleStages"]) == ([], [])
    assert fresh["Stages"]["write"]["Configuration"]["op-c"] == configuration
    assert fresh["Operations"] == ["op-b", "op-c"]
    assert api("GET", "/workflow/film").body == fresh


def test_an_operation_deleted_and_made_anew_is_stale_all_the_same(two_stages: Reply, api: Api) -> None:
    deleted = api("DELETE", "/workflow/operation/op-c?force=true").body
    api("POST", "/workflow/operation", {key: value for key, value in deleted.items() if key != "SfnExecutionRole"})

    assert api("GET", "/workflow/film").body["StaleOperations"] == ["op-c"]


def test_the_configuration_is_listed_by_stage_and_operation(two_stages: Reply, api: Api) -> None:
    video = {"MediaType": "Video", "Enabled": True}

    reply = api("GET", "/workflow/configuration/film")

    assert reply.body == {"look": {"op-a": video, "op-b": video}, "write": {"op-c": video}}
    assert api("GET", "/workflow/configuration/nobody").status == 404


def test_workflows_are_listed_by_operation_and_by_stage(two_stages: Reply, workflow: Make, api: Api) -> None:
    workflow("short", "write")
    workflow("alone", "_op-a")

    def names(path: str) -> list[str]:
        return [entry["Name"] for entry in api("GET", f"/workflow/list/{path}").body]

    assert names("operation/op-c") == ["film", "short"]
    assert names("operation/op-a") == ["alone", "film"]
    assert names("stage/look") == ["film"]
    assert names("stage/_op-a") == ["alone"]
    assert names("operation/nobody") == []
    first = api("GET", "/workflow/list/operation/op-c?limit=1")
    second = api("GET", first.headers["Link"].split(">")[0].lstrip("<"))
    assert [entry["Name"] for entry in first.body + second.body] == ["film", "short"]
    assert "Link" not in second.headers


def test_a_list_reads_its_revisions_together(
    two_stages: Reply, workflow: Make, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        workflow(f"film-{number}", "look")
    revisions.forget()
    asked: list[int] = []
    batch_get = dynamodb.batch_get

    def counted(table: str, keys: Sequence[dict[str, str]], **options: Any) -> Any:
        asked.append(len(keys))
        return batch_get(table, keys, **options)

    monkeypatch.setattr(dynamodb, "batch_get", counted)
    monkeypatch.setattr(dynamodb, "get", lambda *_, **__: pytest.fail("a single read"))

    assert len(api("GET", "/workflow").body) == 5
    assert asked == [5, 3, 2]


def test_deleting_answers_the_workflow_and_retires_its_machine(two_stages: Reply, api: Api) -> None:
    reply = api("DELETE", "/workflow/film")

    assert (reply.status, reply.body) == (200, two_stages.body)
    assert api("GET", "/workflow/film").status == 404
    assert api("DELETE", "/workflow/film").status == 404
    assert [item["Name"] for item in items("retired")] == [two_stages.body["StateMachineArn"]]
    assert api("DELETE", "/workflow/operation/op-a").status == 200


def test_a_workflow_with_live_runs_stays(two_stages: Reply, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def live_runs(name: str) -> list[str]:
        seen.append(items("workflow")[0].get("DeletingSince"))
        return ["run-1"]

    monkeypatch.setattr(live._RUNS, "live", live_runs)
    reply = api("DELETE", "/workflow/film")

    assert (reply.status, reply.body["Code"]) == (409, "ConflictError")
    assert "run-1" in reply.body["Message"]
    assert seen[0] is not None
    assert items("workflow")[0].get("DeletingSince") is None
    assert api("GET", "/workflow/film").body == two_stages.body


def test_force_deletes_first_and_cancels_the_live_runs_then(
    two_stages: Reply, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    canceled: list[tuple[str, int]] = []
    monkeypatch.setattr(live._RUNS, "live", lambda _: ["run-1", "run-2"])
    monkeypatch.setattr(live._RUNS, "cancel", lambda run: canceled.append((run, len(items("workflow")))))

    reply = api("DELETE", "/workflow/film?force=true")

    assert reply.status == 200
    assert canceled == [("run-1", 0), ("run-2", 0)]


def test_the_mark_of_a_delete_that_crashed_is_not_believed_for_long(
    two_stages: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_: str) -> list[str]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        workflows.delete("film", force=False, live_runs=crash, cancel=lambda _: None)

    with pytest.raises(BadRequestError, match="is being deleted"):
        revisions.current("film")
    later = clock.iso(clock.epoch(clock.now()) + revisions.DELETING_SECONDS)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert revisions.current("film").name == "film"
    assert workflows.delete("film", force=False, live_runs=lambda _: [], cancel=lambda _: None)["Name"] == "film"


def test_what_a_client_read_can_be_sent_again(two_stages: Reply, api: Api) -> None:
    reply = api("POST", "/workflow", {**two_stages.body, "Name": "copy"})

    assert reply.status == 200
    assert reply.body["Stages"].keys() == two_stages.body["Stages"].keys()
    assert reply.body["Id"] != two_stages.body["Id"]
