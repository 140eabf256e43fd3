"""A new run: everything is checked, one transaction makes it, then it looks for a slot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.assets import store as assets
from chalicelib.aws import clock, invocation, objects, transaction
from chalicelib.aws.dynamodb import Value
from chalicelib.definitions import revisions
from chalicelib.definitions.revision import Revision
from chalicelib.executions import admit, caps, index, media, moves, plan, store, webhooks
from chalicelib.executions.document import execution_document, whole_document
from chalicelib.executions.errors import RunMoved
from chalicelib.executions.run import DEFAULT_PRIORITY, Document, Run, StagePart
from chalicelib.executions.statuses import Status
from chalicelib.web import idempotency
from chalicelib.web.documents import compact
from chalicelib.web.errors import BadRequestError, ConflictError, GoneError, MediawrightError
from chalicelib.web.idempotency import Claim, KeyClaimed


@dataclass(frozen=True)
class Origin:
    """Where a run comes from: `trigger` names it (`api`, `trigger/<id>`, `batch/<id>`, `job`).

    `owner`, `job_type` and `keep_days` are the run's, `beside` is kept beside it. A `run_id` derived from the origin
    makes a repeated submission answer the run that is there. `writes` are committed together with the run.
    """

    trigger: str = "api"
    run_id: str | None = None
    batch: str | None = None
    writes: tuple[transaction.Write, ...] = ()
    owner: str | None = None
    job_type: str | None = None
    keep_days: int | None = None
    beside: Mapping[str, Value] | None = None


API = Origin()


@dataclass(frozen=True)
class _Prepared:
    revision: Revision
    run: Run
    first: StagePart
    writes: list[transaction.Write]

    @property
    def is_large(self) -> bool:
        """Whether a text of the run rides in the bucket."""
        texts = (self.first.input, self.first.override, self.first.timeouts)
        return any(len(text.encode()) > objects.INLINE_BYTES for text in texts if text)


def submit(
    body: dict[str, Any], *, origin: Origin = API, claimed: Claim | None = None, dry_run: bool = False
) -> Document:
    """Make a run of a workflow or of a stage alone, and answer it as Queued.

    A request that was carried out before, by its derived run id or by its idempotency key, is answered with the run
    that it made. A dry run checks all and writes nothing. Raises BadRequestError naming the field, ConflictError for
    a busy asset.
    """
    known = _made_before(origin, claimed)
    if known is not None:
        return known
    try:
        prepared = _prepare(body, origin, claimed)
        if not dry_run:
            _make(prepared)
    except (RunMoved, KeyClaimed, ConflictError) as error:
        # an equal request was quicker, and perhaps it is its run that has the asset
        known = _made_before(origin, claimed)
        if known is not None:
            return known
        if isinstance(error, RunMoved):
            raise GoneError(f"workflow execution {origin.run_id} was made before and has expired") from None
        raise
    return execution_document(prepared.run, {0: prepared.first}, prepared.revision)


def _made_before(origin: Origin, claimed: Claim | None) -> Document | None:
    run_id = idempotency.made(claimed) if claimed else origin.run_id
    stored = store.read_whole(run_id) if run_id else None
    if stored is None:
        if claimed and run_id:
            raise GoneError(f"workflow execution {run_id}, which a request with this key made, has been deleted")
        return None
    run = stored.run
    return whole_document(stored, revisions.get(run.subject, run.workflow, run.revision))


def _prepare(body: dict[str, Any], origin: Origin, claimed: Claim | None) -> _Prepared:
    revision = _revision(body)
    override = plan.normalised(revision, body.get("Configuration") or {})
    plan.check_override(revision, override)
    timeouts = body.get("Timeouts") or {}
    plan.check_timeouts(revision, body.get("TimeoutSeconds"), timeouts)
    if "Webhook" in body:
        webhooks.check(body["Webhook"])
    now, run_id = clock.now(), origin.run_id or clock.new_id()
    given = media.resolve(body["Input"], run_id, now)
    run = _run(body, origin, revision, run_id, given.asset_id, now)
    course = plan.Course(run_id, given.asset_id, 1, run.timeout_seconds, timeouts)
    try:
        stage_input = plan.stage_input(course, revision.stages[0], override, given.globals)
    except plan.TooLargeToCarry as error:
        raise BadRequestError(f"Configuration: {error}") from None
    texts = [compact(document) for document in (stage_input, body.get("Configuration") or {}, timeouts)]
    first = StagePart(0, texts[0], status="Started", override=texts[1], timeouts=texts[2] if timeouts else None)
    writes = [*given.writes, *origin.writes]
    writes += [webhooks.put(run_id, body["Webhook"])] if "Webhook" in body else []
    writes += [store.put_beside(run_id, origin.beside)] if origin.beside is not None else []
    writes += [idempotency.write(claimed, run_id)] if claimed else []
    return _Prepared(revision, run, first, writes)


def _run(body: dict[str, Any], origin: Origin, revision: Revision, run_id: str, asset_id: str, now: str) -> Run:
    return Run(
        id=run_id,
        subject=revision.subject,
        workflow=revision.name,
        revision=revision.id,
        machine_arn=revision.machine_arn,
        asset_id=asset_id,
        status=Status.QUEUED,
        attempt=1,
        current_stage=0,
        stage_name=revision.stages[0].name,
        stages=len(revision.stages),
        created=now,
        queued=now,
        changed=now,
        trigger=origin.trigger,
        priority=body.get("Priority", DEFAULT_PRIORITY),
        pools=caps.pools_of(revision),
        timeout_seconds=body.get("TimeoutSeconds", revision.timeout_seconds),
        batch=origin.batch,
        owner=origin.owner,
        job_type=origin.job_type,
        keep_days=origin.keep_days,
    )


def _revision(body: dict[str, Any]) -> Revision:
    if ("Name" in body) == ("Stage" in body):
        raise BadRequestError("Name: either Name (of a workflow) or Stage (of a stage to run alone) is required")
    if "Stage" in body:
        return revisions.current_stage(body["Stage"])
    return revisions.current(body["Name"])


def _make(prepared: _Prepared) -> None:
    run = prepared.run
    invocation.concerns(run.id)
    index.ensure_month(clock.month(run.created))
    assets.ensure_month(run.created)
    try:
        transaction.commit(moves.submit(run, prepared.first, prepared.writes))
    except (MediawrightError, KeyClaimed):
        # refused for good: nothing refers to the large texts that went to the bucket first
        if prepared.is_large:
            for _ in objects.delete_under(store.object_prefix(run.id)):
                pass
        raise
    admit.look({run.id: prepared.first.input})
