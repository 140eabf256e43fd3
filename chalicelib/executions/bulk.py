"""The same request for many runs of a workflow: those of some statuses, since a time, whose message begins so.

Such a request works for some seconds at most and then says that there may be more, and since when: repeating it with
that as its `Since` goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.aws import clock
from chalicelib.executions import index, removal, retention, retry, store
from chalicelib.executions.run import Document, Run
from chalicelib.executions.statuses import ENDED, Status
from chalicelib.web.errors import BadRequestError, MediawrightError, shown

SECONDS = 8
"""How long one request may work; API Gateway waits 29 seconds, and a retry may have to make a state machine (20)."""
DEFAULT_LIMIT = 100
_PAGE = 50


@dataclass(frozen=True)
class Selection:
    """Which runs: of a workflow, of these statuses, created since (and before) these ISO times."""

    workflow: str
    statuses: tuple[Status, ...]
    since: str | None = None
    before: str | None = None
    error_prefix: str = ""
    limit: int = DEFAULT_LIMIT

    @classmethod
    def of(cls, body: dict[str, Any], allowed: tuple[Status, ...]) -> Selection:
        """Out of a request's body; raises BadRequestError for a status that isn't allowed and a time that is none."""
        given = body.get("Status")
        if given is not None and given not in allowed:
            raise BadRequestError(f"Status: only {', '.join(allowed)} are possible here, not {shown(given)}")
        return cls(
            workflow=body["Workflow"],
            statuses=(Status(given),) if given else allowed,
            since=_moment(body, "Since"),
            before=_moment(body, "Before"),
            error_prefix=body.get("ErrorPrefix", ""),
            limit=body.get("Limit", DEFAULT_LIMIT),
        )

    def takes(self, run: Run) -> bool:
        """Whether a run is selected; the index may be late, so the run itself decides."""
        return (
            run.status in self.statuses
            and run.subject == "workflow"
            and (self.before is None or run.created < self.before)
            and (run.message or "").startswith(self.error_prefix)
            and not retention.is_expired(run)
        )


def retry_many(body: dict[str, Any], who: str, *, dry_run: bool) -> Document:
    """Retry what a request selects: `{Workflow, Status, Since, ErrorPrefix, Limit, Configuration}`."""
    configuration = body.get("Configuration")

    def work(run: Run) -> None:
        retry.retry(run.id, configuration, who, dry_run=dry_run)

    return _each(Selection.of(body, retry.RETRIABLE), "Retried", work)


def delete_many(body: dict[str, Any], *, dry_run: bool) -> Document:
    """Delete what a request selects: `{Workflow, Status, Since, Before, ErrorPrefix, Limit}`."""

    def work(run: Run) -> None:
        if not dry_run:
            removal.delete(run.id)

    return _each(Selection.of(body, ENDED), "Deleted", work)


def _each(selection: Selection, done: str, work: Callable[[Run], None]) -> Document:
    """Do it for each run, oldest first. A run that refuses is told with its reason, and the others go on."""
    until = clock.seconds() + SECONDS
    answer: Document = {done: [], "Refused": [], "More": False}
    handled, passed = 0, False
    for page in filter(None, _pages(selection)):
        if passed and clock.seconds() > until:
            return answer | {"More": True, "Next": page[0].created}
        for run in filter(selection.takes, page):
            # one at least, or repeating would never get past it
            if handled == selection.limit or (handled and clock.seconds() > until):
                return answer | {"More": True, "Next": run.created}
            _one(run, work, answer[done], answer["Refused"])
            handled += 1
        passed = True
    return answer


def _one(run: Run, work: Callable[[Run], None], done: list[str], refused: list[Document]) -> None:
    try:
        work(run)
    except MediawrightError as error:
        refused.append({"Id": run.id, "Message": str(error)})
    else:
        done.append(run.id)


def _pages(selection: Selection) -> Iterator[list[Run]]:
    """The workflow's runs, oldest first, a page at a time."""
    start = None
    while True:
        page = index.page("by-workflow", selection.workflow, _PAGE, start, since=selection.since, forward=True)
        yield store.read_runs(page.run_ids, consistent=True)
        start = page.next_key
        if start is None:
            return


def _moment(body: dict[str, Any], name: str) -> str | None:
    """A time as our ISO text: ISO 8601 with its zone, or seconds since 1970 as the API's answers spell it."""
    text = body.get(name)
    if text is None:
        return None
    try:
        return clock.iso(float(text) if text.replace(".", "", 1).isdigit() else _zoned(text))
    except (ValueError, OverflowError, OSError):
        raise BadRequestError(
            f"{name}: a time with its zone such as 2026-11-21T04:05:06Z is expected, not {shown(text)}"
        ) from None


def _zoned(text: str) -> float:
    """Seconds since 1970; raises ValueError also without a zone, for whose time would be meant?"""
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(text)
    return clock.epoch(text)
