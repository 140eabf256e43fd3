"""A request with an `Idempotency-Key`, sent more than once, late, or by two at once."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws import dynamodb, transaction
from chalicelib.executions import close, removal, store, submit
from chalicelib.web import idempotency
from chalicelib.web.errors import BadRequestError, ConflictError, GoneError
from chalicelib.web.idempotency import Claim, KeyClaimed
from tests.chalicelib.executions.conftest import StepFunctions, clip, define, flow, points, sfn
from tests.chalicelib.executions.world import Died, Points, clear, dies, everything, inconsistencies, later

__all__ = ["clip", "define", "flow", "points", "sfn"]

pytestmark = pytest.mark.usefixtures("aws", "flow")


def claimed(key: str = "k-1", body: Any = None, route: str = "executions") -> Claim:
    made = idempotency.claim(route, {idempotency.HEADER: key}, body if body is not None else {"a": 1})
    assert made is not None
    return made


def claim_it(claim: Claim, result: str) -> None:
    transaction.commit([idempotency.write(claim, result)])


def runs() -> list[str]:
    return [item["Id"] for item in everything() if item["Part"] == store.EXECUTION]


# -- claims ----------------------------------------------------------------------------------------------------------


def test_a_request_without_a_key_claims_nothing() -> None:
    assert idempotency.claim("executions", {}, {}) is None


@pytest.mark.parametrize("key", ["", " ", "a b", "ü", "x" * 256, "tab\t", "line\n", "\x7f"])
def test_a_key_that_is_none_is_refused_by_name(key: str) -> None:
    with pytest.raises(BadRequestError, match="Idempotency-Key: 1 to 255 visible ASCII characters"):
        idempotency.claim("executions", {idempotency.HEADER: key}, {})


def test_a_claim_is_made_once_and_found_by_the_same_request_alone() -> None:
    claim_it(claimed(), "run-1")

    assert idempotency.made(claimed()) == "run-1"
    assert idempotency.made(claimed("k-2")) is None
    assert idempotency.made(claimed(route="batches")) is None
    with pytest.raises(ConflictError, match="Idempotency-Key: 'k-1' was used with another request before"):
        idempotency.made(claimed(body={"a": 2}))
    with pytest.raises(KeyClaimed):
        claim_it(claimed(), "run-2")
    assert idempotency.made(claimed()) == "run-1"


def test_the_order_of_members_makes_no_other_request() -> None:
    claim_it(claimed(body={"a": 1, "b": [1, 2]}), "run-1")

    assert idempotency.made(claimed(body={"b": [1, 2], "a": 1})) == "run-1"


def test_a_key_is_free_again_after_a_day_though_its_item_still_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    claim_it(claimed(), "run-1")

    later(monkeypatch, idempotency.REMEMBERED_SECONDS - 5)
    assert idempotency.made(claimed()) == "run-1"
    monkeypatch.undo()
    later(monkeypatch, idempotency.REMEMBERED_SECONDS + 1)

    assert idempotency.made(claimed(body={"a": 2})) is None
    claim_it(claimed(body={"a": 2}), "run-2")
    assert idempotency.made(claimed(body={"a": 2})) == "run-2"


def test_the_key_itself_is_not_kept() -> None:
    claim_it(claimed("secret-key"), "run-1")

    item = dynamodb.get("System", {"Kind": "idempotency", "Name": claimed("secret-key").name})
    assert item is not None
    assert "secret-key" not in str(item)


# -- runs ------------------------------------------------------------------------------------------------------------


def test_two_equal_requests_anywhere_in_each_other_make_one_run(
    clip: dict[str, Any], points: Points, sfn: StepFunctions
) -> None:
    body = {"Name": "flow", "Input": clip}
    for number in points.each():
        made: list[str] = []

        def make(made: list[str] = made, number: int = number) -> None:
            made.append(submit.submit(body, claimed=claimed(f"k-{number}", body))["Id"])

        points.before(number, make, make)

        assert runs() == list(dict.fromkeys(made))
        assert inconsistencies() == []
        clear()


def test_two_requests_that_differ_anywhere_in_each_other_make_one_run(
    clip: dict[str, Any], points: Points, sfn: StepFunctions
) -> None:
    for number in points.each():
        refused = 0

        def make(priority: int, number: int = number) -> None:
            nonlocal refused
            body = {"Name": "flow", "Input": clip, "Priority": priority}
            try:
                submit.submit(body, claimed=claimed(f"k-{number}", body))
            except ConflictError:
                refused += 1

        reached = points.before(number, lambda: make(1), lambda: make(2))

        assert refused == reached
        assert len(runs()) == 1
        assert inconsistencies() == []
        clear()


def test_a_request_whose_answer_was_lost_is_answered_by_its_run(
    clip: dict[str, Any], points: Points, sfn: StepFunctions
) -> None:
    body = {"Name": "flow", "Input": clip}
    for number in points.each():

        def dying(number: int = number) -> None:
            try:
                submit.submit(body, claimed=claimed(f"k-{number}", body))
            except Died:
                return

        points.before(number, dies, dying)
        again = submit.submit(body, claimed=claimed(f"k-{number}", body))["Id"]

        assert runs() == [again]
        clear()


def test_a_known_asset_s_request_sent_again_is_answered_though_its_own_run_has_the_asset(
    clip: dict[str, Any], sfn: StepFunctions
) -> None:
    first = submit.submit({"Name": "flow", "Input": clip})
    close.cancel(first["Id"], None, "me")
    body = {"Name": "flow", "Input": {"AssetId": first["AssetId"]}}

    made = submit.submit(body, claimed=claimed(body=body))["Id"]

    assert submit.submit(body, claimed=claimed(body=body))["Id"] == made
    with pytest.raises(ConflictError, match="active on AssetId"):
        submit.submit(body, claimed=claimed("k-2", body))


def test_a_run_that_was_deleted_since_is_gone(clip: dict[str, Any], sfn: StepFunctions) -> None:
    body = {"Name": "flow", "Input": clip}
    made = submit.submit(body, claimed=claimed(body=body))["Id"]
    close.cancel(made, None, "me")
    removal.delete(made)

    with pytest.raises(GoneError, match="has been deleted"):
        submit.submit(body, claimed=claimed(body=body))
    assert runs() == []


def test_a_refused_request_claims_nothing(clip: dict[str, Any], sfn: StepFunctions) -> None:
    body = {"Name": "flow", "Input": clip}
    with pytest.raises(BadRequestError):
        submit.submit({**body, "Name": "nowhere"}, claimed=claimed(body=body))

    submit.submit(body, claimed=claimed(body=body), dry_run=True)
    assert idempotency.made(claimed(body=body)) is None
