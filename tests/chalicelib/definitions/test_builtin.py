from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.definitions import builtin, revisions, store
from chalicelib.web.validation import validate
from tests.chalicelib.api import Api, Reply
from tests.chalicelib.definitions.conftest import items, machines

Make = Callable[..., Reply]
EXPECTED = {"MediaType": "MetadataOnly", "Enabled": False}


def test_wait_is_there_though_nobody_registered_it(api: Api) -> None:
    operation, stage = api("GET", "/workflow/operation/Wait"), api("GET", "/workflow/stage/_Wait")

    assert (operation.status, stage.status) == (200, 200)
    validate("definitions/operation_answer", operation.body)
    validate("definitions/stage_answer", stage.body)
    assert operation.body["Type"] == "Wait"
    assert operation.body["Configuration"] == EXPECTED
    assert operation.body["StageName"] == "_Wait"
    assert stage.body["Operations"] == ["Wait"]
    assert stage.body["Configuration"] == {"Wait": EXPECTED}
    assert items("operation") == items("stage") == []


def test_wait_can_be_neither_registered_nor_changed_nor_deleted(operation: Make, api: Api) -> None:
    replies = [
        operation("Wait"),
        operation("Wait", Type="Wait"),
        api("PUT", "/workflow/operation", {"Name": "Wait", "TimeoutSeconds": 5}),
        api("DELETE", "/workflow/operation/Wait"),
        api("DELETE", "/workflow/operation/Wait?force=true"),
    ]

    for reply in replies:
        assert (reply.status, reply.body["Code"]) == (409, "ConflictError")
        assert reply.body["Message"].startswith("The operation 'Wait' is built in")
    assert items("operation") == items("stage") == []


def test_the_stage_of_wait_goes_and_changes_with_nothing(api: Api) -> None:
    assert api("DELETE", "/workflow/stage/_Wait").status == 400
    assert api("PUT", "/workflow/stage", {"Name": "_Wait", "Operations": ["Wait"]}).status == 400
    assert api("POST", "/workflow/stage", {"Name": "_Wait", "Operations": ["Wait"]}).status == 400


def test_a_workflow_of_the_waits_stage_and_a_stage_with_wait_switched_on(
    operation: Make, stage: Make, workflow: Make, api: Api
) -> None:
    operation("op-a")
    switched_on = {"Wait": {"Enabled": True, "ExpiresAfterSeconds": 60}}
    assert stage("look", "op-a", "Wait", Configuration=switched_on).status == 200
    made = workflow("film", "look", "_Wait")

    assert made.status == 200, made.body
    look, wait = revisions.current("film").stages
    assert [one.type for one in look.operations] == ["Sync", "Wait"]
    assert look.operations[1].configuration == {**EXPECTED, "Enabled": True, "ExpiresAfterSeconds": 60}
    assert wait.operations[0].configuration == EXPECTED
    assert made.body["StaleOperations"] == made.body["StaleStages"] == []
    assert api("GET", "/workflow/film").body == made.body
    for path in ("operation/Wait", "stage/_Wait"):
        assert [one["Name"] for one in api("GET", f"/workflow/list/{path}").body] == ["film"]


@pytest.mark.parametrize("configuration", [{"ExpiresAfterSeconds": 0}, {"Enabled": "yes"}])
def test_a_stage_that_gives_wait_a_wrong_configuration_is_refused(
    stage: Make, configuration: dict[str, object]
) -> None:
    reply = stage("look", "Wait", Configuration={"Wait": configuration})

    assert reply.status == 400
    assert reply.body["Message"].startswith(f"Configuration.Wait.{next(iter(configuration))}: ")


def test_the_waits_stage_alone_gets_a_machine_once_and_stays_what_it_is(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = revisions.current_stage("_Wait")
    again = revisions.current_stage("_Wait")

    assert first == again
    assert machines() == [f"_Wait-ab12cd-{first.id}"]
    assert items("retired") == []
    shown = api("GET", "/workflow/stage/_Wait").body
    assert shown["StateMachineArn"] == first.machine_arn
    assert shown["Operations"] == ["Wait"]
    assert [one["Name"] for one in api("GET", "/workflow/stage").body] == ["_Wait"]

    monkeypatch.setattr(builtin, "STAMP", "builtin2")
    newer = revisions.current_stage("_Wait")
    assert newer.id != first.id
    assert revisions.current_stage("_Wait") == newer


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
@pytest.mark.parametrize("others", [[], ["A"], ["z"], ["A", "B", "x", "z"], ["Wai", "Wait.", "Waiu"]])
def test_lists_have_it_at_its_place_on_pages_of_any_size(operation: Make, limit: int, others: list[str]) -> None:
    for name in others:
        assert operation(name).status == 200

    for kind, prefix in (("operation", ""), ("stage", "_")):
        seen: list[str] = []
        after = None
        while True:
            found, after = store.page(kind, limit, after)  # type: ignore[arg-type]
            assert len(found) <= limit
            seen += [one.name for one in found]
            if after is None:
                break
        assert seen == sorted(prefix + name for name in [*others, "Wait"])


def test_it_is_read_among_others_in_one_go(operation: Make) -> None:
    operation("op-a")

    assert sorted(store.read_many("operation", ["op-a", "Wait", "nobody"])) == ["Wait", "op-a"]
    assert store.read_many("workflow", ["Wait"]) == {}
