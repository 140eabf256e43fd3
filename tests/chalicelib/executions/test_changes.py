"""Records of the Executions stream: which tell a change of status, and which can't be read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.executions import changes
from chalicelib.executions.changes import MalformedRecord
from chalicelib.executions.statuses import Status
from tests.chalicelib.events import runs


def test_a_new_run_is_a_change_from_nothing() -> None:
    queued = runs.run()

    change = changes.change(runs.record(queued, None))

    assert change is not None
    assert (change.run, change.previous, change.event_id) == (queued, None, f"{runs.RUN_ID}-1")


def test_another_status_is_a_change_named_by_its_sequence() -> None:
    queued = runs.run()
    began = runs.started(queued)

    change = changes.change(runs.record(began, queued))

    assert change is not None
    assert (change.run, change.previous, change.event_id) == (began, Status.QUEUED, f"{runs.RUN_ID}-2")


def test_the_same_status_again_is_a_change_when_it_was_left_in_between() -> None:
    """A retried run that is queued twice in a row differs by its sequence only."""
    queued = runs.run()

    assert changes.change(runs.record(replace(queued, sequence=2), queued)) is not None


def test_what_leaves_the_status_alone_tells_no_change() -> None:
    began = runs.started(runs.run())

    assert changes.change(runs.record(replace(began, current_stage=1, stage_name="second"), began)) is None


def test_only_dynamodbs_own_removal_is_an_expiry() -> None:
    ended = runs.failed(runs.run())

    for record in (runs.record(None, ended), runs.expiry(ended)):
        assert changes.change(record) is None
    assert changes.is_expiry(runs.expiry(ended))
    assert not changes.is_expiry(runs.record(None, ended))
    assert not changes.is_expiry(runs.record(ended, None))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda images: images.pop("NewImage"),
        lambda images: images.pop("OldImage"),
        lambda images: images["NewImage"].pop("Status"),
        lambda images: images["NewImage"].update(Status={"S": "Pondering"}),
        lambda images: images["NewImage"].update(Sequence={"N": "1.5"}),
        lambda images: images["NewImage"].update(Slots={"L": [{"S": "no number"}]}),
        lambda images: images["NewImage"].update(Novel={}),
        lambda images: images["OldImage"].update(Status={"S": "Pondering"}),
        lambda images: images.update(NewImage=None),
        lambda images: images.update(NewImage=[]),
    ],
)
def test_what_another_version_may_write_is_malformed_not_a_crash(spoil: Any) -> None:
    queued = runs.run()
    record = runs.record(runs.started(queued), queued)
    spoil(record["dynamodb"])

    with pytest.raises(MalformedRecord):
        changes.change(record)
