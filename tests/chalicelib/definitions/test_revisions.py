from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws import clock, dynamodb, stepfunctions, transaction
from chalicelib.definitions import machines as gateway
from chalicelib.definitions import revisions, stages, store, workflows
from chalicelib.web.errors import BadRequestError, ConflictError, NotFoundError, UnavailableError
from tests.chalicelib.api import Api, Reply
from tests.chalicelib.definitions.conftest import chain, items, machines

Make = Callable[..., Reply]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds of the items read one by one, as they are read."""
    seen: list[str] = []
    get = dynamodb.get

    def counted(table: str, key: dict[str, str], **options: Any) -> Any:
        seen.append(key["Kind"])
        return get(table, key, **options)

    monkeypatch.setattr(dynamodb, "get", counted)
    return seen


def test_a_run_gets_the_current_revision_with_stages_in_running_order(two_stages: Reply) -> None:
    revision = revisions.current("film")

    assert (revision.subject, revision.name) == ("workflow", "film")
    assert len(revision.id) == 8
    assert revision.machine_arn == two_stages.body["StateMachineArn"]
    assert [stage.name for stage in revision.stages] == ["look", "write"]
    assert [operation.name for operation in revision.stages[0].operations] == ["op-a", "op-b"]
    operation = revision.stages[0].operations[0]
    assert (operation.type, operation.timeout_seconds, operation.poll_max_seconds) == ("Sync", 900, 60)
    assert operation.configuration == {"MediaType": "Video", "Enabled": True}
    assert revision.document["StateMachineArn"] == revision.machine_arn
    assert "Stages" not in revision.document
    assert revision.stages[0].document["Next"] == "write"


def test_the_current_revision_costs_two_reads_the_first_time_and_one_from_then_on(
    two_stages: Reply, reads: list[str]
) -> None:
    revisions.current("film")
    revisions.forget()
    reads.clear()

    revisions.current("film")
    assert reads == ["workflow", "revision#workflow#film"]
    revisions.current("film")
    assert reads == ["workflow", "revision#workflow#film", "workflow"]


def test_an_unknown_workflow_or_stage_is_the_callers_mistake(aws: None) -> None:
    with pytest.raises(BadRequestError, match="Name: no workflow named 'nobody'"):
        revisions.current("nobody")
    with pytest.raises(BadRequestError, match="Stage: no stage named 'nobody'"):
        revisions.current_stage("nobody")


def test_an_earlier_revision_stays_as_it_was(two_stages: Reply, api: Api) -> None:
    before = revisions.current("film")
    api("PUT", "/workflow", {"Name": "film", **chain("write")})
    api("DELETE", "/workflow/film")
    revisions.forget()

    assert revisions.get("workflow", "film", before.id) == before
    with pytest.raises(NotFoundError):
        revisions.get("workflow", "film", "00000000")


def test_the_stage_of_an_operation_gets_its_machine_when_first_run_and_keeps_it(operation: Make, api: Api) -> None:
    operation("op-a")

    first = revisions.current_stage("_op-a")
    again = revisions.current_stage("_op-a")

    assert first == again
    assert (first.subject, first.name) == ("stage", "_op-a")
    assert machines() == [f"_op-a-ab12cd-{first.id}"]
    assert items("retired") == []
    assert api("GET", "/workflow/stage/_op-a").body["StateMachineArn"] == first.machine_arn


def test_a_stage_runs_with_its_operations_as_they_are(operation: Make, stage: Make, api: Api, function: Any) -> None:
    operation("op-a")
    stage("st-1", "op-a")
    before = revisions.current_stage("st-1")

    api("PUT", "/workflow/operation", {"Name": "op-a", "TimeoutSeconds": 30})
    configured = revisions.current_stage("st-1")
    api("PUT", "/workflow/operation", {"Name": "op-a", "StartLambdaArn": function("other")})
    rewired = revisions.current_stage("st-1")

    assert configured.stages[0].operations[0].timeout_seconds == 30
    assert configured.machine_arn == before.machine_arn
    assert rewired.machine_arn != before.machine_arn
    assert [item["Name"] for item in items("retired")] == [before.machine_arn]


def test_a_stage_without_one_of_its_operations_cannot_run(two_stages: Reply, api: Api) -> None:
    api("DELETE", "/workflow/operation/op-a?force=true")

    with pytest.raises(BadRequestError, match="stage: no operation named 'op-a' for stage 'look'"):
        revisions.current_stage("look")


def test_of_two_first_runs_at_once_both_get_the_same_revision(
    operation: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation("op-a")
    make = gateway.make
    quicker: list[Any] = []

    def overtaken(name: str, revision_id: str, definition: str) -> None:
        make(name, revision_id, definition)
        if not quicker:
            quicker.append(None)
            quicker.append(revisions.current_stage("_op-a"))

    monkeypatch.setattr(gateway, "make", overtaken)
    slower = revisions.current_stage("_op-a")

    assert slower == quicker[1]
    assert machines() == [f"_op-a-ab12cd-{slower.id}"]
    assert items("retired") == []


def test_a_crash_between_machine_and_item_leaves_a_note_for_the_sweep(
    two_stages: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = gateway.make

    def crash(*given: str) -> None:
        make(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(gateway, "make", crash)
    before = machines()
    with pytest.raises(KeyboardInterrupt):
        workflows.create({"Name": "other", **chain("look")})

    assert revisions.retired() == []
    (orphan,) = revisions.retired(minimum_age=timedelta(0))
    assert (orphan.subject, orphan.name) == ("workflow", "other")
    revisions.discard(orphan.machine_arn, minimum_age=timedelta(0))
    assert machines() == before
    assert items("retired") == []


def test_a_machine_retires_for_a_while_before_it_may_be_deleted(
    two_stages: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflows.delete("film", force=False, live_runs=lambda _: [], cancel=lambda _: None)
    assert revisions.retired() == []

    later = clock.iso(clock.epoch(clock.now()) + revisions.RETIREMENT.total_seconds() + 1)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert [machine.machine_arn for machine in revisions.retired()] == [two_stages.body["StateMachineArn"]]


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "CreateStateMachine")


def test_throttling_is_waited_out(two_stages: Reply, monkeypatch: pytest.MonkeyPatch) -> None:
    create, refusals = stepfunctions.create_machine, [refusal("ThrottlingException")] * 3
    slept: list[float] = []

    def throttled(*given: Any) -> str:
        if refusals:
            raise refusals.pop()
        return create(*given)

    monkeypatch.setattr(stepfunctions, "create_machine", throttled)
    monkeypatch.setattr(clock, "sleep", slept.append)

    assert workflows.create({"Name": "other", **chain("look")})["Name"] == "other"
    assert len(slept) == 3
    assert slept == sorted(slept)


@pytest.mark.parametrize("code", ["ThrottlingException", "StateMachineLimitExceeded"])
def test_a_machine_that_aws_keeps_refusing_leaves_nothing(
    two_stages: Reply, api: Api, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    slept: list[float] = []

    def refuse(*_: Any) -> str:
        raise refusal(code)

    monkeypatch.setattr(stepfunctions, "create_machine", refuse)
    monkeypatch.setattr(clock, "sleep", slept.append)
    before = machines()

    reply = api("POST", "/workflow", {"Name": "other", **chain("look")})

    assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
    assert sum(slept) <= gateway.PATIENCE_SECONDS
    assert machines() == before
    assert items("retired") == []
    assert len(items("workflow")) == 1
    with pytest.raises(UnavailableError):
        stages.create({"Name": "st-2", "Operations": ["op-a"]})


def test_a_change_at_the_same_time_is_a_conflict_and_leaves_no_machine(
    two_stages: Reply, monkeypatch: pytest.MonkeyPatch, api: Api
) -> None:
    make = gateway.make

    def overtaken(*given: str) -> None:
        make(*given)
        monkeypatch.setattr(gateway, "make", make)
        assert api("PUT", "/workflow", {"Name": "film", "Note": "quicker"}).status == 200

    monkeypatch.setattr(gateway, "make", overtaken)
    before = machines()
    with pytest.raises(ConflictError, match="was changed at the same time"):
        workflows.update({"Name": "film", **chain("write")})

    assert machines() == before
    assert items("retired") == []
    assert api("GET", "/workflow/film").body["Note"] == "quicker"


def test_a_wide_workflow_is_written_although_a_transaction_holds_a_hundred(
    operation: Make, api: Api, stage: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation("op-00")
    template = store.read("operation", "op-00")
    assert template is not None
    names = [f"op-{number:02}" for number in range(96)]
    for name in names[1:]:
        copy = replace(template, name=name, document={**template.document, "Name": name})
        transaction.commit([store.create(copy)])
    for position, letter in enumerate("abcd"):
        assert stage(letter, *names[24 * position :][:24]).status == 200
    sizes: list[int] = []
    send = transaction._send

    def measured(writes: Sequence[transaction.Write], token: str) -> None:
        sizes.append(len(writes))
        send(writes, token)

    monkeypatch.setattr(transaction, "_send", measured)
    assert api("POST", "/workflow", {"Name": "wide", **chain("a", "b")}).status == 200
    reply = api("PUT", "/workflow", {"Name": "wide", **chain("c", "d")})

    assert reply.status == 200
    assert sum(sizes) > 150
    assert max(sizes) <= 100
    assert api("GET", "/workflow/list/operation/op-00").body == []
    assert len(api("GET", "/workflow/list/operation/op-95").body) == 1
    refused = api("POST", "/workflow", {"Name": "wider", **chain(*"abcd")})
    assert (refused.status, "96 operations; a workflow may have 80" in refused.body["Message"]) == (400, True)
