"""Workflows: stages chained. What a workflow is stands in its current revision; its item only points there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from chalicelib.aws import clock
from chalicelib.aws.transaction import MAX_WRITES, Write, commit
from chalicelib.definitions import caps, dependents, limits, names, revisions, rules, store
from chalicelib.definitions.answers import Answer, unchanged_workflow_answer, workflow_answer
from chalicelib.definitions.assembly import API_VERSION, RESOURCE_TYPES, stage_of, stamps_of
from chalicelib.definitions.lists import Listed, listed
from chalicelib.definitions.live import Cancel, LiveRuns
from chalicelib.definitions.operations import Owner, changed, check_creation, epoch_text, owned, removal
from chalicelib.definitions.revision import RevisionStage
from chalicelib.definitions.revisions import Draft
from chalicelib.definitions.store import Definition, Kind, StoredRevision
from chalicelib.web.errors import BadRequestError, ConflictError, NotFoundError, shown

_SERVERS_OWN = frozenset(
    {
        "ApiVersion",
        "Created",
        "Id",
        "ManagedBy",
        "Operations",
        "ResourceType",
        "Revisions",
        "Stages",
        "StaleOperations",
        "StaleStages",
        "StateMachineArn",
        "Trigger",
        "Version",
    }
)
_WRITES_BESIDE_EDGES = 4 + caps.MAX_WRITES

Document = dict[str, Any]


def create(body: Document, *, dry_run: bool = False, trigger: str = "api", managed_by: Owner | None = None) -> Answer:
    """Make a workflow and its state machine.

    Raises BadRequestError for what could not run, ConflictError when the name is taken.
    """
    names.check_workflow(body["Name"])
    members = {
        **_given(body),
        **owned(managed_by),
        "Trigger": trigger,
        "Version": "v0",
        "Id": clock.new_id(),
        "Created": epoch_text(),
        "Revisions": "1",
    }
    made = _draft(members, body["StartAt"], body["Stages"], None)
    if store.read("workflow", body["Name"]) is not None:
        raise ConflictError(f"A workflow with the name {shown(body['Name'])} already exists")
    return _save(made, None, dry_run)


def update(body: Document, *, dry_run: bool = False, created: str | None = None) -> Answer:
    """Make a new revision out of the members given, null takes one back, and stages and operations as they are now.

    With `created` only of the creation of that Id. Raises BadRequestError also when there is no such workflow,
    ConflictError when someone else was quicker.
    """
    before = store.read("workflow", body["Name"])
    stored = revisions.known(before) if before else None
    if before is None or stored is None:
        raise BadRequestError(f"Name: no workflow named {shown(body['Name'])}")
    check_creation(before, stored.revision.document, created)
    if revisions.is_being_deleted(before):
        raise ConflictError(f"workflow {shown(before.name)} is being deleted")
    count = int(stored.revision.document["Revisions"]) + 1
    kept = changed(stored.revision.document, _given(body))
    members = {**kept, "Version": f"v{count}", "Revisions": str(count)}
    given = stored.given
    start_at, entries = body.get("StartAt", given["StartAt"]), body.get("Stages", given["Stages"])
    return _save(_draft(members, start_at, entries, stored), before, dry_run)


def read(name: str) -> Answer:
    """A workflow; raises NotFoundError."""
    return _answers([_existing(name)])[0]


def configuration(name: str) -> dict[str, Any]:
    """The Configuration of every operation by stage; raises NotFoundError."""
    stored = _revision_of(_existing(name))
    return {
        stage.name: {operation.name: operation.configuration for operation in stage.operations}
        for stage in stored.revision.stages
    }


def page(limit: int | None, after: str | None) -> Listed:
    """Workflows by name."""
    return listed(partial(store.page, "workflow"), _answers, limit, after)


def page_using(kind: Kind, name: str, limit: int | None, after: str | None) -> Listed:
    """The workflows that use an operation or a stage, by name."""
    return listed(partial(dependents.page, kind, name), _answers, limit, after)


def delete(name: str, *, force: bool, live_runs: LiveRuns, cancel: Cancel, created: str | None = None) -> Answer:
    """Delete a workflow and answer what it was; with `force` its live runs are cancelled. With `created` only the
    creation of that Id.

    The mark of deletion comes first, so that no run begins between the question for live runs and the deletion.
    Raises NotFoundError, and ConflictError while runs are live and `force` is not given.
    """
    workflow = _existing(name)
    check_creation(workflow, _revision_of(workflow).revision.document, created)
    answer = _answers([workflow])[0]
    marked = _mark(workflow)
    live = [] if force else live_runs(name)
    if live:
        commit([store.mark_deleting(marked, None)])
        raise ConflictError(
            f"workflow {shown(name)} has {len(live)} live runs, such as {live[0]}: cancel them or pass force=true"
        )
    stored = _revision_of(workflow)
    commit([*removal(marked), *_edges(name, stored, None), *_cap(name, stored, None)])
    for run in live_runs(name) if force else []:
        cancel(run)
    return answer


def _mark(workflow: Definition) -> Definition:
    since = clock.now()
    unmarked = replace(workflow, deleting_since=None)
    commit([store.mark_deleting(unmarked, since)])
    return replace(workflow, deleting_since=since)


def _draft(members: Document, start_at: str, entries: dict[str, Document], previous: StoredRevision | None) -> Draft:
    order = rules.running_order(start_at, entries)
    if len(order) > limits.MAX_WORKFLOW_STAGES:
        raise BadRequestError(f"Stages: {len(order)} stages; a workflow may have {limits.MAX_WORKFLOW_STAGES}")
    found = store.read_many("stage", order)
    missing = rules.missing(order, found)
    if missing is not None:
        raise BadRequestError(f"Stages.{shown(missing)[1:-1]}: no stage named {shown(missing)}")
    operations = store.read_many(
        "operation", [name for stage in order for name in found[stage].document["Operations"]]
    )
    stages = [_chained(stage_of(found[name], operations, f"Stages.{name}"), entries[name]) for name in order]
    document = {
        **members,
        "StartAt": start_at,
        "Operations": [name for entry in entries for name in found[entry].document["Operations"]],
        "StaleOperations": [],
        "StaleStages": [],
        "ResourceType": RESOURCE_TYPES["workflow"],
        "ApiVersion": API_VERSION,
    }
    limits.check_document({**document, "Stages": entries})
    given = {"StartAt": start_at, "Stages": entries}
    return revisions.draft(
        "workflow", members["Name"], stages, document, stamps_of(operations, found), previous, given
    )


def _chained(stage: RevisionStage, entry: Document) -> RevisionStage:
    following = {"End": True} if entry.get("End") is True else {"Next": entry["Next"]}
    unsure = {"End", "Next", "Configuration", "Definition", "StateMachineArn", "StaleOperations"}
    others = {name: value for name, value in entry.items() if name not in unsure}
    return replace(stage, document={**others, **stage.document, **following})


def _save(made: Draft, before: Definition | None, dry_run: bool) -> Answer:
    revision = made.revision
    workflow = Definition("workflow", revision.name, {}, revision=revision.id, machine_arn=revision.machine_arn)
    if not dry_run:
        write = store.replace(workflow, before) if before else store.create(workflow)
        stored = _revision_of(before) if before else None
        edges, cap = _edges(revision.name, stored, made.stored), _cap(revision.name, stored, made.stored)
        if len(edges) + _WRITES_BESIDE_EDGES > MAX_WRITES:
            # new edges alone do no harm: what they note is checked when it is read
            puts = [edge for edge in edges if edge.kind == "Put"]
            commit(puts)
            edges = [edge for edge in edges if edge.kind != "Put"]
        revisions.publish(made, [write, *edges, *cap])
    return unchanged_workflow_answer(made.stored)


def _edges(name: str, before: StoredRevision | None, after: StoredRevision | None) -> list[Write]:
    old, new = set(before.stamps if before else ()), set(after.stamps if after else ())
    return [
        *(store.use(_used(entry), ("workflow", name)) for entry in sorted(new - old)),
        *(store.disuse(_used(entry), ("workflow", name)) for entry in sorted(old - new)),
    ]


def _cap(name: str, before: StoredRevision | None, after: StoredRevision | None) -> list[Write]:
    old, new = (one.revision.max_concurrent if one else None for one in (before, after))
    return caps.writes(caps.pool("workflow", name), old, new)


def _used(entry: str) -> tuple[Kind, str]:
    kind, name = entry.split("#", 1)
    return ("operation" if kind == "operation" else "stage", name)


def _existing(name: str) -> Definition:
    workflow = store.read("workflow", name)
    if workflow is None:
        raise NotFoundError(f"workflow {shown(name)} not found")
    return workflow


def _revision_of(workflow: Definition) -> StoredRevision:
    stored = revisions.known(workflow)
    if stored is None:
        raise NotFoundError(f"workflow {shown(workflow.name)} has no revision")
    return stored


def _answers(found: Sequence[Definition]) -> list[Answer]:
    known = revisions.known_many(found)
    stored = [known[workflow.name] for workflow in found if workflow.name in known]
    used = sorted({entry for one in stored for entry in one.stamps})
    operations = store.read_many("operation", [name for kind, name in map(_used, used) if kind == "operation"])
    stages = store.read_many("stage", [name for kind, name in map(_used, used) if kind == "stage"])
    return [workflow_answer(one, operations, stages) for one in stored]


def _given(body: Document) -> Document:
    return {name: value for name, value in body.items() if name not in _SERVERS_OWN}
