"""The indexes of the Executions table. An index only lists, it never decides: it may be late."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from chalicelib.aws import dynamodb, transaction
from chalicelib.aws.dynamodb import Key
from chalicelib.executions.run import Run
from chalicelib.executions.store import EXECUTION, table


@cache
def ensure_month(month: str) -> None:
    """Remember that there are runs of a month, so that lists by time know which months to read."""
    transaction.commit([transaction.put(table(), {"Id": "months", "Part": month})])


def months() -> list[str]:
    """The months that have runs, newest first; eventually consistent, as the indexes are that they lead to."""
    items = dynamodb.query(table(), dynamodb.equals("Id", "months"), forward=False)
    return [item["Part"] for item in items]


@dataclass(frozen=True)
class IndexPage:
    """Run ids, and the index key after which the next page begins."""

    run_ids: list[str]
    next_key: Key | None


_HASHES = {"by-time": "Month", "by-asset": "AssetId", "by-workflow": "Workflow", "by-status": "StatusMonth"}


def key(index: str, run: Run) -> Key:
    """Where a run stands in an index: the key after which a page behind it begins."""
    found = {"Id": run.id, "Part": EXECUTION, "Created": run.created}
    return {**found, _HASHES[index]: str(run.item()[_HASHES[index]])}


def page(
    index: str, value: str, limit: int, start: Key | None, *, since: str | None = None, forward: bool = False
) -> IndexPage:
    """One page of an index, newest first unless `forward`; an index only lists, it never decides."""
    condition = dynamodb.equals(_HASHES[index], value)
    if since is not None:
        condition = dynamodb.since((_HASHES[index], value), ("Created", since))
    page = dynamodb.query_page(table(), condition, index=index, forward=forward, limit=limit, start=start)
    return IndexPage([item["Id"] for item in page.items], page.next_key)
