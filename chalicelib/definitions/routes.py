"""The routes of operations, stages and workflows (the old engine's workflow API)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from chalicelib.definitions import examples, live, operations, stages, workflows
from chalicelib.definitions.lists import Listed
from chalicelib.definitions.store import Kind
from chalicelib.web import paging
from chalicelib.web.room import Answer, Request, Room

routes = Room(__name__)

MAX_PAGE = 100
_FORCE = {
    "force": {"type": "string", "enum": ["true", "false"], "description": "Delete although workflows use it."},
}
_FORCE_WORKFLOW = {
    "force": {"type": "string", "enum": ["true", "false"], "description": "Cancel its live runs and delete it."},
}


@routes.endpoint(
    "POST",
    "/workflow/operation",
    summary="Register an operation",
    request="definitions/operation",
    response="definitions/operation_answer",
    errors=(400, 409),
    example=examples.OPERATION,
    answer_example=examples.OPERATION_ANSWER,
    dry_run=True,
)
def create_operation(request: Request) -> Any:
    return operations.create(request.body, dry_run=request.dry_run)


@routes.endpoint(
    "PUT",
    "/workflow/operation",
    summary="Change an operation",
    request="definitions/operation_update",
    response="definitions/operation_answer",
    errors=(400, 409),
    example=examples.OPERATION_UPDATE,
    answer_example=examples.OPERATION_ANSWER,
    dry_run=True,
)
def update_operation(request: Request) -> Any:
    return operations.update(request.body, dry_run=request.dry_run)


@routes.endpoint(
    "GET",
    "/workflow/operation",
    summary="List operations",
    response="definitions/operation_list",
    errors=(400,),
    query=paging.QUERY,
    answer_example=[examples.OPERATION_ANSWER],
)
def list_operations(request: Request) -> Any:
    return _page(request, "operations", operations.page)


@routes.endpoint(
    "GET",
    "/workflow/operation/{name}",
    summary="Read an operation",
    response="definitions/operation_answer",
    errors=(404,),
    answer_example=examples.OPERATION_ANSWER,
)
def get_operation(request: Request) -> Any:
    return operations.read(request.path["name"])


@routes.endpoint(
    "DELETE",
    "/workflow/operation/{name}",
    summary="Delete an operation and its stage",
    response="definitions/operation_answer",
    errors=(400, 404, 409),
    query=_FORCE,
    answer_example=examples.OPERATION_ANSWER,
)
def delete_operation(request: Request) -> Any:
    return operations.delete(request.path["name"], force=_force(request))


@routes.endpoint(
    "POST",
    "/workflow/stage",
    summary="Make a stage",
    request="definitions/stage",
    response="definitions/stage_answer",
    errors=(400, 409, 503),
    example=examples.STAGE,
    answer_example=examples.STAGE_ANSWER,
    dry_run=True,
)
def create_stage(request: Request) -> Any:
    return stages.create(request.body, dry_run=request.dry_run)


@routes.endpoint(
    "PUT",
    "/workflow/stage",
    summary="Change a stage",
    request="definitions/stage_update",
    response="definitions/stage_answer",
    errors=(400, 409, 503),
    example=examples.STAGE,
    answer_example=examples.STAGE_ANSWER,
    dry_run=True,
)
def update_stage(request: Request) -> Any:
    return stages.update(request.body, dry_run=request.dry_run)


@routes.endpoint(
    "GET",
    "/workflow/stage",
    summary="List stages",
    response="definitions/stage_list",
    errors=(400,),
    query=paging.QUERY,
    answer_example=[examples.STAGE_ANSWER],
)
def list_stages(request: Request) -> Any:
    return _page(request, "stages", stages.page)


@routes.endpoint(
    "GET",
    "/workflow/stage/{name}",
    summary="Read a stage",
    response="definitions/stage_answer",
    errors=(404,),
    answer_example=examples.STAGE_ANSWER,
)
def get_stage(request: Request) -> Any:
    return stages.read(request.path["name"])


@routes.endpoint(
    "DELETE",
    "/workflow/stage/{name}",
    summary="Delete a stage",
    response="definitions/stage_answer",
    errors=(400, 404, 409),
    query=_FORCE,
    answer_example=examples.STAGE_ANSWER,
)
def delete_stage(request: Request) -> Any:
    return stages.delete(request.path["name"], force=_force(request))


@routes.endpoint(
    "POST",
    "/workflow",
    summary="Make a workflow",
    request="definitions/workflow",
    response="definitions/workflow_answer",
    errors=(400, 409, 503),
    example=examples.WORKFLOW,
    answer_example=examples.WORKFLOW_ANSWER,
    dry_run=True,
)
def create_workflow(request: Request) -> Any:
    return workflows.create(request.body, dry_run=request.dry_run)


@routes.endpoint(
    "PUT",
    "/workflow",
    summary="Make a new revision of a workflow",
    request="definitions/workflow_update",
    response="definitions/workflow_answer",
    errors=(400, 409, 503),
    example=examples.WORKFLOW,
    answer_example=examples.WORKFLOW_ANSWER,
    dry_run=True,
)
def update_workflow(request: Request) -> Any:
    return workflows.update(request.body, dry_run=request.dry_run)


@routes.endpoint(
    "GET",
    "/workflow",
    summary="List workflows",
    response="definitions/workflow_list",
    errors=(400,),
    query=paging.QUERY,
    answer_example=[examples.WORKFLOW_ANSWER],
)
def list_workflows(request: Request) -> Any:
    return _page(request, "workflows", workflows.page)


@routes.endpoint(
    "GET",
    "/workflow/{name}",
    summary="Read a workflow",
    response="definitions/workflow_answer",
    errors=(404,),
    answer_example=examples.WORKFLOW_ANSWER,
)
def get_workflow(request: Request) -> Any:
    return workflows.read(request.path["name"])


@routes.endpoint(
    "DELETE",
    "/workflow/{name}",
    summary="Delete a workflow",
    response="definitions/workflow_answer",
    errors=(404, 409),
    query=_FORCE_WORKFLOW,
    answer_example=examples.WORKFLOW_ANSWER,
)
def delete_workflow(request: Request) -> Any:
    return workflows.delete(request.path["name"], force=_force(request), live_runs=live.live_runs, cancel=live.cancel)


@routes.endpoint(
    "GET",
    "/workflow/configuration/{name}",
    summary="Read the Configuration of a workflow's operations",
    response="definitions/workflow_configuration",
    errors=(404,),
    answer_example=examples.WORKFLOW_CONFIGURATION,
)
def get_workflow_configuration(request: Request) -> Any:
    return workflows.configuration(request.path["name"])


@routes.endpoint(
    "GET",
    "/workflow/list/operation/{operator_name}",
    summary="List the workflows that use an operation",
    response="definitions/workflow_list",
    errors=(400,),
    query=paging.QUERY,
    answer_example=[examples.WORKFLOW_ANSWER],
)
def list_workflows_by_operation(request: Request) -> Any:
    return _page_using(request, "operation", request.path["operator_name"])


@routes.endpoint(
    "GET",
    "/workflow/list/stage/{stage_name}",
    summary="List the workflows that use a stage",
    response="definitions/workflow_list",
    errors=(400,),
    query=paging.QUERY,
    answer_example=[examples.WORKFLOW_ANSWER],
)
def list_workflows_by_stage(request: Request) -> Any:
    return _page_using(request, "stage", request.path["stage_name"])


def _page_using(request: Request, kind: Kind, name: str) -> Answer:
    return _page(request, f"workflows by {kind} {name}", partial(workflows.page_using, kind, name))


def _page(request: Request, purpose: str, page: Callable[[int | None, str | None], Listed]) -> Answer:
    position = paging.position(request, purpose)
    wanted = "limit" in request.query or position is not None
    limit = paging.limit(request, MAX_PAGE, MAX_PAGE) if wanted else None
    found = page(limit, position["Name"] if position else None)
    following = {"Name": found.next_name} if found.next_name else None
    return paging.page(request, purpose, found.answers, following)


def _force(request: Request) -> bool:
    return request.query.get("force") == "true"
