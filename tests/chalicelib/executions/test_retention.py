"""When runs expire, and that nobody is shown those that have."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws import clock, dynamodb, transaction
from chalicelib.executions import (
    close,
    listing,
    retention,
    retry,
    submit,
)
from chalicelib.executions.statuses import Status
from chalicelib.executions.submit import Origin
from chalicelib.web.errors import GoneError
from tests.chalicelib.executions.conftest import StepFunctions
from tests.chalicelib.executions.world import (
    FAILED,
    OK,
    failed,
    later,
    make,
    places,
    run_of,
)

pytestmark = pytest.mark.usefixtures("aws", "flow")


def keep_for(days: int) -> None:
    """Set RetentionDays, as the system's configuration does."""
    item = {"Kind": "configuration", "Name": "RetentionDays", "Text": f'{{"Value": {days}}}'}
    transaction.commit([transaction.put("System", item)])


def test_a_run_that_was_made_before_and_has_expired_is_gone(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DynamoDB deletes it within some days; until then its id is taken."""
    keep_for(1)
    body, origin = {"Name": "flow", "Input": clip}, Origin("trigger/x", run_id="0e6d2c51-3d5c-4ad0-9d0a-6a1b2c3d4e5f")
    submit.submit(body, origin=origin)
    close.cancel("0e6d2c51-3d5c-4ad0-9d0a-6a1b2c3d4e5f", None, "me")
    later(monkeypatch, 86_401)

    with pytest.raises(GoneError, match="has expired"):
        submit.submit(body, origin=origin)

    assert places() == []


def test_only_an_end_sets_when_a_run_expires(clip: dict[str, Any], sfn: StepFunctions) -> None:
    keep_for(2)
    run_id = make(clip)
    assert run_of(run_id).expires_at is None

    failed(run_id, FAILED, OK)
    ended = run_of(run_id)
    assert ended.expires_at == int(clock.epoch(ended.ended or "")) + 2 * 86_400


def test_a_retry_takes_the_expiry_back(clip: dict[str, Any], sfn: StepFunctions) -> None:
    keep_for(3650)
    run_id = make(clip)
    close.cancel(run_id, None, "me")
    assert run_of(run_id).expires_at is not None

    retry.retry(run_id, None, "me")

    assert run_of(run_id).expires_at is None


@pytest.mark.parametrize("moved", [61, -86_400])
def test_a_changed_setting_counts_within_a_minute_however_the_clock_is_set(
    aws: None, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    now = clock.now()
    keep_for(1)
    assert retention.expires_at(now) is not None
    keep_for(2)
    assert retention.expires_at(now) == int(clock.epoch(now)) + 86_400

    later(monkeypatch, moved)

    assert retention.expires_at(now) == int(clock.epoch(now)) + 2 * 86_400


def test_pages_are_filled_up_past_runs_that_have_expired(
    clip: dict[str, Any], sfn: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [make(clip) for _ in range(4)]
    keep_for(1)
    for run_id in runs[1:3]:
        close.cancel(run_id, None, "me")
    later(monkeypatch, 86_401)

    for listed in (listing.by_time(2, None), listing.by_asset(run_of(runs[0]).asset_id, 2, None)):
        assert not {run.id for run in listed.runs} & set(runs[1:3])
    assert [run.id for run in listing.by_time(2, None).runs] == [runs[3], runs[0]]
    assert listing.by_status(Status.CANCELED, 10, None).runs == []
    assert dynamodb.get("Executions", {"Id": runs[1], "Part": "execution"}) is not None
