"""Stages: operations that run in parallel. One that a user made has a state machine from the start."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from chalicelib.aws import clock
from chalicelib.aws.transaction import Write, commit
from chalicelib.definitions import dependents, names, revisions, rules, store
from chalicelib.definitions.answers import Answer, stage_answer
from chalicelib.definitions.lists import Listed, listed
from chalicelib.definitions.operations import (
    Owner,
    changed,
    check_creation,
    epoch_text,
    next_version,
    owned,
    removal,
)
from chalicelib.definitions.revisions import Draft
from chalicelib.definitions.store import Definition
from chalicelib.web.errors import BadRequestError, ConflictError, NotFoundError, shown

_SERVERS_OWN = frozenset(
    {
        "ApiVersion",
        "Created",
        "Definition",
        "Id",
        "ManagedBy",
        "ResourceType",
        "StaleOperations",
        "StateMachineArn",
        "Version",
    }
)

Document = dict[str, Any]


def create(body: Document, *, dry_run: bool = False, managed_by: Owner | None = None) -> Answer:
    """Make a stage and its state machine.

    Raises BadRequestError for what could not run, ConflictError when the name is taken.
    """
    names.check_stage(body["Name"])
    made = {"Version": "v0", "Id": clock.new_id(), "Created": epoch_text()}
    stage = Definition("stage", body["Name"], _given(body) | made | owned(managed_by))
    if store.read("stage", stage.name) is not None:
        raise ConflictError(f"A stage with the name {shown(stage.name)} already exists")
    return _save(stage, None, dry_run)


def update(body: Document, *, dry_run: bool = False, created: str | None = None) -> Answer:
    """Change the members given of a stage, null takes one back; the workflows that use it become stale.

    With `created` only the creation of that Id. Raises BadRequestError also when there is no such stage,
    ConflictError when someone else was quicker.
    """
    names.check_stage(body["Name"])
    before = store.read("stage", body["Name"])
    if before is None:
        raise BadRequestError(f"Name: no stage named {shown(body['Name'])}")
    check_creation(before, before.document, created)
    version = {"Version": next_version(before.document["Version"])}
    stage = Definition("stage", before.name, changed(before.document, _given(body)) | version)
    return _save(stage, before, dry_run)


def read(name: str) -> Answer:
    """A stage; raises NotFoundError."""
    return _answers([_existing(name)])[0]


def page(limit: int | None, after: str | None) -> Listed:
    """Stages by name, those of operations included."""
    return listed(partial(store.page, "stage"), _answers, limit, after)


def delete(name: str, *, force: bool = False, created: str | None = None) -> Answer:
    """Delete a stage and answer what it was. With `created` only the creation of that Id.

    Raises NotFoundError, and BadRequestError while a workflow uses it and `force` is not given.
    """
    stage = _existing(name)
    check_creation(stage, stage.document, created)
    if name.startswith("_"):
        raise BadRequestError(f"stage {shown(name)} belongs to its operation; delete the operation")
    if not force:
        dependents.check_unused("stage", name)
    answer = _answers([stage])[0]
    commit([*removal(stage), *_edges(name, stage, None)])
    return answer


def _save(stage: Definition, before: Definition | None, dry_run: bool) -> Answer:
    rules.check_stage(stage.document)
    operations = store.read_many("operation", stage.document["Operations"])
    made = revisions.draft_stage(stage, operations, revisions.known(before) if before else None, "Operations")
    stage = _referring(stage, made)
    if not dry_run:
        write = store.replace(stage, before) if before else store.create(stage)
        try:
            revisions.publish(made, [write, *_edges(stage.name, before, stage)])
        except ConflictError:
            store.drop_text(write)
            raise
    return stage_answer(stage, operations)


def _referring(stage: Definition, made: Draft) -> Definition:
    revision = made.revision
    return Definition(stage.kind, stage.name, stage.document, stage.stamp, revision.id, revision.machine_arn)


def _edges(name: str, before: Definition | None, after: Definition | None) -> list[Write]:
    old = set(before.document["Operations"]) if before else set()
    new = set(after.document["Operations"]) if after else set()
    return [
        *(store.use(("operation", operation), ("stage", name)) for operation in sorted(new - old)),
        *(store.disuse(("operation", operation), ("stage", name)) for operation in sorted(old - new)),
    ]


def _existing(name: str) -> Definition:
    stage = store.read("stage", name)
    if stage is None:
        raise NotFoundError(f"stage {shown(name)} not found")
    return stage


def _answers(found: Sequence[Definition]) -> list[Answer]:
    wanted = [name for stage in found for name in stage.document["Operations"]]
    operations = store.read_many("operation", wanted)
    return [
        stage_answer(stage, {name: operations[name] for name in stage.document["Operations"] if name in operations})
        for stage in found
    ]


def _given(body: Document) -> Document:
    return {name: value for name, value in body.items() if name not in _SERVERS_OWN}
