"""The Assets table's stream read for the Kinesis stream: every change of an asset, and of what operators stored.

Changes of one asset go out in their order, the next one when all of the one before has been taken; those of other
assets go beside them. What Kinesis doesn't take is tried a few times here, then reported, so that Lambda brings it
again with everything behind it. So a change may be told again, by the same EventId.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from chalicelib.analytics import records
from chalicelib.analytics.records import Change, MalformedRecord
from chalicelib.assets import pointers
from chalicelib.aws import clock, kinesis, messaging, metrics
from chalicelib.aws.metrics import Metric
from chalicelib.aws.settings import settings
from chalicelib.web.documents import compact

TRIES = 5
_LOG = logging.getLogger("mediawright.analytics")


@dataclass
class _Step:
    """A change, and what of it Kinesis hasn't taken yet."""

    position: int
    left: list[str]


@dataclass
class _Line:
    """The changes of an asset that wait for their turn, and how often the first was tried in vain."""

    asset_id: str
    steps: deque[_Step] = field(default_factory=deque)
    tries: int = 0


def feed(event: Mapping[str, Any]) -> dict[str, Any]:
    """Hand a batch on; answers the first record that must come again, if any."""
    lines: dict[str, _Line] = {}
    for record in event["Records"]:
        change = _understood(record)
        if change:
            line = lines.setdefault(change.asset_id, _Line(change.asset_id))
            line.steps.append(_Step(change.position, [compact(told) for told in _documents(change)]))
    failed = _hand_on(list(lines.values()))
    # Lambda goes back to the lowest, with everything behind it
    return {"batchItemFailures": [{"itemIdentifier": str(min(failed))}] if failed else []}


def _understood(record: Mapping[str, Any]) -> Change | None:
    """What a record tells, if anything; one that can't be read is kept aside and holds up nobody."""
    try:
        return records.change(record)
    except MalformedRecord as error:
        _LOG.error("a record was put aside: %s", error)
        messaging.enqueue(settings().analytics_dead_letters_url, {"Records": [record], "Reason": str(error)})
        metrics.emit({Metric.DEAD_LETTERS: 1}, DeadLetter="analytics")
        return None


def _documents(change: Change) -> list[dict[str, Any]]:
    if change.pages is None:
        return change.documents([])
    keys = pointers.page_keys(change.asset_id, change.pages.operator, change.pages.set_id)
    # fewer: the pages have been deleted since, and the record of that comes later
    return change.documents(keys) if len(keys) == change.pages.pages else []


def _hand_on(lines: list[_Line]) -> list[int]:
    """Put everything into the stream, each line in order; answers where lines stopped that Kinesis didn't take."""
    failed: list[int] = []
    while lines := [line for line in lines if _advance(line)]:
        _round(lines)
        stuck = [line for line in lines if line.tries >= TRIES]
        failed += [line.steps[0].position for line in stuck]
        lines = [line for line in lines if line not in stuck]
        most = max((line.tries for line in lines), default=0)
        if most:
            clock.sleep(clock.jitter(min(2.0, 0.1 * 2**most)))
    return failed


def _advance(line: _Line) -> bool:
    """Drop the changes that are done; whether any is left."""
    while line.steps and not line.steps[0].left:
        line.steps.popleft()
        line.tries = 0
    return bool(line.steps)


def _round(lines: list[_Line]) -> None:
    """One request with what comes next of each line."""
    wanted = ((line, text) for line in lines for text in line.steps[0].left)
    sent = list(islice(wanted, kinesis.MOST_RECORDS))
    taken = kinesis.put(settings().analytics_stream, [(line.asset_id, text) for line, text in sent])
    refused = {id(line): line for (line, _), ok in zip(sent, taken, strict=True) if not ok}
    for (line, text), ok in zip(sent, taken, strict=True):
        if ok:
            line.steps[0].left.remove(text)
    for line in refused.values():
        line.tries += 1
