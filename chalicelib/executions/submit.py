"""A new run: everything is checked, one transaction makes it, then it looks for a slot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.assets import store as assets
from chalicelib.aws import clock, objects, transaction
from chalicelib.definitions import revisions
from chalicelib.definitions.revision import Revision
from chalicelib.executions import admit, index, media, moves, plan, store
from chalicelib.executions.document import execution_document
from chalicelib.executions.run import Document, Run, StagePart
from chalicelib.executions.statuses import Status
from chalicelib.web.documents import compact
from chalicelib.web.errors import BadRequestError, MediawrightError


@dataclass(frozen=True)
class Origin:
    """Where a run comes from: `trigger` names it (`api`, `trigger/<id>`, `batch/<id>`).

    A `run_id` derived from the origin makes a repeated submission answer the run that is there. `writes` are
    committed together with the run.
    """

    trigger: str = "api"
    run_id: str | None = None
    batch: str | None = None
    writes: tuple[transaction.Write, ...] = ()


API = Origin()


@dataclass(frozen=True)
class _Prepared:
    revision: Revision
    run: Run
    stage_input: str
    override: str
    writes: list[transaction.Write]

    @property
    def is_large(self) -> bool:
        """Whether a text of the run rides in the bucket."""
        return any(len(text.encode()) > objects.INLINE_BYTES for text in (self.stage_input, self.override))


def submit(body: dict[str, Any], *, origin: Origin = API, dry_run: bool = False) -> Document:
    """Make a run of a workflow or of a stage alone, and answer it as Queued.

    A dry run checks all and writes nothing. Raises BadRequestError naming the field, ConflictError for a busy asset.
    """
    prepared = _prepare(body, origin)
    if not dry_run:
        _make(prepared)
    first = StagePart(0, prepared.stage_input, status="Started", override=prepared.override)
    return execution_document(prepared.run, {0: first}, prepared.revision)


def _prepare(body: dict[str, Any], origin: Origin) -> _Prepared:
    revision = _revision(body)
    override = plan.normalised(revision, body.get("Configuration") or {})
    plan.check_override(revision, override)
    now, run_id = clock.now(), origin.run_id or clock.new_id()
    given = media.resolve(body["Input"], run_id, now)
    try:
        stage_input = plan.stage_input(run_id, given.asset_id, revision.stages[0], override, given.globals)
    except plan.TooLargeToCarry as error:
        raise BadRequestError(f"Configuration: {error}") from None
    run = Run(
        id=run_id,
        subject=revision.subject,
        workflow=revision.name,
        revision=revision.id,
        machine_arn=revision.machine_arn,
        asset_id=given.asset_id,
        status=Status.QUEUED,
        attempt=1,
        current_stage=0,
        stage_name=revision.stages[0].name,
        stages=len(revision.stages),
        created=now,
        queued=now,
        changed=now,
        trigger=origin.trigger,
        batch=origin.batch,
    )
    writes = [*given.writes, *origin.writes]
    return _Prepared(revision, run, compact(stage_input), compact(body.get("Configuration") or {}), writes)


def _revision(body: dict[str, Any]) -> Revision:
    if ("Name" in body) == ("Stage" in body):
        raise BadRequestError("Name: either Name (of a workflow) or Stage (of a stage to run alone) is required")
    if "Stage" in body:
        return revisions.current_stage(body["Stage"])
    return revisions.current(body["Name"])


def _make(prepared: _Prepared) -> None:
    run = prepared.run
    index.ensure_month(clock.month(run.created))
    assets.ensure_month(run.created)
    try:
        transaction.commit(moves.submit(run, prepared.stage_input, prepared.override, prepared.writes))
    except MediawrightError:
        # refused for good: nothing refers to the large texts that went to the bucket first
        if prepared.is_large:
            for _ in objects.delete_under(store.object_prefix(run.id)):
                pass
        raise
    admit.look({run.id: prepared.stage_input})
