"""`/workflow/trigger`: triggers over HTTP.

What a view uses it imports itself: the API function would pay for all of it at every start.
"""

from __future__ import annotations

import re
from typing import Any

from chalicelib.triggers import examples
from chalicelib.triggers.errors import UnknownTriggerError
from chalicelib.web import idempotency, paging
from chalicelib.web.room import Answer, Request, Room

routes = Room(__name__)

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PURPOSE = "triggers"
_MAX_PAGE = 100


@routes.endpoint(
    "POST",
    "/workflow/trigger",
    summary="Make a trigger: what starts runs of a workflow by itself",
    request="triggers/trigger",
    response="triggers/trigger_answer",
    errors=(400, 409, 410, 503),
    example=examples.OBJECTS,
    answer_example=examples.ANSWER,
    dry_run=True,
    idempotent=True,
)
def create_trigger(request: Request) -> Any:
    from chalicelib.triggers import changes, trigger

    claimed = idempotency.claim("triggers", request.headers, request.body)
    return trigger.answer(changes.create(request.body, claimed=claimed, dry_run=request.dry_run))


@routes.endpoint(
    "GET",
    "/workflow/trigger",
    summary="List triggers",
    response="triggers/trigger_list",
    errors=(400,),
    query=paging.QUERY,
    answer_example=[examples.ANSWER],
)
def list_triggers(request: Request) -> Answer:
    from chalicelib.triggers import store, trigger

    found, position = store.page(paging.limit(request, _MAX_PAGE, _MAX_PAGE), paging.position(request, _PURPOSE))
    return paging.page(request, _PURPOSE, [trigger.answer(one) for one in found], position)


@routes.endpoint(
    "GET",
    "/workflow/trigger/{id}",
    summary="Read a trigger, and what became of its last deliveries",
    response="triggers/trigger_answer",
    errors=(404,),
    answer_example=examples.ANSWER,
)
def get_trigger(request: Request) -> Any:
    from chalicelib.triggers import changes, trigger

    return trigger.answer(changes.read(_id(request)))


@routes.endpoint(
    "PUT",
    "/workflow/trigger/{id}",
    summary="Replace a trigger's definition; its kind stays",
    request="triggers/trigger",
    response="triggers/trigger_answer",
    errors=(400, 404, 409, 503),
    example={**examples.OBJECTS, "Enabled": False},
    answer_example={**examples.ANSWER, "Enabled": False},
    dry_run=True,
)
def update_trigger(request: Request) -> Any:
    from chalicelib.triggers import changes, trigger

    return trigger.answer(changes.update(_id(request), request.body, dry_run=request.dry_run))


@routes.endpoint(
    "DELETE",
    "/workflow/trigger/{id}",
    summary="Delete a trigger; the runs that it made stay",
    response="triggers/trigger_answer",
    errors=(404, 409, 503),
    answer_example={**examples.ANSWER, "Status": "Deleting"},
)
def delete_trigger(request: Request) -> Any:
    from chalicelib.triggers import changes, trigger

    return trigger.answer(changes.delete(_id(request)))


def _id(request: Request) -> str:
    """The trigger's id in the path; what is no id of ours names no trigger, and isn't asked for."""
    trigger_id = request.path["id"]
    if not _ID.fullmatch(trigger_id):
        raise UnknownTriggerError(trigger_id)
    return trigger_id
