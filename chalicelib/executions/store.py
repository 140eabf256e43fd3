"""The Executions table: runs and their stages. The queue, the pools and the lists have modules of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.aws import clock, dynamodb, objects, transaction
from chalicelib.aws.dynamodb import Expression, Item, Key, Value
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Write
from chalicelib.executions import retention
from chalicelib.executions.errors import RunMoved, UnknownExecutionError
from chalicelib.executions.run import Fence, Run, StagePart, status_month
from chalicelib.executions.statuses import ENDED, ENTERED, StageStatus, Status

EXECUTION = "execution"
BESIDE = "job"
_STAGE = "stage#"
_TORN_READS = 5


def table() -> str:
    """The table's name."""
    return settings().executions_table


def stage_key(position: int) -> str:
    """The sort key of a stage's part; stages count from 0."""
    return f"{_STAGE}{position:02}"


def is_stage(part: str) -> bool:
    """Whether a sort key is that of a stage."""
    return part.startswith(_STAGE)


# -- reading ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stored:
    """A run with those of its stages that were read; `others` are its other items, of a read of the whole run."""

    run: Run
    stages: dict[int, StagePart]
    others: tuple[Item, ...] = ()


def existing(run_id: str, stored: Stored | None) -> Stored:
    """What was read of a run; raises UnknownExecutionError when there was nothing."""
    if stored is None:
        raise UnknownExecutionError(run_id)
    return stored


def read(run_id: str, stages: Iterable[int] = ()) -> Stored | None:
    """A run and some of its stages, strongly consistent, in one request; None when there is no such run."""
    parts = [EXECUTION, *(stage_key(position) for position in sorted(set(stages)))]
    items = dynamodb.batch_get(table(), [{"Id": run_id, "Part": part} for part in parts])
    return _stored(items)


def read_shown(run_id: str, stages: Iterable[int] = ()) -> Stored | None:
    """The same for those who ask from outside: a run that has expired is gone."""
    stored = read(run_id, stages)
    return None if stored is None or retention.is_expired(stored.run) else stored


def read_open(run_id: str) -> Stored | None:
    """A run with the stage that it is in, strongly consistent; one that has expired is gone.

    Raises StillContended when the run kept going on to its next stage meanwhile.
    """
    for _ in range(_TORN_READS):
        stored = read_shown(run_id)
        if stored is None or stored.run.status not in ENTERED:
            return stored
        again = read_shown(run_id, [stored.run.current_stage])
        if again is None or again.run.current_stage in again.stages:
            return again
        clock.sleep(0.01)
    raise transaction.StillContended(f"run {run_id} kept moving while it was read")


def read_whole(run_id: str) -> Stored | None:
    """A run with all its items, strongly consistent; one that has expired is gone.

    A query may see half of a transaction that is being carried out; such a read is done again.
    """
    for _ in range(_TORN_READS):
        stored = _stored(list(dynamodb.query(table(), dynamodb.equals("Id", run_id), consistent=True)))
        if stored is None or not _is_torn(stored):
            break
        clock.sleep(0.01)
    return None if stored is None or retention.is_expired(stored.run) else stored


def _is_torn(stored: Stored) -> bool:
    last = stored.stages.get(stored.run.current_stage)
    closed = stored.run.status in (Status.COMPLETE, Status.ERROR)
    return last is None or (closed and last.status == StageStatus.STARTED)


def read_runs(run_ids: Sequence[str], *, consistent: bool = False) -> list[Run]:
    """The small facts of many runs, in their order; those that are gone are left out."""
    keys = [{"Id": run_id, "Part": EXECUTION} for run_id in dict.fromkeys(run_ids)]
    return [Run.of(item) for item in dynamodb.batch_get(table(), keys, consistent=consistent)]


def read_stages(runs: Iterable[Run]) -> Iterator[tuple[Run, dict[int, StagePart]]]:
    """Runs in their order, each with its entered stages by position; nothing is read of those not asked for.

    Items are read for as many runs at once as one request holds, what lies in the bucket for one run after the other.
    """
    for group in _groups(runs):
        items = dynamodb.batch_get(table(), [key for run in group for key in _entered(run)], consistent=False)
        for run in group:
            parts = [_stage_part(item) for item in items if item["Id"] == run.id]
            yield run, {part.position: part for part in parts}


def _entered(run: Run) -> list[Key]:
    last = min(run.current_stage + 1, run.stages)
    return [{"Id": run.id, "Part": stage_key(position)} for position in range(last)]


def _groups(runs: Iterable[Run]) -> Iterator[list[Run]]:
    """Runs in their order, together as long as a request holds the keys of their stages."""
    group: list[Run] = []
    count = 0
    for run in runs:
        more = len(_entered(run))
        if group and count + more > dynamodb.MOST_KEYS:
            yield group
            group, count = [], 0
        group.append(run)
        count += more
    if group:
        yield group


def _stored(items: list[Item]) -> Stored | None:
    runs = [Run.of(item) for item in items if item["Part"] == EXECUTION]
    stages = [_stage_part(item) for item in items if is_stage(item["Part"])]
    others = tuple(item for item in items if item["Part"] != EXECUTION and not is_stage(item["Part"]))
    return Stored(runs[0], {stage.position: stage for stage in stages}, others) if runs else None


def _stage_part(item: Item) -> StagePart:
    return StagePart(
        position=int(item["Part"].split("#")[1]),
        input=_text(item, "Input") or "",
        outputs=_text(item, "Outputs"),
        status=item.get("Status"),
        ended=item.get("Ended"),
        message=item.get("Message"),
        override=_text(item, "Override"),
        timeouts=_text(item, "Timeouts"),
    )


def _text(item: Item, name: str) -> str | None:
    reference = item.get(f"{name}Ref")
    return objects.get_text(reference) if reference else item.get(name)


def _carried(run: Run, position: int, name: str, text: str) -> dict[str, Value | None]:
    """Attributes for a text of a stage; a large one goes to the bucket before the item that refers to it."""
    # named by its content: whoever writes it again writes the same, whoever is refused has overwritten nothing
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    stage = stage_key(position).replace("#", "-")
    key = f"{object_prefix(run.id)}{run.attempt}/{stage}-{name.lower()}-{digest}.json"
    carried = objects.carried(text, key)
    return {name: carried["Text"]} if "Text" in carried else {f"{name}Ref": carried["Ref"]}


def object_prefix(run_id: str) -> str:
    """Where the bucket holds what is too large for a run's items."""
    return f"private/executions/{run_id}/"


# -- the run's own items ---------------------------------------------------------------------------------------


def put_run(run: Run) -> Write:
    """A new run."""
    return transaction.put(table(), run.item(), transaction.absent("Id"), RunMoved)


def update_run(
    fence: Fence, expected: Sequence[Status], values: dict[str, Value | None], *, in_stage: int | None = None
) -> Write:
    """Change a run, on condition of its attempt, its status and (if given) its current stage."""
    changes_status = "Status" in values
    if changes_status:
        values = {**values, "StatusMonth": status_month(Status(str(values["Status"])), fence.created)}
    return transaction.update(
        table(),
        {"Id": fence.run_id, "Part": EXECUTION},
        values,
        _standing(fence, expected, in_stage),
        RunMoved,
        count="Sequence" if changes_status else None,
    )


def demand(fence: Fence, expected: Sequence[Status], *, in_stage: int | None = None) -> Write:
    """Demand an attempt, a status and (if given) a stage of a run that the transaction doesn't change."""
    key = {"Id": fence.run_id, "Part": EXECUTION}
    return transaction.check(table(), key, _standing(fence, expected, in_stage), RunMoved)


def _standing(fence: Fence, expected: Sequence[Status], in_stage: int | None) -> Expression:
    statuses = {f":s{n}": status.value for n, status in enumerate(expected)}
    text = f"#attempt = :attempt AND #status IN ({', '.join(statuses)})"
    names = {"#attempt": "Attempt", "#status": "Status"}
    values: dict[str, Value] = {":attempt": fence.attempt, **statuses}
    for placeholder, attribute, wanted in (("stage", "CurrentStage", in_stage), ("seq", "Sequence", fence.sequence)):
        if wanted is not None:
            text += f" AND #{placeholder} = :{placeholder}"
            names[f"#{placeholder}"] = attribute
            values[f":{placeholder}"] = wanted
    return Expression(text, names, values)


def put_stage(
    run: Run, position: int, stage_input: str, override: str | None = None, timeouts: str | None = None
) -> Write:
    """The stage that a run enters: its input, and at the first one the run's own configuration and timeouts."""
    item: dict[str, Value | None] = {"Id": run.id, "Part": stage_key(position), "Status": "Started"}
    for name, text in (("Input", stage_input), ("Override", override), ("Timeouts", timeouts)):
        if text is not None:
            item |= _carried(run, position, name, text)
    return transaction.put(table(), item)


def replan_stage(run: Run, part: StagePart, facts: dict[str, Value | None]) -> Write:
    """A stage as the next attempt finds it: its input, other facts, on the first one the run's own configuration.

    Refused when it is gone: somebody deletes the run.
    """
    values: dict[str, Value | None] = {"Input": None, "InputRef": None}
    values |= _carried(run, part.position, "Input", part.input)
    if part.override is not None:
        values |= {"Override": None, "OverrideRef": None}
        values |= _carried(run, part.position, "Override", part.override)
    if part.outputs is not None:
        values |= {"Outputs": None, "OutputsRef": None}
        values |= _carried(run, part.position, "Outputs", part.outputs)
    key = {"Id": run.id, "Part": stage_key(part.position)}
    return transaction.update(table(), key, values | facts, transaction.present("Id"), RunMoved)


def update_stage(run: Run, position: int, outputs: str, facts: dict[str, Value | None]) -> Write:
    """A stage's outputs with its status, times and message."""
    values = {"Outputs": None, "OutputsRef": None, **_carried(run, position, "Outputs", outputs), **facts}
    return transaction.update(table(), {"Id": run.id, "Part": stage_key(position)}, values)


def put_beside(run_id: str, facts: Mapping[str, Value]) -> Write:
    """Facts of a view's own, kept beside a run; they belong into the transaction that makes it."""
    return transaction.put(table(), {"Id": run_id, "Part": BESIDE, **facts})


def read_beside(run_ids: Sequence[str], *, consistent: bool = False) -> dict[str, Item]:
    """What is kept beside runs, by run."""
    keys = [{"Id": run_id, "Part": BESIDE} for run_id in run_ids]
    return {item["Id"]: item for item in dynamodb.batch_get(table(), keys, consistent=consistent)}


def delete_part(run_id: str, part: str) -> Write:
    """Remove one item of a run."""
    return transaction.delete(table(), {"Id": run_id, "Part": part})


def other_parts(run_id: str) -> list[str]:
    """The sort keys of a run's items but its own."""
    items = dynamodb.query(table(), dynamodb.equals("Id", run_id), consistent=True)
    return [item["Part"] for item in items if item["Part"] != EXECUTION]


def demand_gone(run_id: str) -> Write:
    """Demand that a run's own item doesn't exist."""
    key = {"Id": run_id, "Part": EXECUTION}
    return transaction.check(table(), key, transaction.absent("Id"), RunMoved)


def demand_ended(run: Run) -> Write:
    """Demand that a run has ended and hasn't been taken up again since it was read, or is gone."""
    return transaction.check(table(), {"Id": run.id, "Part": EXECUTION}, _ended_or_gone(run), RunMoved)


def delete_run(run: Run) -> Write:
    """Remove a run that has ended, unless it has been taken up again; one that is gone is left so."""
    return transaction.delete(table(), {"Id": run.id, "Part": EXECUTION}, _ended_or_gone(run), RunMoved)


def _ended_or_gone(run: Run) -> Expression:
    standing = _standing(run.fence, ENDED, None)
    return Expression(
        f"attribute_not_exists(#id) OR ({standing.text})", {"#id": "Id", **standing.names}, standing.values
    )
