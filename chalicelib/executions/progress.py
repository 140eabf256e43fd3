"""How far an operation is, in percent, as items of its run: `progress#<stage>#<operation>`, positions of two digits.

A report may be lost: the next one says more. It never goes backwards, and one of an attempt or a stage that is over
changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chalicelib.aws import dynamodb, transaction
from chalicelib.aws.dynamodb import Expression, Item, Key
from chalicelib.aws.transaction import Write
from chalicelib.definitions import revisions
from chalicelib.definitions.revision import RevisionStage
from chalicelib.executions import store
from chalicelib.executions.errors import NotRunningError, RunMoved
from chalicelib.executions.run import Run
from chalicelib.executions.statuses import ENTERED
from chalicelib.web.errors import shown

_PREFIX = "progress#"
DONE = 100


class _NotFurther(Exception):
    """As much or more has been reported."""


@dataclass(frozen=True)
class Report:
    """What an operation says: `percent` is 0 to 99, since only its answer means that it is done."""

    stage: str
    operation: str
    attempt: int
    percent: int

    @classmethod
    def of(cls, body: dict[str, Any]) -> Report:
        """Out of a request's body."""
        return cls(body["Stage"], body["Operation"], body["Attempt"], body["Percent"])


def keep(run_id: str, given: Report) -> bool:
    """Keep a report and say whether it told more than was known.

    Raises UnknownExecutionError (404), and NotRunningError (409) when the operation isn't running in that attempt.
    """
    run = store.existing(run_id, store.read_shown(run_id)).run
    position = _position(run, given)
    demanded = store.demand(run.fence, ENTERED, in_stage=run.current_stage)
    try:
        transaction.commit([demanded, _raise(run, position, given.percent)])
    except RunMoved:
        raise _over(run, given) from None
    except _NotFurther:
        return False
    return True


def _position(run: Run, given: Report) -> int:
    if run.status not in ENTERED or (run.attempt, run.stage_name) != (given.attempt, given.stage):
        raise _over(run, given)
    stage = revisions.get(run.subject, run.workflow, run.revision).stages[run.current_stage]
    names = [operation.name for operation in stage.operations]
    if given.operation not in names:
        raise _over(run, given)
    return names.index(given.operation)


def _over(run: Run, given: Report) -> NotRunningError:
    return NotRunningError(
        f"operation {shown(given.operation)} of stage {shown(given.stage)} isn't running in attempt {given.attempt}"
        f" of workflow execution {run.id}"
    )


def _raise(run: Run, position: int, percent: int) -> Write:
    key = {"Id": run.id, "Part": f"{_PREFIX}{run.current_stage:02}#{position:02}"}
    further = Expression(
        "attribute_not_exists(#id) OR #attempt < :attempt OR (#attempt = :attempt AND #percent < :percent)",
        {"#id": "Id", "#attempt": "Attempt", "#percent": "Percent"},
        {":attempt": run.attempt, ":percent": percent},
    )
    values = {"Attempt": run.attempt, "Percent": percent}
    return transaction.update(store.table(), key, values, further, _NotFurther)


def of_first(run: Run, items: Iterable[Item]) -> int | None:
    """What the first operation of a run's stage reported in its attempt."""
    part = _first(run)["Part"]
    percents = [item["Percent"] for item in items if item["Part"] == part and item["Attempt"] == run.attempt]
    return percents[0] if percents else None


def read_first(runs: Iterable[Run]) -> dict[str, int]:
    """The same of many runs, by run; of those that reported any."""
    by_id = {run.id: run for run in runs}
    keys = [_first(run) for run in by_id.values()]
    items = dynamodb.batch_get(store.table(), keys, consistent=False) if keys else []
    return {item["Id"]: percent for item in items if (percent := of_first(by_id[item["Id"]], [item])) is not None}


def _first(run: Run) -> Key:
    return {"Id": run.id, "Part": f"{_PREFIX}{run.current_stage:02}#00"}


def of_stage(
    items: Iterable[Item], attempt: int, position: int, stage: RevisionStage, completed: Iterable[str]
) -> dict[str, int]:
    """The percentages of those operations of a stage that reported any in an attempt; the completed have all."""
    done = set(completed)
    found: dict[str, int] = {}
    for item in items:
        if item["Part"].startswith(f"{_PREFIX}{position:02}#") and item["Attempt"] == attempt:
            name = stage.operations[int(item["Part"].split("#")[2])].name
            found[name] = DONE if name in done else item["Percent"]
    return found
