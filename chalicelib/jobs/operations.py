"""`/v1/image`, `/v1/video`, `/v1/audio`: a route for each kind of job, and those that take many files."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from chalicelib.accounts import email, tokens
from chalicelib.aws.settings import settings
from chalicelib.executions import webhooks
from chalicelib.jobs import examples, kinds, starting, statuses
from chalicelib.jobs.kinds import Kind
from chalicelib.jobs.starting import Made, Rejected, Wanted
from chalicelib.web import forms, idempotency, limits
from chalicelib.web.envelope import MEDIAFLOW, enveloped
from chalicelib.web.errors import BadRequestError
from chalicelib.web.room import JSON, Answer, Request, Room, View

routes = Room(__name__, MEDIAFLOW)

_PROMISES: dict[str, Any] = {
    "errors": (403, 404, 409, 410, 415, 422, 429, 501),
    "signed": False,
    "guard": tokens.bearer,
    "content": (forms.MULTIPART, JSON, forms.URLENCODED),
    "status": 202,
    "idempotent": True,
}
_WEBHOOK_FIELDS = {"Webhook.Url": "webhook_url", "Webhook.Secret": "webhook_secret"}


def _single(kind: Kind) -> View:
    def view(request: Request) -> Answer:
        wanted = _wanted(request, kind)
        limits.count(request.user, kind.path, settings().job_limits[kind.share])
        starting.demand_operation(kind)
        job_id = starting.one(wanted, request.body, request.files)
        return enveloped({"job_id": job_id, "status": statuses.PENDING, **_secret(wanted)}, "Job queued", 202)

    view.__name__ = kind.name
    return view


def _many(kind: Kind, path: str) -> View:
    def view(request: Request) -> Answer:
        wanted = _wanted(request, kind)
        limits.count(request.user, path, settings().job_limits["batch"])
        starting.demand_operation(kind)
        uploads, partial = request.body.get("upload_ids", []), request.body.get("partial", False)
        made = starting.many(wanted, uploads, request.files, partial)
        jobs = [_listed(outcome) for outcome in made]
        queued = sum(isinstance(outcome, Made) for outcome in made)
        return enveloped({"jobs": jobs, "total": queued, **_secret(wanted)}, f"{queued} jobs queued", 202)

    view.__name__ = f"batch_{kind.name}"
    return view


def _listed(outcome: Made | Rejected) -> dict[str, Any]:
    if isinstance(outcome, Rejected):
        return {"job_id": None, "filename": outcome.name, "status": "rejected", "error": outcome.reason}
    return {"job_id": outcome.job_id, "filename": outcome.name, "status": statuses.PENDING}


def _wanted(request: Request, kind: Kind) -> Wanted:
    body = dict(request.body)
    if "notify_email" in body:
        body["notify_email"] = _notified(body["notify_email"])
    return starting.wanted(request.user, kind, body, request.headers, _webhook(body, request.headers))


def _notified(address: str) -> str:
    if not settings().notification_sender:
        raise BadRequestError("notify_email: this stack sends no e-mail", ("notify_email",))
    return email.folded(address, "notify_email")


def _webhook(body: dict[str, Any], headers: Mapping[str, str]) -> dict[str, str] | None:
    """The run's webhook; without a secret of the caller's it gets one, which is answered once: so not to a request
    that may be sent again, whose second answer would tell another one."""
    if "webhook_url" not in body:
        if "webhook_secret" in body:
            raise BadRequestError("webhook_secret: there is no webhook_url", ("webhook_secret",))
        return None
    if "webhook_secret" not in body and idempotency.HEADER in headers:
        raise BadRequestError("webhook_secret: with an Idempotency-Key, give the secret", ("webhook_secret",))
    webhook = {"Url": body["webhook_url"], "Secret": body.get("webhook_secret") or secrets.token_hex(32)}
    try:
        webhooks.check(webhook)
    except BadRequestError as error:
        member, _, reason = str(error).partition(": ")
        name = _WEBHOOK_FIELDS.get(member, "webhook_url")
        raise BadRequestError(f"{name}: {reason}", (name,)) from None
    return webhook


def _secret(wanted: Wanted) -> dict[str, str]:
    return {"webhook_secret": wanted.webhook["Secret"]} if wanted.webhook else {}


def _declare(kind: Kind) -> None:
    routes.endpoint(
        "POST",
        kind.path,
        summary=kind.summary,
        request=f"jobs/{kind.name}",
        response="jobs/queued",
        example=examples.of_kind(kind.name),
        answer_example=examples.QUEUED,
        files=("file",),
        **_PROMISES,
    )(_single(kind))
    if kind.batch:
        routes.endpoint(
            "POST",
            kind.batch,
            summary=re.sub("^Convert a picture", "Convert up to 20 pictures", kind.summary),
            request=f"jobs/batch_{kind.name}",
            response="jobs/batch_queued",
            example=examples.of_batch(kind.name),
            answer_example=examples.BATCH_QUEUED,
            files=("files",),
            **_PROMISES,
        )(_many(kind, kind.batch))


for _kind in kinds.KINDS:
    _declare(_kind)
