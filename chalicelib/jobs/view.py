"""A job as MediaFlow's API shows it: made of a run, its last stage, and what is kept beside the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.aws import clock
from chalicelib.executions.run import Run, StagePart
from chalicelib.executions.statuses import OperationStatus
from chalicelib.jobs import statuses
from chalicelib.web.documents import stored_document

RESULT_SECONDS = 86_400
"""For how long after its end a job's result is given out."""
URL_SECONDS = 3_600
NO_RESULT = "The operation was skipped: it is disabled, or the file has no medium of its kind"
BROKEN = "The operation failed, which is no fault of the file; whoever runs this stack finds the reason in its run"
TOO_SLOW = "The operation wasn't done in the time that it may take"
_CUT_SHORT = frozenset({"TimeoutError", "Sandbox.Timedout"})
"""As operators say it themselves, and as Lambda does."""
_TOLD_ERRORS = frozenset({"InvalidInput", "States.Timeout", "States.HeartbeatTimeout"})


@dataclass(frozen=True)
class Result:
    """Where a result lies."""

    bucket: str
    key: str


@dataclass(frozen=True)
class Job:
    """A job's facts. `progress` is in percent; `url_seconds` is for how long its result may be fetched, at most."""

    run: Run
    status: str
    filename: str
    result: Result | None
    progress: int | None
    error: str | None
    url_seconds: int

    @property
    def is_expired(self) -> bool:
        """Whether there was a result, which isn't given out any more."""
        return self.result is not None and self.url_seconds <= 0

    def document(self, url: str | None) -> dict[str, Any]:
        """As the API answers it, with the address of its result."""
        return {
            "id": self.run.id,
            "user_id": self.run.owner,
            "status": self.status,
            "job_type": self.run.job_type,
            "result_url": url,
            "result_expired": self.is_expired,
            "progress": self.progress,
            "error": self.error,
            "created_at": self.run.created,
            "updated_at": self.run.changed,
            "asset_id": self.run.asset_id,
        }


def job(run: Run, stages: Mapping[int, StagePart], beside: Mapping[str, Any], percent: int | None) -> Job:
    """The job that a run is; `percent` is what its operation reported."""
    outputs = _outputs(stages)
    found = _result(outputs) if run.ended else None
    status = statuses.of(run.status, has_result=found is not None)
    ended = clock.epoch(run.ended) if run.ended else None
    left = 0 if ended is None else int(ended + RESULT_SECONDS - clock.seconds())
    return Job(
        run=run,
        status=status,
        filename=beside.get("Filename", ""),
        result=found if status == statuses.COMPLETED else None,
        progress={statuses.COMPLETED: 100, statuses.STARTED: percent}.get(status),
        error=_error(run, outputs) if status == statuses.FAILED else None,
        url_seconds=min(URL_SECONDS, left),
    )


def _outputs(stages: Mapping[int, StagePart]) -> list[dict[str, Any]]:
    last = stages[max(stages)] if stages else None
    found: list[dict[str, Any]] = stored_document(last.outputs) if last and last.outputs else []
    return found


def _result(outputs: list[dict[str, Any]]) -> Result | None:
    for output in outputs:
        if output["Status"] == OperationStatus.COMPLETE:
            for place in output["Media"].values():
                return Result(place["S3Bucket"], place["S3Key"])
    return None


def _error(run: Run, outputs: list[dict[str, Any]]) -> str:
    """Why a job failed: the operation's own sentence where the fault is the file's or the time was too short.

    What else went wrong is no business of the user's: such a text may name roles, buckets and addresses.
    """
    failed = next((output for output in outputs if output["Status"] == OperationStatus.ERROR), None)
    if failed is None:
        return run.message or NO_RESULT
    if failed["Error"] in _CUT_SHORT:
        return TOO_SLOW
    return failed["Cause"] if failed["Error"] in _TOLD_ERRORS and failed["Cause"] else BROKEN
