"""Operations: registered functions with their default Configuration, each with a stage of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from chalicelib.aws import clock
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Write
from chalicelib.definitions import builtin, caps, dependents, function_uses, limits, rules, store
from chalicelib.definitions.answers import Answer, operation_answer
from chalicelib.definitions.assembly import operation_of
from chalicelib.definitions.lists import Listed, listed
from chalicelib.definitions.names import own_stage
from chalicelib.definitions.revision import RevisionStage, Subject
from chalicelib.definitions.store import Definition
from chalicelib.web.errors import BadRequestError, ConflictError, NotFoundError, shown

_SERVERS_OWN = frozenset(
    {
        "ApiVersion",
        "Created",
        "Id",
        "ManagedBy",
        "ResourceType",
        "SfnExecutionRole",
        "StageName",
        "StateMachineAsl",
        "StateMachineExecutionRoleArn",
        "Version",
    }
)
"""Members that the engine sets, whatever is sent."""

Document = dict[str, Any]
Owner = Mapping[str, str]
"""Which resource of which stack a definition belongs to, and the request that made it."""


def create(body: Document, *, dry_run: bool = False, managed_by: Owner | None = None) -> Answer:
    """Register an operation and make its stage.

    Raises BadRequestError for what could not run, ConflictError when the name is taken.
    """
    builtin.check_free("operation", body["Name"])
    rules.check_operation(body, settings().workflow_role_arn)
    seen = function_uses.look(body)
    made = {"Version": "v0", "Id": clock.new_id(), "Created": epoch_text()}
    operation = Definition("operation", body["Name"], _given(body) | made | owned(managed_by))
    stage = _stage_of(operation)
    _check_free(operation, stage)
    _check_alone(operation)
    if not dry_run:
        _commit(operation.name, None, operation, seen, [store.create(operation), store.create(stage)])
    return operation_answer(operation)


def update(body: Document, *, dry_run: bool = False, created: str | None = None) -> Answer:
    """Change the members given of an operation, null takes one back; the workflows that use it become stale.

    With `created` only the creation of that Id. Raises BadRequestError also when there is no such operation,
    ConflictError when someone else was quicker.
    """
    builtin.check_free("operation", body["Name"])
    before = store.read("operation", body["Name"])
    if before is None:
        raise BadRequestError(f"Name: no operation named {shown(body['Name'])}")
    check_creation(before, before.document, created)
    document = changed(before.document, _given(body))
    document["Version"] = next_version(before.document["Version"])
    checked = document | {name: body[name] for name in body if name == "SfnExecutionRole"}
    rules.check_operation(checked, settings().workflow_role_arn)
    seen = function_uses.look(document)
    operation = Definition("operation", before.name, document)
    _check_alone(operation)
    if not dry_run:
        _commit(operation.name, before, operation, seen, [store.replace(operation, before)])
    return operation_answer(operation)


def _check_alone(operation: Definition) -> None:
    """Raise BadRequestError for an operation that could not even run alone, in its own stage."""
    stage = RevisionStage(own_stage(operation.name), (operation_of(operation, {}),), {})
    limits.check_machine([stage], "")


def read(name: str) -> Answer:
    """An operation; raises NotFoundError."""
    return operation_answer(_existing(name))


def page(limit: int | None, after: str | None) -> Listed:
    """Operations by name."""
    return listed(partial(store.page, "operation"), _answers, limit, after)


def delete(name: str, *, force: bool = False, created: str | None = None) -> Answer:
    """Delete an operation and its stage, and answer what it was. Its functions lose the tag that nothing else needs.

    With `created` only the creation of that Id is deleted.

    Raises NotFoundError, and BadRequestError while a workflow uses it and `force` is not given.
    """
    builtin.check_free("operation", name)
    operation = _existing(name)
    check_creation(operation, operation.document, created)
    stage = store.read("stage", own_stage(name))
    if not force:
        dependents.check_unused("operation", name)
    answer = operation_answer(operation)
    gone = [store.remove(operation), *(removal(stage) if stage else [])]
    _commit(name, operation, None, function_uses.NOTHING_SEEN, gone)
    return answer


def removal(definition: Definition) -> list[Write]:
    """The writes that delete a definition and retire its machine."""
    writes = [store.remove(definition)]
    if definition.machine_arn is not None:
        subject: Subject = "workflow" if definition.kind == "workflow" else "stage"
        writes.append(store.retire(definition.machine_arn, subject, definition.name))
    return writes


def changed(before: Document, given: Document) -> Document:
    """A definition with the members that a PUT gives; those given as null are left out."""
    return {name: value for name, value in {**before, **given}.items() if value is not None or name not in given}


def owned(managed_by: Owner | None) -> Document:
    """The member that says whose a definition is."""
    return {} if managed_by is None else {"ManagedBy": dict(managed_by)}


def check_creation(found: Definition, document: Document, created: str | None) -> None:
    """Raise NotFoundError when a definition isn't the creation that is meant, but a later one of the same name."""
    if created is not None and document.get("Id") != created:
        raise NotFoundError(f"{found.kind} {shown(found.name)} has been deleted and made anew since")


def epoch_text() -> str:
    """Now, as the old API spells times: seconds since 1970 as text."""
    return f"{clock.epoch(clock.now()):.6f}"


def next_version(version: str) -> str:
    """The version after one such as `v0`."""
    return f"v{int(version[1:]) + 1}"


def _existing(name: str) -> Definition:
    operation = store.read("operation", name)
    if operation is None:
        raise NotFoundError(f"operation {shown(name)} not found")
    return operation


def _answers(found: Sequence[Definition]) -> list[Answer]:
    return [operation_answer(operation) for operation in found]


def _given(body: Document) -> Document:
    return {name: value for name, value in body.items() if name not in _SERVERS_OWN}


def _stage_of(operation: Definition) -> Definition:
    made = {"Version": "v0", "Id": clock.new_id(), "Created": operation.document["Created"]}
    name = own_stage(operation.name)
    return Definition("stage", name, {"Name": name, "Operations": [operation.name]} | made)


def _check_free(operation: Definition, stage: Definition) -> None:
    """So that a name that is taken costs no write; the conditions of the writes decide."""
    for definition in (operation, stage):
        if store.read(definition.kind, definition.name) is not None:
            raise ConflictError(f"The {definition.kind} {shown(definition.name)} already exists")


def _cap(name: str, before: Definition | None, after: Definition | None) -> list[Write]:
    old, new = (rules.whole(one.document, "MaxConcurrent") if one else None for one in (before, after))
    return caps.writes(caps.pool("operation", name), old, new)


def _commit(
    name: str,
    before: Definition | None,
    after: Definition | None,
    seen: function_uses.Seen,
    writes: Sequence[Write],
) -> None:
    """Carry out the writes that make, change or delete an operation, with its cap and its functions' tags."""
    left, joined = (one.document if one else {} for one in (before, after))
    try:
        function_uses.change(name, left, joined, seen, [*writes, *_cap(name, before, after)])
    except ConflictError:
        for write in writes:
            store.drop_text(write)
        raise
