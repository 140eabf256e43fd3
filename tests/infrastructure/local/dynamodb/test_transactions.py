from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infrastructure.local.dynamodb import transactions
from infrastructure.local.faults import FAULTS
from tests.infrastructure.local.dynamodb.world import TABLE, get, item, key, put, refused, running, update, wire

CAP = 5


@pytest.fixture
def client() -> Iterator[Any]:
    with running() as client:
        yield client


def _put(run: str, part: str = "run", condition: str | None = None, **attributes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"TableName": TABLE, "Item": item(run, part, **attributes)}
    return {"Put": {**body, "ConditionExpression": condition} if condition else body}


def _update(run: str, expression: str, part: str = "run", **values: Any) -> dict[str, Any]:
    given = {f":{name}": wire(content) for name, content in values.items()}
    body = {"TableName": TABLE, "Key": key(run, part), "UpdateExpression": expression}
    return {"Update": {**body, "ExpressionAttributeValues": given} if given else body}


def _check(run: str, condition: str, **more: Any) -> dict[str, Any]:
    return {"ConditionCheck": {"TableName": TABLE, "Key": key(run), "ConditionExpression": condition, **more}}


def _transact(client: Any, *actions: dict[str, Any], **more: Any) -> Any:
    return client.transact_write_items(TransactItems=list(actions), **more)


def _reasons(client: Any, *actions: dict[str, Any]) -> list[dict[str, Any]]:
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        _transact(client, *actions)
    return caught.value.response["CancellationReasons"]  # type: ignore[no-any-return]


def _in_threads(count: int, work: Callable[[int], None]) -> None:
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    interval = sys.getswitchinterval()
    # threads that change places often find the gaps that a missing lock leaves
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not failures


def test_eight_threads_of_500_transactions_never_hold_more_than_the_cap(client: Any) -> None:
    lock, held, most, granted = threading.Lock(), set(), 0, 0

    def admit_and_finish(number: int) -> None:
        nonlocal most, granted
        for attempt in range(250):
            slot, run = f"slot#{(number + attempt) % CAP}", f"{number}-{attempt}"
            try:
                _transact(client, _put("pool", slot, "attribute_not_exists(Id)", Run=run), _put(run, State="Started"))
            except client.exceptions.TransactionCanceledException:
                continue
            with lock:
                assert slot not in held
                held.add(slot)
                most, granted = max(most, len(held)), granted + 1
            with lock:
                held.remove(slot)
                release = {
                    "TableName": TABLE,
                    "Key": key("pool", slot),
                    "ConditionExpression": "Run = :run",
                    "ExpressionAttributeValues": {":run": wire(run)},
                }
            _transact(client, {"Delete": release}, _update(run, "SET Ended = :yes", yes="yes"))

    _in_threads(8, admit_and_finish)

    assert 0 < most <= CAP
    runs = client.scan(TableName=TABLE, FilterExpression="attribute_exists(Ended)", Select="COUNT")["Count"]
    assert runs == granted
    assert (
        client.query(
            TableName=TABLE, KeyConditionExpression="Id = :pool", ExpressionAttributeValues={":pool": wire("pool")}
        )["Items"]
        == []
    )


def test_slots_that_nobody_frees_are_granted_exactly_once_each(client: Any) -> None:
    granted: list[str] = []

    def admit(number: int) -> None:
        for attempt in range(500):
            slot = f"slot#{attempt % CAP}"
            try:
                _transact(client, _put("pool", slot, "attribute_not_exists(Id)"), _update("head", "ADD Used :n", n=1))
            except client.exceptions.TransactionCanceledException:
                continue
            granted.append(slot)

    _in_threads(8, admit)

    assert sorted(granted) == [f"slot#{number}" for number in range(CAP)]
    assert get(client, "head")["Used"] == {"N": str(CAP)}  # type: ignore[index]


def test_no_acknowledged_plain_write_is_lost_beside_failing_transactions(client: Any) -> None:
    put(client, "taken")

    def work(number: int) -> None:
        for attempt in range(150):
            if number < 3:
                put(client, f"plain-{number}", f"{attempt}")
                update(client, "counter", "ADD Written :one", {"one": 1})
            else:
                _reasons(
                    client, _put(f"never-{number}", f"{attempt}"), _put("taken", "run", "attribute_not_exists(Id)")
                )

    _in_threads(6, work)

    assert get(client, "counter")["Written"] == {"N": "450"}  # type: ignore[index]
    assert client.describe_table(TableName=TABLE)["Table"]["ItemCount"] == 3 * 150 + 2


def test_a_reader_in_a_transaction_never_sees_half_of_one(client: Any) -> None:
    torn: list[Any] = []
    done = threading.Event()

    def write() -> None:
        for number in range(300):
            _transact(client, _put("left", N=number), _put("right", N=number))
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    reads = [{"Get": {"TableName": TABLE, "Key": key(side)}} for side in ("left", "right")]
    while not done.is_set():
        left, right = client.transact_get_items(TransactItems=reads)["Responses"]
        if left.get("Item", {}).get("N") != right.get("Item", {}).get("N"):
            torn.append((left, right))
    writer.join()

    assert torn == []


def test_a_failed_condition_is_reported_at_its_action_and_nothing_is_written(client: Any) -> None:
    put(client, "there", N=1)
    check = _check("there", "attribute_not_exists(Id)", ReturnValuesOnConditionCheckFailure="ALL_OLD")

    reasons = _reasons(client, _put("new"), check, _update("there", "SET N = :n", part="other", n=2))

    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed", "None"]
    assert reasons[1]["Item"] == item("there", N=1)
    assert "Item" not in reasons[0]
    assert get(client, "new") is None
    assert get(client, "there", "other") is None


def test_the_item_of_a_failed_condition_is_only_shown_when_asked_for(client: Any) -> None:
    put(client, "there")

    (reason,) = _reasons(client, _check("there", "attribute_not_exists(Id)"))

    assert reason == {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}


def test_an_update_that_the_item_does_not_allow_cancels_all_of_it(client: Any) -> None:
    put(client, "text", N="not a number")

    reasons = _reasons(client, _put("first"), _update("text", "SET N = N + :n, Seen = :n", n=1))

    assert [reason["Code"] for reason in reasons] == ["None", "ValidationError"]
    assert get(client, "first") is None
    assert get(client, "text") == item("text", N="not a number")


@pytest.mark.parametrize("expression", ["", "SET", "SET N", "SET N = :n :n", "JUMP N"])
def test_a_broken_expression_is_refused_before_anything_is_written(client: Any, expression: str) -> None:
    with refused("ValidationException", "Invalid UpdateExpression"):
        _transact(client, _put("first"), _update("second", expression, n=1))

    assert get(client, "first") is None


def test_conditions_see_the_items_as_they_were_before_the_transaction(client: Any) -> None:
    put(client, "queue", Head="a")

    _transact(client, _update("queue", "SET Head = :b", b="b"), _put("a", "run", "attribute_not_exists(Id)"))

    assert get(client, "queue")["Head"] == {"S": "b"}  # type: ignore[index]
    assert get(client, "a") is not None


def test_an_item_named_twice_is_refused(client: Any) -> None:
    with refused("ValidationException", "multiple operations on one item"):
        _transact(client, _put("one"), _check("one", "attribute_exists(Id)"))


def test_more_than_100_actions_are_refused(client: Any) -> None:
    _transact(client, *(_put("many", f"{number}") for number in range(100)))
    with refused("ValidationException", "less than or equal to 100"):
        _transact(client, *(_put("many", f"{number}") for number in range(101)))


def test_more_than_4_mb_are_refused_and_not_written(client: Any) -> None:
    with refused("ValidationException", "4 MB"):
        _transact(client, *(_put("large", f"{number}", Text="x" * 390_000) for number in range(11)))

    assert client.scan(TableName=TABLE)["Count"] == 0


def test_an_unknown_table_is_refused(client: Any) -> None:
    with refused("ResourceNotFoundException"):
        _transact(client, {"Put": {"TableName": "Nowhere", "Item": item("a")}})


def test_a_repeated_token_succeeds_without_effect(client: Any) -> None:
    for _ in range(3):
        _transact(client, _update("counter", "ADD N :one", one=1), ClientRequestToken="once")

    assert get(client, "counter")["N"] == {"N": "1"}  # type: ignore[index]


def test_a_token_with_other_parameters_is_a_mismatch(client: Any) -> None:
    _transact(client, _put("one"), ClientRequestToken="once")

    with refused("IdempotentParameterMismatchException"):
        _transact(client, _put("two"), ClientRequestToken="once")


def test_a_token_of_a_cancelled_transaction_may_be_used_again(client: Any) -> None:
    put(client, "there")
    with refused("TransactionCanceledException"):
        _transact(client, _put("there", "run", "attribute_not_exists(Id)"), ClientRequestToken="once")
    client.delete_item(TableName=TABLE, Key=key("there"))

    _transact(client, _put("there", "run", "attribute_not_exists(Id)"), ClientRequestToken="once")

    assert get(client, "there") is not None


def test_a_token_is_forgotten_after_ten_minutes(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _transact(client, _update("counter", "ADD N :one", one=1), ClientRequestToken="once")
    monkeypatch.setattr(transactions, "TOKEN_SECONDS", -1.0)

    _transact(client, _update("counter", "ADD N :one", one=1), ClientRequestToken="once")

    assert get(client, "counter")["N"] == {"N": "2"}  # type: ignore[index]


def test_injected_conflicts_cancel_one_action_and_write_nothing(client: Any) -> None:
    FAULTS.transaction_conflicts = 1.0

    reasons = _reasons(client, _put("one"), _put("two"))

    assert sorted(reason["Code"] for reason in reasons) == ["None", "TransactionConflict"]
    FAULTS.reset()
    assert get(client, "one") is None


def test_a_share_of_conflicts_hits_about_that_share(client: Any) -> None:
    FAULTS.transaction_conflicts = 0.3
    conflicts = 0
    for number in range(200):
        try:
            _transact(client, _put(f"run-{number}"))
        except ClientError:
            conflicts += 1

    assert 20 < conflicts < 120
