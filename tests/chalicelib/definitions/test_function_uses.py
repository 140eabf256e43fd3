from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws import clock, functions, settings
from chalicelib.aws.clients import client
from chalicelib.definitions import function_uses, tagged_store
from tests.chalicelib.api import Api, Reply
from tests.chalicelib.definitions.conftest import items

Function = Callable[[str], str]
Operation = Callable[..., Reply]
OURS = {"mediawright": "test-stack"}


def tags(arn: str) -> dict[str, str]:
    found: dict[str, str] = client("lambda").list_tags(Resource=arn)["Tags"]
    return found


def delete(api: Api, name: str) -> None:
    assert api("DELETE", f"/workflow/operation/{name}").status == 200


def later(monkeypatch: pytest.MonkeyPatch, seconds: float = 3600) -> None:
    now = clock.seconds()
    monkeypatch.setattr(clock, "time_source", lambda: now + seconds)


class Died(Exception):
    """The process ended here."""


def die(*_: Any, **__: Any) -> Any:
    raise Died


def test_the_tag_goes_with_the_last_operation_of_a_function(
    api: Api, operation: Operation, function: Function
) -> None:
    arn = function("shared")
    assert operation("op-a", StartLambdaArn=arn).status == 200
    assert operation("op-b", StartLambdaArn=f"{arn}:$LATEST", Type="Async", MonitorLambdaArn=arn).status == 200

    delete(api, "op-a")
    assert tags(arn) == OURS
    delete(api, "op-b")
    assert tags(arn) == {}
    assert items("tagged") == items("untag") == items(f"uses#function#{arn}") == []


def test_a_function_that_lost_its_tag_gets_it_again(api: Api, operation: Operation, function: Function) -> None:
    arn = function("again")
    for _ in range(2):
        assert operation("op-a", StartLambdaArn=arn).status == 200
        assert tags(arn) == OURS
        delete(api, "op-a")
        assert tags(arn) == {}


def test_a_tag_that_the_owner_set_stays(api: Api, operation: Operation, function: Function) -> None:
    arn = function("owned")
    functions.tag(arn, OURS)
    assert operation("op-a", StartLambdaArn=arn).status == 200

    delete(api, "op-a")

    assert tags(arn) == OURS


@pytest.mark.parametrize("now", [{"mediawright": "another"}, {}])
def test_a_tag_that_is_the_stacks_no_more_is_left_alone(
    api: Api, operation: Operation, function: Function, now: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = function("moved")
    assert operation("op-a", StartLambdaArn=arn).status == 200
    functions.untag(arn, ["mediawright"])
    functions.tag(arn, now)
    monkeypatch.setattr(functions, "untag", die)

    delete(api, "op-a")

    assert tags(arn) == now
    assert items("tagged") == items("untag") == []


def test_other_tags_are_left_alone(api: Api, operation: Operation, function: Function) -> None:
    arn = function("other")
    functions.tag(arn, {"team": "video"})
    assert operation("op-a", StartLambdaArn=arn).status == 200

    delete(api, "op-a")

    assert tags(arn) == {"team": "video"}


def test_a_changed_operation_leaves_its_old_function(api: Api, operation: Operation, function: Function) -> None:
    old, new = function("old"), function("new")
    assert operation("op-a", StartLambdaArn=old).status == 200

    assert api("PUT", "/workflow/operation", {"Name": "op-a", "StartLambdaArn": new}).status == 200

    assert (tags(old), tags(new)) == ({}, OURS)
    assert items(f"uses#function#{old}") == []


def test_a_changed_operation_that_keeps_its_function_keeps_the_tag(
    api: Api, operation: Operation, function: Function
) -> None:
    arn = function("kept")
    assert operation("op-a", StartLambdaArn=arn).status == 200
    functions.untag(arn, ["mediawright"])

    assert api("PUT", "/workflow/operation", {"Name": "op-a", "TimeoutSeconds": 60}).status == 200

    assert tags(arn) == OURS
    assert items("untag") == []


def test_a_function_that_is_gone_does_not_keep_its_operation(
    api: Api, operation: Operation, function: Function
) -> None:
    assert operation("op-a", StartLambdaArn=function("gone")).status == 200
    client("lambda").delete_function(FunctionName="gone")

    delete(api, "op-a")

    assert items("tagged") == items("untag") == []


def test_granted_by_hand_nothing_is_untagged(
    api: Api, operation: Operation, function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = function("by-hand")
    assert operation("op-a", StartLambdaArn=arn).status == 200
    monkeypatch.setenv("OPERATOR_GRANTS", "manual")
    settings.settings.cache_clear()

    delete(api, "op-a")

    assert tags(arn) == OURS


def test_a_dry_run_tags_nothing_and_remembers_nothing(api: Api, operation: Operation, function: Function) -> None:
    arn = function("dry")
    body = {"Name": "op-a", "Type": "Sync", "Configuration": {"MediaType": "Video", "Enabled": True}}
    assert api("POST", "/workflow/operation?dryRun=true", {**body, "StartLambdaArn": arn}).status == 200

    assert tags(arn) == {}
    assert items("tagged") == items("untag") == []


def test_a_registration_that_is_refused_takes_its_tag_back(
    api: Api, operation: Operation, function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert operation("op-a", StartLambdaArn=function("taken")).status == 200
    before, arn = items("tagged"), function("refused")
    monkeypatch.setattr("chalicelib.definitions.operations._check_free", lambda *_: None)

    assert operation("op-a", StartLambdaArn=arn).status == 409

    assert tags(arn) == {}
    assert (items("tagged"), items("untag")) == (before, [])


@pytest.mark.parametrize("last", ["chalicelib.definitions.function_uses.settle", "chalicelib.aws.functions.untag"])
def test_what_died_before_it_untagged_is_settled_by_the_sweep(
    api: Api, operation: Operation, function: Function, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    arn = function("left")
    assert operation("op-a", StartLambdaArn=arn).status == 200
    with monkeypatch.context() as dying:
        dying.setattr(last, die)
        api("DELETE", "/workflow/operation/op-a")
    assert tags(arn) == OURS
    assert function_uses.settle_leftovers() == 0  # too young: whoever left it may be at it

    later(monkeypatch)
    assert function_uses.settle_leftovers() == 1

    assert tags(arn) == {}
    assert items("tagged") == items("untag") == []


@pytest.mark.parametrize("last", ["chalicelib.aws.functions.tag", "chalicelib.definitions.tagged_store.use"])
def test_what_died_between_tagging_and_registering_is_settled_by_the_sweep(
    api: Api, operation: Operation, function: Function, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    arn = function("early")
    with monkeypatch.context() as dying:
        dying.setattr(last, die)
        dying.setattr("chalicelib.definitions.function_uses.settle", die)
        operation("op-a", StartLambdaArn=arn)
    assert [item["Name"] for item in items("untag")] == [arn]

    later(monkeypatch)
    function_uses.settle_leftovers()

    assert tags(arn) == {}
    assert items("tagged") == items("untag") == []


def test_a_refusal_of_lambda_is_left_to_the_sweep_and_fails_nothing(
    api: Api, operation: Operation, function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = function("throttled")
    assert operation("op-a", StartLambdaArn=arn).status == 200

    def refuse(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "TooManyRequestsException"}}, "UntagResource")

    with monkeypatch.context() as throttled:
        throttled.setattr(functions, "untag", refuse)
        delete(api, "op-a")
    later(monkeypatch)

    assert function_uses.settle_leftovers() == 1
    assert tags(arn) == {}


def test_an_operation_that_comes_while_the_tag_is_taken_away_ends_up_tagged(
    api: Api, operation: Operation, function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one registers between the decision to untag and its effect, at the worst moment there is."""
    arn = function("raced")
    assert operation("op-a", StartLambdaArn=arn).status == 200
    untag, answers = functions.untag, []
    monkeypatch.setattr(clock, "sleep", lambda _: None)

    def meanwhile(*given: Any) -> None:
        answers.append(operation("op-b", StartLambdaArn=arn))
        untag(*given)

    monkeypatch.setattr(functions, "untag", meanwhile)
    delete(api, "op-a")

    assert [answer.status for answer in answers] == [409]
    assert "being changed at the same time" in answers[0].body["Message"]
    assert operation("op-b", StartLambdaArn=arn).status == 200
    assert tags(arn) == OURS


@pytest.mark.parametrize("moment", ["read", "claim", "is_used"])
def test_an_operation_that_comes_just_before_the_decision_keeps_the_tag(
    api: Api, operation: Operation, function: Function, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    arn = function("saved")
    assert operation("op-a", StartLambdaArn=arn).status == 200
    original = getattr(tagged_store, moment)
    settle = function_uses.settle
    monkeypatch.setattr(clock, "sleep", lambda _: None)
    answers: list[int] = []

    def meanwhile(*given: Any) -> Any:
        found = original(*given) if moment == "read" else None
        if not answers:
            answers.append(0)
            answers[0] = operation("op-b", StartLambdaArn=arn).status
        return found if moment == "read" else original(*given)

    def settling(which: str) -> bool:
        with monkeypatch.context() as patched:
            patched.setattr(tagged_store, moment, meanwhile)
            return settle(which)

    monkeypatch.setattr(function_uses, "settle", settling)
    delete(api, "op-a")
    monkeypatch.setattr(function_uses, "settle", settle)

    if answers == [409]:
        assert operation("op-b", StartLambdaArn=arn).status == 200
    assert tags(arn) == OURS
    assert items("untag") == []


def test_a_tag_that_goes_while_an_operation_comes_is_set_again(
    api: Api, operation: Operation, function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tag is seen, then the last user leaves and takes it along, then the registration wants to commit."""
    arn = function("aba")
    assert operation("op-a", StartLambdaArn=arn).status == 200
    describe, left = functions.describe, []
    monkeypatch.setattr(clock, "sleep", lambda _: None)

    def meanwhile(which: str) -> Any:
        found = describe(which)
        if not left:
            left.append(True)
            delete(api, "op-a")
            assert tags(arn) == {}
        return found

    monkeypatch.setattr(functions, "describe", meanwhile)
    assert operation("op-b", StartLambdaArn=arn).status == 200

    assert tags(arn) == OURS


def test_two_operations_that_leave_at_once_do_not_forget_the_tag(
    api: Api, operation: Operation, function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = function("both")
    for name in ("op-a", "op-b"):
        assert operation(name, StartLambdaArn=arn).status == 200
    monkeypatch.setattr(clock, "sleep", lambda _: None)
    is_used, left = tagged_store.is_used, []

    def meanwhile(which: str) -> bool:
        used = is_used(which)
        if not left:
            left.append(api("DELETE", "/workflow/operation/op-b").status)
        return used

    monkeypatch.setattr(tagged_store, "is_used", meanwhile)
    delete(api, "op-a")

    assert left == [409]
    delete(api, "op-b")
    assert tags(arn) == {}
