"""E-mail to whom a job's request named, once, when the job has ended.

It is a courtesy: the job is told of at most once, and no failure of it holds up or changes anything. That it is told
is noted first, so that whoever is told of the job's end again finds the note.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from chalicelib.aws import mail, transaction
from chalicelib.aws.settings import settings
from chalicelib.executions import store as runs
from chalicelib.executions.changes import Change
from chalicelib.executions.statuses import Status
from chalicelib.jobs import bucket, names, store
from chalicelib.jobs.view import Job

_LOG = logging.getLogger("mediawright.jobs")
_NOTE = "notified"
_TOLD = (Status.COMPLETE, Status.ERROR)


def job_of(change: Change) -> str | None:
    """The job whose end a change is, where the stack sends e-mail."""
    ended = change.run.owner is not None and change.run.status in _TOLD
    return change.run.id if ended and settings().notification_sender else None


def notify(job_id: str, _changes: Sequence[Change]) -> None:
    """Tell of a job's end whom its request named, if anybody and if nobody has been told."""
    address = runs.read_beside([job_id], consistent=True).get(job_id, {}).get("NotifyEmail")
    if address is None or not _note(job_id):
        return
    job = store.whole(job_id)
    if job is None:
        return
    try:
        mail.send(settings().notification_sender, address, f"Your job is {job.status}", _text(job))
    except mail.NotSent as error:
        _LOG.warning("job %s: nobody could be told by e-mail: %s", job_id, error)


def _note(job_id: str) -> bool:
    """Whether this is the first to tell."""
    note = {"Id": job_id, "Part": _NOTE}
    try:
        transaction.commit([transaction.put(runs.table(), note, transaction.absent("Id"))])
    except transaction.WriteRefused:
        return False
    return True


def _text(job: Job) -> str:
    lines = [f"Your job {job.run.id} ({job.run.job_type}) is {job.status}."]
    if job.result and not job.is_expired:
        name = names.result_name(job.filename, job.result.key)
        url = bucket.download_url(job.result.bucket, job.result.key, names.disposition(name), job.url_seconds)
        lines += [f"Within the hour, fetch {name} here:", url, f"Later, for a day: GET /api/v1/jobs/{job.run.id}"]
    if job.error:
        lines.append(f"The reason: {job.error}")
    return "\n\n".join(lines) + "\n"
