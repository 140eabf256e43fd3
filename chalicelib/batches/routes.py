"""`/workflow/execution/batch`: many runs at once over HTTP.

What a view uses it imports itself: the API function would pay for all of it at every start.
"""

from __future__ import annotations

import re
from typing import Any

from chalicelib.batches import examples
from chalicelib.batches.errors import UnknownBatchError
from chalicelib.executions.examples import SUMMARY as RUN
from chalicelib.web import idempotency, paging
from chalicelib.web.errors import shown
from chalicelib.web.room import Answer, Request, Room

routes = Room(__name__)

Document = dict[str, Any]

_PATH = "/workflow/execution/batch"
_BATCH_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


@routes.endpoint(
    "POST",
    _PATH,
    summary="Run a workflow on many inputs: inline, by a manifest, or on all objects under a prefix",
    request="batches/create_batch",
    response="batches/batch",
    errors=(400, 409),
    example=examples.CREATE,
    answer_example=examples.BATCH,
    dry_run=True,
    idempotent=True,
)
def create_batch(request: Request) -> Document:
    from chalicelib.batches import create
    from chalicelib.batches.document import batch_document

    claimed = None if request.dry_run else idempotency.claim(f"POST {_PATH}", request.headers, request.body)
    return batch_document(create.create(request.body, request.caller, claimed, dry_run=request.dry_run))


@routes.endpoint(
    "GET",
    _PATH,
    summary="List batches, newest first",
    response="batches/batches",
    errors=(400,),
    query=paging.QUERY,
    answer_example=[examples.SUMMARY],
)
def list_batches(request: Request) -> Answer:
    from chalicelib.batches import store
    from chalicelib.batches.document import batch_summary

    start = paging.position(request, "batches")
    found, following = store.page(paging.limit(request, 50, 1000), start)
    return paging.page(request, "batches", [batch_summary(batch) for batch in found], following)


@routes.endpoint(
    "GET",
    f"{_PATH}/{{id}}",
    summary="Read a batch",
    response="batches/batch",
    errors=(404,),
    answer_example=examples.BATCH,
)
def get_batch(request: Request) -> Document:
    from chalicelib.batches import store
    from chalicelib.batches.document import batch_document

    return batch_document(store.get(_batch_id(request)))


@routes.endpoint(
    "GET",
    f"{_PATH}/{{id}}/runs",
    summary="List the runs of a batch",
    response="executions/executions",
    errors=(400, 404),
    query=paging.QUERY,
    answer_example=[{**RUN, "Line": 1}],
)
def list_runs(request: Request) -> Answer:
    from chalicelib.batches import store
    from chalicelib.batches.document import run_summary
    from chalicelib.executions import retention
    from chalicelib.executions import store as runs

    batch_id = _batch_id(request)
    purpose = f"batch/{batch_id}"
    limit, start = paging.limit(request, 100, 1000), paging.position(request, purpose)
    store.get(batch_id)
    members, following = store.members(batch_id, limit, start)
    places: dict[str, dict[str, Any]] = {member.run_id: member.place for member in members}
    found = runs.read_runs(list(places), consistent=True)
    body = [run_summary(run, places[run.id]) for run in found if not retention.is_expired(run)]
    return paging.page(request, purpose, body, following)


@routes.endpoint(
    "POST",
    f"{_PATH}/{{id}}/cancel",
    summary="End a batch: nothing more is submitted, its open runs are canceled; again, it changes nothing",
    request="batches/cancel_batch",
    response="batches/batch",
    errors=(400, 404, 409),
    example={"Reason": "wrong workflow"},
    body_optional=True,
    dry_run=True,
    answer_example=examples.CANCELED,
)
def cancel_batch(request: Request) -> Document:
    from chalicelib.batches import ending
    from chalicelib.batches.document import batch_document

    batch_id = _batch_id(request)
    if request.dry_run:
        return batch_document(ending.checked_cancel(batch_id))
    return batch_document(ending.cancel(batch_id, request.body.get("Reason"), request.caller))


@routes.endpoint(
    "POST",
    f"{_PATH}/{{id}}/retry",
    summary="Run again what of a batch has failed or was canceled, and go on submitting it if it broke off",
    request="batches/retry_batch",
    response="batches/batch",
    errors=(400, 404, 409),
    example={"Configuration": {"look": {"Thumbnail": {"Enabled": False}}}},
    body_optional=True,
    dry_run=True,
    answer_example={**examples.BATCH, "Retries": 1},
)
def retry_batch(request: Request) -> Document:
    from chalicelib.batches import retrying
    from chalicelib.batches.document import batch_document

    batch_id, configuration = _batch_id(request), request.body.get("Configuration")
    if request.dry_run:
        return batch_document(retrying.checked_retry(batch_id, configuration))
    return batch_document(retrying.retry_batch(batch_id, configuration))


def _batch_id(request: Request) -> str:
    """The batch's id in the path; what is no id of ours names no batch, and isn't asked for."""
    batch_id = request.path["id"]
    if not _BATCH_ID.fullmatch(batch_id):
        raise UnknownBatchError(f"batch {shown(batch_id)} not found")
    return batch_id
