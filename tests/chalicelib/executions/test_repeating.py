"""Runs that are made, or retried, more than once at a time or by somebody who dies over it."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws import transaction
from chalicelib.executions import (
    attempts,
    close,
    complete,
    pools,
    removal,
    retry,
    store,
    submit,
)
from chalicelib.executions.errors import LiveExecutionError, NotRetriableError, UnknownExecutionError
from chalicelib.executions.statuses import Status
from chalicelib.executions.submit import Origin
from chalicelib.web.errors import ConflictError
from tests.chalicelib.executions.conftest import StepFunctions
from tests.chalicelib.executions.world import (
    DONE,
    FAILED,
    OK,
    Died,
    Points,
    Records,
    clear,
    completion,
    dies,
    everything,
    failed,
    finish,
    inconsistencies,
    make,
    places,
    run_of,
)

pytestmark = pytest.mark.usefixtures("aws", "flow")

RUN_ID = "0e6d2c51-3d5c-4ad0-9d0a-6a1b2c3d4e5f"


def test_a_run_of_a_derived_id_is_made_once_wherever_its_maker_dies(
    clip: dict[str, Any], points: Points, sfn: StepFunctions, records: Records
) -> None:
    body, origin = {"Name": "flow", "Input": clip}, Origin("trigger/x", run_id=RUN_ID)
    for number in points.each():

        def dying() -> None:
            try:
                submit.submit(body, origin=origin)
            except Died:
                return

        points.before(number, dies, dying)
        assert submit.submit(body, origin=origin)["Id"] == RUN_ID
        records.deliver()

        assert run_of(RUN_ID).status is Status.STARTED
        assert len(pools.read("global").holders) == 1
        assert inconsistencies() == []
        clear()


def test_two_who_make_the_same_run_at_once_make_one(clip: dict[str, Any], points: Points, sfn: StepFunctions) -> None:
    body, origin = {"Name": "flow", "Input": clip}, Origin("trigger/x", run_id=RUN_ID)
    for number in points.each():
        made: list[str] = []

        def make_it(made: list[str] = made) -> None:
            made.append(submit.submit(body, origin=origin)["Id"])

        points.before(number, make_it, make_it)

        assert set(made) == {RUN_ID}
        assert [item["Id"] for item in everything() if item["Part"] == "execution"] == [RUN_ID]
        clear()


# -- retries ---------------------------------------------------------------------------------------------------------


def test_two_who_retry_at_once_make_one_attempt(clip: dict[str, Any], points: Points, sfn: StepFunctions) -> None:
    for number in points.each():
        run_id = make(clip)
        failed(run_id, FAILED, OK)
        refused = 0

        def again(run_id: str = run_id) -> None:
            nonlocal refused
            try:
                retry.retry(run_id, None, "me")
            except (NotRetriableError, ConflictError):
                refused += 1

        reached = points.before(number, again, again)

        assert refused == reached
        assert (run_of(run_id).attempt, run_of(run_id).status) == (2, Status.STARTED)
        assert [item["Part"] for item in everything() if item["Part"].startswith("attempt#")] == ["attempt#0001"]
        assert inconsistencies() == []
        clear()


def test_a_retry_that_dies_anywhere_is_begun_or_was_never_made(
    clip: dict[str, Any], points: Points, sfn: StepFunctions, records: Records
) -> None:
    for number in points.each():
        run_id = make(clip)
        failed(run_id, FAILED, OK)

        def dying(run_id: str = run_id) -> None:
            try:
                retry.retry(run_id, None, "me")
            except Died:
                return

        points.before(number, dies, dying)
        records.deliver()

        run = run_of(run_id)
        assert (run.status, run.attempt) in ((Status.ERROR, 1), (Status.STARTED, 2))
        assert inconsistencies() == []
        clear()


def test_a_deletion_anywhere_in_a_retry_deletes_or_is_refused(
    clip: dict[str, Any], points: Points, sfn: StepFunctions
) -> None:
    for number in points.each():
        run_id = make(clip)
        failed(run_id, FAILED, OK)

        def deleted(run_id: str = run_id) -> None:
            try:
                removal.delete(run_id)
            except ConflictError:
                return

        def again(run_id: str = run_id) -> None:
            try:
                retry.retry(run_id, None, "me")
            except UnknownExecutionError:
                return

        points.before(number, deleted, again)

        if store.read(run_id) is None:
            assert [item for item in everything() if item["Id"] == run_id] == []
            assert places() == []
        else:
            assert inconsistencies() == []
        clear()


def test_a_retry_anywhere_in_a_deletion_lives_or_is_refused(
    clip: dict[str, Any], points: Points, sfn: StepFunctions
) -> None:
    for number in points.each():
        run_id = make(clip, Configuration={"first": {"a": {"Note": "x" * 40_000}}})
        failed(run_id, FAILED, OK)

        def again(run_id: str = run_id) -> None:
            try:
                retry.retry(run_id, None, "me")
            except UnknownExecutionError:
                return

        def deleted(run_id: str = run_id) -> None:
            try:
                removal.delete(run_id)
            except LiveExecutionError:
                return

        points.before(number, again, deleted)

        if store.read(run_id) is None:
            assert [item for item in everything() if item["Id"] == run_id] == []
        else:
            assert (run_of(run_id).status, inconsistencies()) == (Status.STARTED, [])
            complete.complete_stage(completion(run_id, 0, OK, DONE, attempt=2))
            finish(run_id)
            assert run_of(run_id).status is Status.COMPLETE
        assert places() == []
        clear()


def test_a_deletion_that_dies_anywhere_leaves_a_run_that_can_be_retried_or_is_deleted_by_the_next(
    clip: dict[str, Any], points: Points, sfn: StepFunctions
) -> None:
    for number in points.each():
        run_id = make(clip)
        failed(run_id, FAILED, OK)
        before = store.other_parts(run_id)

        def dying(run_id: str = run_id) -> None:
            try:
                removal.delete(run_id)
            except Died:
                return

        points.before(number, dies, dying)

        left = store.other_parts(run_id)
        assert left in ([], before)
        if left:
            retry.retry(run_id, None, "me")
            close.cancel(run_id, None, "me")
        elif store.read(run_id) is not None:
            with pytest.raises(UnknownExecutionError):
                retry.retry(run_id, None, "me")
        if store.read(run_id) is not None:
            removal.delete(run_id)
        assert [item for item in everything() if item["Id"] == run_id] == []
        clear()


def test_two_who_delete_at_once_delete_it(clip: dict[str, Any], points: Points, sfn: StepFunctions) -> None:
    for number in points.each():
        run_id = make(clip)
        failed(run_id, FAILED, OK)

        def deleted(run_id: str = run_id) -> None:
            try:
                removal.delete(run_id)
            except UnknownExecutionError:
                return

        points.before(number, deleted, deleted)

        assert [item for item in everything() if item["Id"] == run_id] == []
        clear()


def test_a_run_with_more_items_than_a_transaction_holds_is_deleted(clip: dict[str, Any], sfn: StepFunctions) -> None:
    run_id = make(clip)
    failed(run_id, FAILED, OK)
    for number in range(205):
        part = f"progress#{number:04}"
        transaction.commit([transaction.put(store.table(), {"Id": run_id, "Part": part, "Percent": 1, "Attempt": 9})])

    assert removal.delete(run_id)["Status"] == "Error"

    assert [item for item in everything() if item["Id"] == run_id] == []


def test_the_attempts_stay_in_order_with_their_facts(clip: dict[str, Any], sfn: StepFunctions) -> None:
    run_id = make(clip)
    for attempt in (1, 2, 3):
        failed(run_id, FAILED, OK, attempt=attempt)
        retry.retry(run_id, None, f"user {attempt}")

    stored = store.read_whole(run_id)
    assert stored is not None
    kept = attempts.parsed(stored.others)
    assert [(one["Attempt"], one["Status"], one["RetriedBy"]) for one in kept] == [
        (1, "Error", "user 1"),
        (2, "Error", "user 2"),
        (3, "Error", "user 3"),
    ]
    assert list(sfn.started) == [f"{run_id}-{attempt}" for attempt in (1, 2, 3, 4)]
