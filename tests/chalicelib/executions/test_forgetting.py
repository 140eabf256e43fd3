"""What is left of a run that DynamoDB expired: gone for good, also when the first try dies on the way."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws import clients, objects, transaction
from chalicelib.executions import removal, store, webhooks
from tests.chalicelib.events import runs

pytestmark = pytest.mark.usefixtures("aws")


def keep_rest() -> None:
    """A run with a stage in the bucket, tokens, an attempt and a webhook, whose own item DynamoDB took."""
    ended = runs.failed(runs.run())
    runs.keep(ended, metadata={"large": "x" * 40_000})
    for part in ("token#00#01", "attempt#01"):
        transaction.commit([transaction.put(store.table(), {"Id": ended.id, "Part": part})])
    transaction.commit([webhooks.put(ended.id, {"Url": "https://a.b/", "Secret": "s" * 16})])
    clients.client("dynamodb").delete_item(
        TableName=store.table(), Key={"Id": {"S": ended.id}, "Part": {"S": "execution"}}
    )
    assert len(runs.parts()) == 4
    assert left()


def left() -> list[Any]:
    return list(objects.versions(store.object_prefix(runs.RUN_ID)))


def test_items_and_objects_of_an_expired_run_go_and_others_stay() -> None:
    keep_rest()
    runs.keep(runs.run("another"))

    removal.forget_rest(runs.RUN_ID)
    removal.forget_rest(runs.RUN_ID)

    assert (runs.parts(), left()) == ([], [])
    assert runs.parts("another") == ["execution", "stage#00"]


def test_it_goes_on_after_a_crash_between_items_and_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_rest()

    def dies(_prefix: str) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(objects, "delete_under", dies)
        with pytest.raises(SystemExit):
            removal.forget_rest(runs.RUN_ID)
    assert (runs.parts(), len(left())) == ([], 1)

    removal.forget_rest(runs.RUN_ID)

    assert left() == []


def test_a_run_that_was_made_anew_under_the_id_keeps_everything() -> None:
    keep_rest()
    transaction.commit([store.put_run(runs.run())])

    removal.forget_rest(runs.RUN_ID)

    assert len(runs.parts()) == 5
    assert left()


def test_more_items_than_a_transaction_holds_go() -> None:
    for number in range(205):
        transaction.commit([transaction.put(store.table(), {"Id": runs.RUN_ID, "Part": f"token#{number:03}"})])

    removal.forget_rest(runs.RUN_ID)

    assert runs.parts() == []
