"""`/system/webhook`: who is told of runs' changes, and what could not be told."""

from __future__ import annotations

from typing import Any

from chalicelib.aws import clock
from chalicelib.events import store, webhooks
from chalicelib.events.errors import UnknownWebhookError, WebhookExistsError
from chalicelib.events.webhooks import Webhook
from chalicelib.web import paging
from chalicelib.web.errors import shown
from chalicelib.web.room import Answer, Request, Room

routes = Room(__name__)

MOST_WEBHOOKS = 100
"""The publisher reads all of them for every batch of changes."""
_RUN_ID = "0d5f0b5e-6f2c-4f0e-9a51-6f6f0a6a4b11"
_CREATE = {"Name": "catalogue", "Url": "https://catalogue.example/runs", "Statuses": ["Complete", "Error"]}
_WEBHOOK = {**_CREATE, "Created": "2026-11-21T04:05:06.000007Z"}
_DEAD = {
    "Webhook": "catalogue",
    "EventId": f"{_RUN_ID}-3",
    "WorkflowExecutionId": _RUN_ID,
    "Attempts": 8,
    "Created": "2026-11-21T04:05:06.000007Z",
    "Died": "2026-11-22T03:35:10.000007Z",
    "LastStatus": 503,
    "LastReason": "it answered 503",
}


@routes.endpoint(
    "POST",
    "/system/webhook",
    summary="Have an https address told of runs' changes of status",
    request="events/webhook",
    response="events/webhook_made",
    errors=(400, 409),
    example=_CREATE,
    answer_example={**_WEBHOOK, "Secret": "0f" * 32},
    dry_run=True,
)
def create_webhook(request: Request) -> dict[str, Any]:
    webhooks.check(request.body)
    if len(store.webhooks()) >= MOST_WEBHOOKS:
        raise WebhookExistsError(f"Name: there are {MOST_WEBHOOKS} webhooks already; delete one first")
    made = webhooks.new(request.body, clock.short_id(), clock.now())
    if request.dry_run:
        if store.webhook(made.name):
            raise _taken(made.name)
        return made.answer()
    if not store.put_webhook(made):
        raise _taken(made.name)
    return made.answer() if "Secret" in request.body else {**made.answer(), "Secret": made.secret}


@routes.endpoint(
    "GET",
    "/system/webhook",
    summary="List the webhooks",
    response="events/webhook_list",
    answer_example=[_WEBHOOK],
)
def list_webhooks(_request: Request) -> list[dict[str, Any]]:
    return [webhook.answer() for webhook in store.webhooks()]


@routes.endpoint(
    "GET",
    "/system/webhook/dead",
    summary="List the deliveries that were given up in the last 30 days, the latest first",
    response="events/dead_delivery_list",
    errors=(400,),
    query=paging.QUERY,
    answer_example=[_DEAD],
)
def list_dead_deliveries(request: Request) -> Answer:
    purpose = "webhook/dead"
    found, position = store.dead(paging.limit(request, 100, 1000), paging.position(request, purpose))
    return paging.page(request, purpose, [dead.answer() for dead in found], position)


@routes.endpoint(
    "GET",
    "/system/webhook/{name}",
    summary="Read a webhook",
    response="events/webhook_answer",
    errors=(404,),
    answer_example=_WEBHOOK,
)
def get_webhook(request: Request) -> dict[str, Any]:
    return _existing(request.path["name"]).answer()


@routes.endpoint(
    "DELETE",
    "/system/webhook/{name}",
    summary="Delete a webhook; what is on its way to it is dropped",
    response="events/webhook_answer",
    errors=(404,),
    answer_example=_WEBHOOK,
)
def delete_webhook(request: Request) -> dict[str, Any]:
    webhook = _existing(request.path["name"])
    if not store.delete_webhook(webhook):
        raise _unknown(webhook.name)
    return webhook.answer()


def _existing(name: str) -> Webhook:
    found = store.webhook(name) if 0 < len(name) <= 64 else None
    if found is None:
        raise _unknown(name)
    return found


def _unknown(name: str) -> UnknownWebhookError:
    return UnknownWebhookError(f"webhook {shown(name)} not found")


def _taken(name: str) -> WebhookExistsError:
    return WebhookExistsError(f"Name: there is a webhook named {shown(name)}")
