"""A job out of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.aws import clock
from chalicelib.executions.run import Run, StagePart
from chalicelib.executions.statuses import Status
from chalicelib.jobs import view
from tests.chalicelib.events.runs import run

ENDED = "2026-11-21T04:05:06.000000Z"
RUN = run(
    workflow="RunImageConvert",
    asset_id="asset",
    status=Status.COMPLETE,
    created=ENDED,
    queued=ENDED,
    changed=ENDED,
    ended=ENDED,
    owner="ada",
    job_type="image_convert_webp",
)
PLACE = {"S3Bucket": "bucket", "S3Key": "private/assets/asset/workflows/r/out.webp"}
MADE: dict[str, Any] = {"Name": "ImageConvert", "Status": "Complete", "Media": {"Image": PLACE}, "MetaData": {}}


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of day, a minute after the run's end."""
    moment = [clock.epoch(ENDED) + 60]
    monkeypatch.setattr(clock, "time_source", lambda: moment[0])
    return moment


def job(run: Run, *outputs: dict[str, Any], percent: int | None = None) -> view.Job:
    stages = {0: StagePart(0, "{}", outputs=json.dumps(outputs))} if outputs else {}
    return view.job(run, stages, {"Filename": "photo.png"}, percent)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (Status.QUEUED, "pending"),
        (Status.STARTED, "started"),
        (Status.WAITING, "started"),
        (Status.RESUMED, "started"),
        (Status.ERROR, "failed"),
        (Status.CANCELED, "cancelled"),
    ],
)
def test_each_status_has_its_name(status: Status, told: str) -> None:
    found = job(replace(RUN, status=status, ended=None))

    assert (found.status, found.result, found.is_expired) == (told, None, False)


def test_a_complete_run_with_a_result_is_completed() -> None:
    found = job(RUN, MADE)

    assert (found.status, found.progress, found.error) == ("completed", 100, None)
    assert found.result == view.Result("bucket", PLACE["S3Key"])
    assert found.url_seconds == view.URL_SECONDS


def test_a_complete_run_that_made_nothing_has_failed() -> None:
    found = job(RUN, {**MADE, "Status": "Skipped", "Media": {}})

    assert (found.status, found.result, found.progress) == ("failed", None, None)
    assert found.error == view.NO_RESULT


def test_a_failure_is_told_in_the_operations_words() -> None:
    failed = {**MADE, "Status": "Error", "Error": "InvalidInput", "Cause": "the file is cut short", "Media": {}}

    found = job(replace(RUN, status=Status.ERROR, message="Stage _ImageConvert: ..."), failed)

    assert found.error == "the file is cut short"
    assert job(replace(RUN, status=Status.ERROR, message="out of time")).error == "out of time"


@pytest.mark.parametrize("error", ["ClientError", "RuntimeError", "Lambda.AccessDeniedException"])
def test_what_is_no_fault_of_the_file_is_not_told_in_detail(error: str) -> None:
    cause = "User: arn:aws:sts::123456789012:assumed-role/Operator is not authorized to perform: s3:GetObject"
    failed = {**MADE, "Status": "Error", "Error": error, "Cause": cause, "Media": {}}

    found = job(replace(RUN, status=Status.ERROR, message=f"Stage _ImageConvert: {error}: {cause}"), failed)

    assert found.error == view.BROKEN


def test_that_the_time_was_too_short_is_told() -> None:
    cause = "the operation did not end within the 60 seconds it had"
    failed = {**MADE, "Status": "Error", "Error": "States.Timeout", "Cause": cause, "Media": {}}

    assert job(replace(RUN, status=Status.ERROR), failed).error == cause


@pytest.mark.parametrize("error", ["TimeoutError", "Sandbox.Timedout"])
def test_that_an_operator_ran_out_of_time_is_told_in_words_for_users(error: str) -> None:
    failed = {**MADE, "Status": "Error", "Error": error, "Cause": "raise the function's memory", "Media": {}}

    assert job(replace(RUN, status=Status.ERROR), failed).error == view.TOO_SLOW


def test_what_an_earlier_attempt_said_is_not_told_of_a_job_that_runs_again() -> None:
    found = job(replace(RUN, status=Status.STARTED, attempt=2, ended=None), {**MADE, "Status": "Error", "Cause": "x"})

    assert (found.status, found.error) == ("started", None)


@pytest.mark.parametrize(
    ("age", "seconds", "expired"), [(0, 3600, False), (82_800, 3600, False), (86_399, 1, False), (86_400, 0, True)]
)
def test_a_result_is_given_out_for_a_day(now: list[float], age: int, seconds: int, expired: bool) -> None:
    now[0] = clock.epoch(ENDED) + age

    found = job(RUN, MADE)

    assert (found.url_seconds, found.is_expired) == (seconds, expired)


def test_progress_is_what_the_operation_reported_while_it_runs() -> None:
    assert job(replace(RUN, status=Status.STARTED, ended=None), percent=42).progress == 42
    assert job(replace(RUN, status=Status.QUEUED, ended=None), percent=42).progress is None
    assert job(RUN, MADE, percent=42).progress == 100
