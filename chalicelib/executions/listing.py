"""Lists of runs, newest first: one index query and one batch read a page, and for whole documents those of stages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.aws import clock
from chalicelib.definitions import revisions
from chalicelib.executions import index, pools, queue, retention, store
from chalicelib.executions.document import execution_document, summary
from chalicelib.executions.run import GLOBAL_POOL, Document, Run, status_month
from chalicelib.executions.statuses import LIVE, Status
from chalicelib.web.documents import compact

ANSWER_BYTES = 5_000_000
"""What a page may have; a Lambda's answer holds 6 MB."""


@dataclass(frozen=True)
class Listed:
    """A page of runs out of an index, and where the next one begins."""

    index: str
    runs: list[Run]
    position: dict[str, Any] | None

    def after(self, run: Run) -> dict[str, Any]:
        """Where the page begins that goes on behind one of the runs."""
        return {"month": clock.month(run.created), "key": index.key(self.index, run)}


def by_time(limit: int, position: dict[str, Any] | None) -> Listed:
    """All runs."""
    return _filled(lambda left, at: _walk("by-time", lambda month: month, left, at), limit, position)


def by_status(status: Status, limit: int, position: dict[str, Any] | None) -> Listed:
    """The runs of a status; what the index shows late or too long is dropped by what the runs say."""

    def walk(left: int, position: dict[str, Any] | None) -> Listed:
        listed = _walk("by-status", lambda month: status_month(status, month), left, position)
        return replace(listed, runs=[run for run in listed.runs if run.status is status])

    return _filled(walk, limit, position)


def by_asset(asset_id: str, limit: int, position: dict[str, Any] | None) -> Listed:
    """The runs of an asset."""

    def walk(left: int, position: dict[str, Any] | None) -> Listed:
        page = index.page("by-asset", asset_id, left, (position or {}).get("key"))
        ahead = {"key": page.next_key} if page.next_key else None
        return Listed("by-asset", store.read_runs(page.run_ids), ahead)

    return _filled(walk, limit, position)


def _filled(
    walk: Callable[[int, dict[str, Any] | None], Listed], limit: int, position: dict[str, Any] | None
) -> Listed:
    """A page without runs that have expired, filled up with those that come next."""
    found: list[Run] = []
    while True:
        listed = walk(limit - len(found), position)
        found += [run for run in listed.runs if not retention.is_expired(run)]
        position = listed.position
        if position is None or len(found) >= limit:
            return replace(listed, runs=found)


def live() -> list[Run]:
    """All runs that haven't ended, strongly consistent.

    Such a run waits, for slots or for people, or holds a slot. It goes from one to the other in one transaction; the
    places are read in the order in which runs mostly go, twice, so that none is missed that takes a step or two,
    forward or back, while we read.
    """
    capped = pools.capped()
    ids: dict[str, None] = {}
    for _ in range(2):
        ids |= dict.fromkeys(queue.run_ids(capped))
        ids |= dict.fromkeys(holder.run_id for holder in pools.read(GLOBAL_POOL).holders)
        ids |= dict.fromkeys(note.run_id for note in queue.waiting())
    runs = store.read_runs(list(ids), consistent=True)
    return [run for run in runs if run.status in LIVE]


def live_runs(workflow: str) -> list[str]:
    """The ids of a workflow's runs that haven't ended."""
    return [run.id for run in live() if run.workflow == workflow and run.subject == "workflow"]


def summaries(listed: Listed) -> tuple[list[Document], dict[str, Any] | None]:
    """The small shape of a page's runs, and where the next page begins."""
    return _fitting(listed, map(summary, listed.runs))


def documents(listed: Listed) -> tuple[list[Document], dict[str, Any] | None]:
    """The whole documents of a page's runs, and where the next page begins."""
    return _fitting(listed, _documents(listed.runs))


def _documents(runs: list[Run]) -> Iterator[Document]:
    for run, stages in store.read_stages(runs):
        yield execution_document(run, stages, revisions.get(run.subject, run.workflow, run.revision))


def _fitting(listed: Listed, shown: Iterable[Document]) -> tuple[list[Document], dict[str, Any] | None]:
    """As many as one answer holds, one at least: the page ends early where it would outgrow that."""
    found: list[Document] = []
    size = 0
    for document in shown:
        size += len(compact(document))
        if found and size > ANSWER_BYTES:
            return found, listed.after(listed.runs[len(found) - 1])
        found.append(document)
    return found, listed.position


def _walk(name: str, partition: Callable[[str], str], limit: int, position: dict[str, Any] | None) -> Listed:
    """Fill a page from the months' partitions, newest month first.

    The newest month is read without asking which months there are: most pages never leave it.
    """
    month, key = _begin(position)
    ids: list[str] = []
    while month is not None:
        page = index.page(name, partition(month), limit - len(ids), key)
        ids += page.run_ids
        if len(ids) >= limit:
            ahead = {"month": month, "key": page.next_key} if page.next_key else {"before": month}
            return Listed(name, store.read_runs(ids), ahead)
        key = page.next_key
        if key is None:
            month = _earlier(month)
    return Listed(name, store.read_runs(ids), None)


def _begin(position: dict[str, Any] | None) -> tuple[str | None, dict[str, str] | None]:
    if position is None:
        return clock.month(clock.now()), None
    if "before" in position:
        return _earlier(position["before"]), None
    return position["month"], position["key"]


def _earlier(month: str) -> str | None:
    return next((known for known in index.months() if known < month), None)
