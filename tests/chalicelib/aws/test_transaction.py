"""Transactions: a failed condition is an answer, a conflict is tried again, nothing is half-written."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws import clock, dynamodb, transaction
from chalicelib.aws.dynamodb import Expression

pytestmark = pytest.mark.usefixtures("aws")

TABLE = "System"


class Refused(Exception):
    """What a write of these tests is refused with."""


def item(name: str) -> dict[str, Any] | None:
    return dynamodb.get(TABLE, {"Kind": "k", "Name": name})


def put(name: str, **rest: Any) -> transaction.Write:
    return transaction.put(TABLE, {"Kind": "k", "Name": name, **rest}, transaction.absent("Kind"), Refused)


def test_all_writes_or_none() -> None:
    transaction.commit([put("a", N=1, Flag=True, List=["x"], Nothing=None)])

    with pytest.raises(Refused):
        transaction.commit([put("b"), put("a")])

    assert item("a") == {"Kind": "k", "Name": "a", "N": 1, "Flag": True, "List": ["x"]}
    assert item("b") is None


def test_an_update_sets_and_removes() -> None:
    transaction.commit([put("a", Old="x")])
    key = {"Kind": "k", "Name": "a"}

    transaction.commit([transaction.update(TABLE, key, {"New": "y", "Old": None}), put("b")])

    assert item("a") == {**key, "New": "y"}


def test_a_refusal_of_a_single_write_is_its_own_error() -> None:
    condition = Expression("#n = :n", {"#n": "N"}, {":n": 2})
    transaction.commit([put("a", N=1)])

    for write in (
        transaction.update(TABLE, {"Kind": "k", "Name": "a"}, {"N": 3}, condition, Refused),
        transaction.delete(TABLE, {"Kind": "k", "Name": "a"}, condition, Refused),
    ):
        with pytest.raises(Refused):
            transaction.commit([write])


class Conflicting:
    """A DynamoDB that cancels the first transactions for conflicts."""

    def __init__(self, times: int, real: Any) -> None:
        self.left, self.real = times, real

    def transact_write_items(self, **request: Any) -> Any:
        if self.left:
            self.left -= 1
            reasons = [{"Code": "None"}, {"Code": "TransactionConflict"}]
            error = {"Error": {"Code": "TransactionCanceledException", "Message": ""}, "CancellationReasons": reasons}
            raise ClientError(error, "TransactWriteItems")  # type: ignore[arg-type]
        return self.real.transact_write_items(**request)


@pytest.fixture
def conflicts(monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(times: int) -> None:
        fake = Conflicting(times, dynamodb.client("dynamodb"))
        monkeypatch.setattr(transaction, "client", lambda _service: fake)

    monkeypatch.setattr(clock, "sleep", lambda _seconds: None)
    return install


def test_conflicts_are_tried_again(conflicts: Any) -> None:
    conflicts(7)

    transaction.commit([put("a"), put("b")])

    monkey_free = dynamodb.batch_get(TABLE, [{"Kind": "k", "Name": name} for name in "ab"])
    assert [found["Name"] for found in monkey_free] == ["a", "b"]


def test_endless_conflicts_are_told(conflicts: Any) -> None:
    conflicts(8)

    with pytest.raises(transaction.StillContended):
        transaction.commit([put("a"), put("b")])


def test_a_batch_get_keeps_the_order_of_its_keys() -> None:
    for name in ("x", "y", "z"):
        transaction.commit([put(name)])

    found = dynamodb.batch_get(TABLE, [{"Kind": "k", "Name": name} for name in ("z", "none", "x")])

    assert [entry["Name"] for entry in found] == ["z", "x"]
    assert dynamodb.batch_get(TABLE, []) == []
