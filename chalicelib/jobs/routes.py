"""`/v1/jobs` and `/v1/uploads`: a user's jobs, and the files that they work on."""

from __future__ import annotations

import re

from chalicelib.accounts import tokens
from chalicelib.aws.settings import settings
from chalicelib.executions import admit, close
from chalicelib.executions.errors import NotQueuedError
from chalicelib.jobs import bucket, examples, health, listing, names, store, uploads
from chalicelib.jobs.errors import StartedJob
from chalicelib.jobs.listing import QUERY, Asked
from chalicelib.jobs.multipart import Part
from chalicelib.jobs.view import Job
from chalicelib.web import limits
from chalicelib.web.envelope import MEDIAFLOW, enveloped
from chalicelib.web.errors import BadRequestError, shown
from chalicelib.web.room import Answer, Request, Room

routes = Room(__name__, MEDIAFLOW)

_JOB_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@routes.endpoint(
    "POST",
    "/v1/uploads",
    summary="Get a form to upload one file by",
    request="jobs/upload",
    response="jobs/upload_granted",
    errors=(413, 422, 429),
    example=examples.UPLOAD,
    answer_example=examples.GRANT,
    signed=False,
    guard=tokens.bearer,
    status=201,
)
def create_upload(request: Request) -> Answer:
    limits.count(request.user, "/v1/uploads", settings().job_limits["image"])
    return enveloped(uploads.grant(request.user, request.body), status=201)


@routes.endpoint(
    "POST",
    "/v1/uploads/{id}/complete",
    summary="Put an upload together that came in parts",
    request="jobs/complete_upload",
    response="jobs/upload_completed",
    errors=(404, 409, 422),
    example=examples.COMPLETE,
    answer_example=examples.COMPLETED,
    signed=False,
    guard=tokens.bearer,
)
def complete_upload(request: Request) -> Answer:
    parts = [Part(int(part["part_number"]), part["etag"]) for part in request.body["parts"]]
    uploads.complete(request.user, request.path["id"], parts)
    return enveloped({"upload_id": request.path["id"]})


@routes.endpoint(
    "GET",
    "/v1/jobs",
    summary="List your jobs, newest first",
    response="jobs/jobs",
    errors=(422,),
    query=QUERY,
    answer_example=examples.LISTED,
    signed=False,
    guard=tokens.bearer,
)
def list_jobs(request: Request) -> Answer:
    asked = Asked.of(request.query)
    page = listing.page(request.user, asked)
    items = [job.document(_url(job)) for job in page.jobs]
    return enveloped({"items": items, "total": page.total, "page": asked.page, "page_size": asked.size})


@routes.endpoint(
    "GET",
    "/v1/jobs/{id}",
    summary="Read a job, with a fresh address of its result",
    response="jobs/job",
    errors=(403, 404, 422),
    answer_example=examples.READ,
    signed=False,
    guard=tokens.bearer,
)
def get_job(request: Request) -> Answer:
    job = store.read(request.user, _job_id(request))
    return enveloped(job.document(_url(job)))


@routes.endpoint(
    "DELETE",
    "/v1/jobs/{id}",
    summary="Cancel a job that is pending",
    response="jobs/nothing",
    errors=(403, 404, 409, 422),
    answer_example={},
    signed=False,
    guard=tokens.bearer,
    status=204,
)
def cancel_job(request: Request) -> Answer:
    job = store.read(request.user, _job_id(request))
    try:
        run = close.cancel(job.run.id, None, f"user {request.user}", only_queued=True)
    except NotQueuedError:
        raise StartedJob("Only a pending job can be cancelled") from None
    admit.look(freed=run.pools)
    return Answer(None, status=204)


@routes.endpoint(
    "GET",
    "/v1/health",
    summary="Tell whether what the jobs stand on answers",
    response="jobs/health",
    answer_example=examples.HEALTH,
    signed=False,
)
def get_health(_request: Request) -> Answer:
    found = health.report()
    return Answer({"success": health.is_healthy(found), "data": found, "message": ""})


def _job_id(request: Request) -> str:
    job_id = request.path["id"]
    if not _JOB_ID.fullmatch(job_id):
        raise BadRequestError(f"id: {shown(job_id)} is not a UUID", ("path", "id"))
    return job_id.lower()


def _url(job: Job) -> str | None:
    """Signed afresh each time, for an hour or what is left of the result's day."""
    if job.result is None or job.is_expired:
        return None
    name = names.result_name(job.filename, job.result.key)
    return bucket.download_url(job.result.bucket, job.result.key, names.disposition(name), job.url_seconds)
