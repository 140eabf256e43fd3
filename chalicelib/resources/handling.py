"""Creates, updates and deletes definitions for stacks, so that nothing of anybody else's is ever touched.

CloudFormation may deliver a request twice, deletes whatever a failed creation answered, and takes a changed
physical id for a new resource, whose predecessor it deletes later. A definition made here keeps as `ManagedBy` which
resource of which stack it is of and the request that created it; its `Id` stands in the physical id.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from chalicelib.definitions import live, operations, rules, stages, store, workflows
from chalicelib.definitions.store import Kind
from chalicelib.resources.coercion import coerced, coerced_schema
from chalicelib.resources.request import Document, PhysicalId, Request, body_of, kind_of, known_kind, taken_back
from chalicelib.web.errors import ConflictError, NotFoundError
from chalicelib.web.validation import schema, validate

Answer = dict[str, Any]
_ATTEMPTS = 3


@dataclass(frozen=True)
class Done:
    """What a request came to; `data` is what Fn::GetAtt may ask for."""

    physical_id: str
    data: dict[str, str]


@dataclass(frozen=True)
class _Room:
    """The room's functions for one kind of definition."""

    create: Callable[..., Answer]
    update: Callable[..., Answer]
    read: Callable[[str], Answer]
    delete: Callable[..., Answer]


_ROOMS: dict[Kind, _Room] = {
    "operation": _Room(operations.create, operations.update, operations.read, partial(operations.delete, force=True)),
    "stage": _Room(stages.create, stages.update, stages.read, partial(stages.delete, force=True)),
    "workflow": _Room(
        partial(workflows.create, trigger="custom-resource"),
        workflows.update,
        workflows.read,
        partial(workflows.delete, force=False, live_runs=live.live_runs, cancel=live.cancel),
    ),
}
_DONE = {
    "Create": "Resource creation successful!",
    "Update": "Resource update successful!",
    "Delete": "Resource deletion successful!",
}


def handle(request: Request) -> Done:
    """Do what a request asks; doing it again changes nothing. Raises what the API would answer."""
    if request.type == "Delete":
        _delete(request)
        return Done(request.physical_id, {"Message": _DONE["Delete"]})
    kind, body = kind_of(request.properties), _checked(request)
    answer = _replaced_or_updated(request, kind, body) if request.type == "Update" else _placed(request, kind, body)
    return Done(str(PhysicalId(kind, answer["Name"], answer["Id"])), _data(request, answer))


def take_back(request: Request) -> None:
    """Undo a creation that came too late to be answered."""
    if request.type == "Create":
        _delete(replace(request, type="Delete", physical_id=request.failed_id))


def _data(request: Request, answer: Answer) -> dict[str, str]:
    members = ("Name", "StageName", "StateMachineArn")
    return {"Message": _DONE[request.type], **{name: str(answer[name]) for name in members if name in answer}}


def _checked(request: Request) -> Document:
    """The definition that a request describes, with the API's types and members. Raises BadRequestError."""
    kind, body = kind_of(request.properties), body_of(request.properties)
    if kind == "operation":
        body = _typed_operation(body)
    elif kind == "stage":
        body = _typed_stage(body)
    validate(f"definitions/{kind}", body)
    return body


def _typed_operation(body: Document) -> Document:
    """The Configuration of the types that the operation's own schema names."""
    if "ConfigurationSchema" not in body:
        return _typed_configuration(body, None)
    own = coerced_schema(body["ConfigurationSchema"])
    return _typed_configuration({**body, "ConfigurationSchema": own}, own)


def _typed_configuration(body: Document, own: Any) -> Document:
    if body.get("Type") == "Wait" and isinstance(own, dict | None):
        own = rules.configuration_schema({**body, **({"ConfigurationSchema": own} if own else {})})
    return {**body, "Configuration": coerced(body["Configuration"], own)} if "Configuration" in body else body


def _typed_stage(body: Document) -> Document:
    """The overrides of the types that each operation's own schema names."""
    overrides = body.get("Configuration")
    if not isinstance(overrides, dict):
        return body
    found = store.read_many("operation", overrides)
    typed = {name: _typed_override(override, found.get(name)) for name, override in overrides.items()}
    return {**body, "Configuration": typed}


def _typed_override(override: Any, operation: store.Definition | None) -> Any:
    known = coerced(override, schema("definitions/configuration"))
    return known if operation is None else coerced(known, rules.configuration_schema(operation.document))


def _placed(request: Request, kind: Kind, body: Document) -> Answer:
    """Make the definition, or take up the one that this very resource has made before."""
    room = _ROOMS[kind]
    try:
        return room.create(body, managed_by=request.owner)
    except ConflictError:
        there = _there(kind, body["Name"])
        if there is None or not _is_ours(request, there):
            raise
        if there["ManagedBy"]["RequestId"] == request.request_id:
            return there
        return _updated(request, kind, body, there["Id"])


def _replaced_or_updated(request: Request, kind: Kind, body: Document) -> Answer:
    """The definition with the template's properties. One of another name or kind is a new one."""
    creation = request.creation
    there = (
        _there(kind, body["Name"]) if creation and (creation.kind, creation.name) == (kind, body["Name"]) else None
    )
    if creation is None or there is None or there.get("Id") != creation.id:
        return _placed(request, kind, body)
    return _updated(request, kind, body, creation.id)


def _updated(request: Request, kind: Kind, body: Document, created: str) -> Answer:
    wanted = {**taken_back(request), **body}
    return _persistently(lambda: _ROOMS[kind].update(wanted, created=created))


def _delete(request: Request) -> None:
    creation = request.creation or _left_behind(request)
    if creation is None:
        return
    try:
        _persistently(lambda: _ROOMS[creation.kind].delete(creation.name, created=creation.id))
    except NotFoundError:
        return


def _left_behind(request: Request) -> PhysicalId | None:
    """What a creation has made that never got to answer its physical id."""
    name, kind = request.properties.get("Name"), known_kind(request.properties)
    if kind is None or not isinstance(name, str) or not name:
        return None
    there = _there(kind, name)
    if there is None or not _is_ours(request, there):
        return None
    made_by = request.failed_request
    return PhysicalId(kind, name, there["Id"]) if made_by in (None, there["ManagedBy"]["RequestId"]) else None


def _there(kind: Kind, name: str) -> Answer | None:
    try:
        return _ROOMS[kind].read(name)
    except NotFoundError:
        return None


def _is_ours(request: Request, there: Answer) -> bool:
    owner = there.get("ManagedBy") or {}
    return all(owner.get(name) == request.owner[name] for name in ("StackId", "LogicalResourceId"))


def _persistently(write: Callable[[], Answer]) -> Answer:
    """Again when somebody else changed the definition at the same time."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return write()
        except ConflictError:
            continue
    return write()
