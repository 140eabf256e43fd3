"""`/workflow/execution`: runs over HTTP.

What only some views use they import themselves: the API function would pay for it at every start.
"""

from __future__ import annotations

import re
from typing import Any

from chalicelib.definitions import revisions
from chalicelib.executions import admit, close, examples, listing, store, submit
from chalicelib.executions.document import summary, whole_document
from chalicelib.executions.errors import UnknownExecutionError
from chalicelib.executions.listing import Listed
from chalicelib.executions.run import Document
from chalicelib.executions.statuses import Status
from chalicelib.web import idempotency, paging
from chalicelib.web.errors import BadRequestError
from chalicelib.web.room import Answer, Request, Room

routes = Room(__name__)

_VIEW: dict[str, dict[str, Any]] = {
    "view": {"type": "string", "enum": ["full", "summary"], "description": "Whole documents, or the small shape."}
}
_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ASSET_ID_CHARACTERS = 128
_STATUSES = {status.value: status for status in Status}


@routes.endpoint(
    "POST",
    "/workflow/execution",
    summary="Run a workflow, or one stage alone, on media or on a known asset",
    request="executions/create_execution",
    response="executions/execution",
    errors=(400, 409, 410),
    example=examples.CREATE,
    answer_example=examples.EXECUTION,
    dry_run=True,
    idempotent=True,
)
def create_execution(request: Request) -> Document:
    claimed = idempotency.claim("executions", request.headers, request.body)
    return submit.submit(request.body, claimed=claimed, dry_run=request.dry_run)


@routes.endpoint(
    "GET",
    "/workflow/execution",
    summary="List runs, newest first",
    response="executions/executions",
    errors=(400,),
    query={**paging.QUERY, **_VIEW},
    answer_example=[examples.SUMMARY],
)
def list_executions(request: Request) -> Answer:
    view = request.query.get("view", "full")
    if view not in ("full", "summary"):
        raise BadRequestError("view: only full and summary are allowed")
    most = 50 if view == "full" else 1000
    listed = listing.by_time(paging.limit(request, 50, most), paging.position(request, "executions"))
    if view == "summary":
        return _summaries(request, "executions", listed)
    return paging.page(request, "executions", *listing.documents(listed))


@routes.endpoint(
    "GET",
    "/workflow/execution/status/{status}",
    summary="List the runs of a status",
    response="executions/executions",
    errors=(400,),
    query=paging.QUERY,
    answer_example=[examples.SUMMARY],
)
def list_executions_by_status(request: Request) -> Answer:
    status = _STATUSES.get(request.path["status"])
    if status is None:
        return Answer([])
    purpose = f"status/{status.value}"
    listed = listing.by_status(status, paging.limit(request, 1000, 1000), paging.position(request, purpose))
    return _summaries(request, purpose, listed)


@routes.endpoint(
    "GET",
    "/workflow/execution/asset/{asset_id}",
    summary="List the runs of an asset",
    response="executions/executions",
    errors=(400,),
    query=paging.QUERY,
    answer_example=[examples.SUMMARY],
)
def list_executions_by_asset(request: Request) -> Answer:
    asset_id = request.path["asset_id"]
    if len(asset_id) > _ASSET_ID_CHARACTERS:
        return Answer([])
    purpose = f"asset/{asset_id}"
    listed = listing.by_asset(asset_id, paging.limit(request, 1000, 1000), paging.position(request, purpose))
    return _summaries(request, purpose, listed)


@routes.endpoint(
    "GET",
    "/workflow/execution/{id}",
    summary="Read a run",
    response="executions/execution",
    errors=(404,),
    answer_example=examples.EXECUTION,
)
def get_execution(request: Request) -> Document:
    from chalicelib.executions import standing

    run_id = _run_id(request)
    stored = store.existing(run_id, store.read_whole(run_id))
    run = stored.run
    document = whole_document(stored, revisions.get(run.subject, run.workflow, run.revision))
    waits_for = standing.waits_for(run)
    return document if waits_for is None else {**document, "WaitsFor": waits_for}


@routes.endpoint(
    "PUT",
    "/workflow/execution/{id}",
    summary="Resume a run that waits",
    request="executions/resume_execution",
    response="executions/resumed",
    errors=(400, 404, 409),
    example={"WaitingStageName": "review", "Reason": "approved"},
    answer_example={"Id": examples.RUN_ID, "Status": "Resumed"},
    dry_run=True,
)
def resume_execution(request: Request) -> Document:
    from chalicelib.executions import waiting

    run_id, stage, operation = _run_id(request), request.body["WaitingStageName"], request.body.get("Operation")
    if request.dry_run:
        others = waiting.resumable(run_id, stage, operation).others
        return {"Id": run_id, "Status": (Status.WAITING if others else Status.RESUMED).value}
    status = waiting.resume(run_id, stage, request.caller, reason=request.body.get("Reason"), operation=operation)
    return {"Id": run_id, "Status": status.value}


@routes.endpoint(
    "POST",
    "/workflow/execution/{id}/cancel",
    summary="End a run that hasn't ended; again, it changes nothing",
    request="executions/cancel_execution",
    response="executions/execution_summary",
    errors=(400, 404, 409),
    example={"Reason": "wrong file"},
    body_optional=True,
    dry_run=True,
    answer_example=examples.CANCELED,
)
def cancel_execution(request: Request) -> Document:
    if request.dry_run:
        return summary(close.checked_cancel(_run_id(request)))
    run = close.cancel(_run_id(request), request.body.get("Reason"), request.caller)
    admit.look(freed=run.pools)
    return summary(run)


@routes.endpoint(
    "POST",
    "/workflow/execution/{id}/retry",
    summary="Run again what failed or never ran of a run that ended as Error or Canceled",
    request="executions/retry_execution",
    response="executions/execution_summary",
    errors=(400, 404, 409),
    example={"Configuration": {"look": {"Thumbnail": {"Seconds": 5}}}},
    body_optional=True,
    dry_run=True,
    answer_example=examples.RETRIED,
)
def retry_execution(request: Request) -> Document:
    from chalicelib.executions import retry

    return summary(
        retry.retry(_run_id(request), request.body.get("Configuration"), request.caller, dry_run=request.dry_run)
    )


@routes.endpoint(
    "POST",
    "/workflow/execution/retry",
    summary="Retry many runs of a workflow",
    request="executions/retry_many",
    response="executions/retried_many",
    errors=(400,),
    example={"Workflow": "describe-video", "Status": "Error", "ErrorPrefix": "Stage look", "DryRun": True},
    dry_run=True,
    answer_example={"Retried": [examples.RUN_ID], "Refused": [], "More": False},
)
def retry_executions(request: Request) -> Document:
    from chalicelib.executions import bulk

    return bulk.retry_many(request.body, request.caller, dry_run=request.dry_run or request.body.get("DryRun", False))


@routes.endpoint(
    "POST",
    "/workflow/execution/delete",
    summary="Delete many ended runs of a workflow",
    request="executions/delete_many",
    response="executions/deleted_many",
    errors=(400,),
    example={"Workflow": "describe-video", "Before": "2026-10-01T00:00:00Z", "DryRun": True},
    dry_run=True,
    answer_example={"Deleted": [examples.RUN_ID], "Refused": [], "More": False},
)
def delete_executions(request: Request) -> Document:
    from chalicelib.executions import bulk

    return bulk.delete_many(request.body, dry_run=request.dry_run or request.body.get("DryRun", False))


@routes.endpoint(
    "POST",
    "/workflow/execution/{id}/callback",
    summary="Complete or fail a Callback operation, or tell that it is still at work",
    request="executions/callback",
    response="executions/execution_summary",
    errors=(400, 403, 404, 409),
    example=examples.CALLBACK,
    dry_run=True,
    answer_example={**examples.SUMMARY, "Status": "Started"},
)
def answer_callback(request: Request) -> Document:
    from chalicelib.executions import callback

    given = callback.Answer.of(request.body)
    return summary(callback.answer(_run_id(request), given, request.caller, dry_run=request.dry_run))


@routes.endpoint(
    "POST",
    "/workflow/execution/{id}/progress",
    summary="Tell how far an operation is; what was told before is never lowered",
    request="executions/progress",
    response="executions/progress_kept",
    errors=(400, 404, 409),
    example=examples.PROGRESS,
    answer_example={"Kept": True},
)
def report_progress(request: Request) -> Document:
    from chalicelib.executions import progress

    return {"Kept": progress.keep(_run_id(request), progress.Report.of(request.body))}


@routes.endpoint(
    "DELETE",
    "/workflow/execution/{id}",
    summary="Delete a run that has ended",
    response="executions/execution",
    errors=(404, 409),
    answer_example=examples.EXECUTION,
)
def delete_execution(request: Request) -> Document:
    from chalicelib.executions import removal

    return removal.delete(_run_id(request))


def _run_id(request: Request) -> str:
    """The run's id in the path; what is no id of ours names no run, and isn't asked for."""
    run_id = request.path["id"]
    if not _RUN_ID.fullmatch(run_id):
        raise UnknownExecutionError(run_id)
    return run_id


def _summaries(request: Request, purpose: str, listed: Listed) -> Answer:
    return paging.page(request, purpose, *listing.summaries(listed))
