"""Jobs in the Executions table: one by its id, and a user's own by the index of owners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.aws import clock, dynamodb
from chalicelib.aws.settings import settings
from chalicelib.executions import progress
from chalicelib.executions import store as runs
from chalicelib.executions.statuses import ENTERED, Status
from chalicelib.executions.store import Stored
from chalicelib.jobs import view
from chalicelib.jobs.errors import ForeignJob, UnknownJob
from chalicelib.jobs.view import Job


@dataclass(frozen=True)
class Entry:
    """A job as the index lists it, which may be some moments behind."""

    id: str
    job_type: str
    status: Status


def read(user: str, job_id: str) -> Job:
    """A job of the user's, strongly consistent; raises UnknownJob and ForeignJob."""
    stored = runs.read_whole(job_id)
    if stored is None or stored.run.owner is None:
        raise UnknownJob
    if stored.run.owner != user:
        raise ForeignJob
    return _job(stored)


def whole(job_id: str) -> Job | None:
    """A job whosever it is; None when it is gone."""
    stored = runs.read_whole(job_id)
    return None if stored is None or stored.run.owner is None else _job(stored)


def _job(stored: Stored) -> Job:
    beside = next((item for item in stored.others if item["Part"] == runs.BESIDE), {})
    return view.job(stored.run, stored.stages, beside, progress.of_first(stored.run, stored.others))


def entries(user: str) -> list[Entry]:
    """All jobs of a user that haven't expired, newest first: jobs are kept for days, so these are a user's days."""
    condition = dynamodb.equals("Owner", user)
    items = dynamodb.query(settings().executions_table, condition, index="by-owner", forward=False)
    now = clock.seconds()
    return [
        Entry(item["Id"], item["JobType"], Status(item["Status"]))
        for item in items
        if item.get("ExpiresAt", now + 1) > now
    ]


def jobs(ids: Sequence[str]) -> list[Job]:
    """Jobs in the order of their ids; those that are gone are left out."""
    found = runs.read_runs(ids)
    beside = runs.read_beside([run.id for run in found])
    percents = progress.read_first(run for run in found if run.status in ENTERED)
    return [
        view.job(run, stages, beside.get(run.id, {}), percents.get(run.id)) for run, stages in runs.read_stages(found)
    ]
