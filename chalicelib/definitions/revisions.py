"""Revisions: what runs refer to. Each has a state machine; one whose machine would be equal shares its predecessor's.

For those who run things: `current` and `current_stage` answer what a new run is to use, `get` what an earlier one
used. For the sweep: `retired` lists machines that no definition refers to any more, `discard` deletes one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from chalicelib.aws import clock, stepfunctions
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Write, commit
from chalicelib.definitions import limits, machines, memory, rules, store
from chalicelib.definitions.assembly import stage_of, stamps_of
from chalicelib.definitions.compile import compile_machine
from chalicelib.definitions.revision import Revision, RevisionStage, Subject
from chalicelib.definitions.store import Definition, Retired, StoredRevision
from chalicelib.web import documents
from chalicelib.web.errors import BadRequestError, ConflictError, NotFoundError, UnavailableError, shown

DELETING_SECONDS = 60
"""How long a mark of deletion is believed: longer than a request may take."""

RETIREMENT = timedelta(minutes=15)
"""How long a machine outlives its retirement, so that a run that was being submitted meanwhile is seen."""

_ATTEMPTS = 3


@dataclass(frozen=True)
class Draft:
    """A revision that is checked and compiled, but neither written nor made."""

    stored: StoredRevision
    definition: str
    previous: Revision | None

    @property
    def revision(self) -> Revision:
        """The revision itself."""
        return self.stored.revision

    @property
    def needs_machine(self) -> bool:
        """Whether its machine is still to be made."""
        return self.previous is None or self.previous.machine_arn != self.revision.machine_arn


def current(name: str) -> Revision:
    """The revision that a new run of a workflow is to use: one read, two when it isn't known to this process.

    Raises BadRequestError when there is no such workflow or it is being deleted.
    """
    workflow = store.read("workflow", name)
    if workflow is None or workflow.revision is None:
        raise BadRequestError(f"Name: no workflow named {shown(name)}")
    if is_being_deleted(workflow):
        raise BadRequestError(f"Name: workflow {shown(name)} is being deleted")
    return get("workflow", name, workflow.revision)


def current_stage(name: str) -> Revision:
    """The revision that a run of one stage alone is to use, made now if an operation has changed since the last.

    Raises BadRequestError when there is no such stage or one of its operations is gone.
    """
    for _ in range(_ATTEMPTS):
        stage = store.read("stage", name)
        if stage is None:
            raise BadRequestError(f"Stage: no stage named {shown(name)}")
        operations = store.read_many("operation", stage.document["Operations"])
        previous = known(stage)
        if previous is not None and previous.stamps == stamps_of(operations):
            return previous.revision
        made = draft_stage(stage, operations, previous, "stage")
        try:
            publish(made, [store.point_to(stage, made.revision)])
        except ConflictError:
            continue
        return made.revision
    raise ConflictError(f"stage {shown(name)} is being changed; try again")


def get(subject: Subject, name: str, revision_id: str) -> Revision:
    """A revision by its id; raises NotFoundError. Revisions never change, so they are kept in memory."""
    return _stored((subject, name, revision_id)).revision


def known(definition: Definition) -> StoredRevision | None:
    """The revision that a definition refers to."""
    key = _key(definition)
    return None if key is None else _stored(key)


def known_many(definitions: Sequence[Definition]) -> dict[str, StoredRevision]:
    """The revisions that definitions of one kind refer to, by name, in as few reads as possible."""
    keys = {definition.name: key for definition in definitions if (key := _key(definition)) is not None}
    found = {name: stored for name, key in keys.items() if (stored := memory.recall(key)) is not None}
    for stored in store.read_revisions([key for name, key in keys.items() if name not in found]):
        memory.keep(stored)
        found[stored.revision.name] = stored
    return found


def is_being_deleted(workflow: Definition) -> bool:
    """Whether a request is deleting the workflow right now; the mark of one that crashed is not believed for long."""
    since = workflow.deleting_since
    return since is not None and clock.epoch(clock.now()) - clock.epoch(since) < DELETING_SECONDS


def retired(minimum_age: timedelta = RETIREMENT) -> list[Retired]:
    """Machines to be deleted once no live run refers to them."""
    latest = clock.iso(clock.epoch(clock.now()) - minimum_age.total_seconds())
    return [machine for machine in store.retired() if machine.since <= latest]


def discard(machine_arn: str) -> None:
    """Delete a retired machine; its running executions would end, so ask for live runs first."""
    stepfunctions.delete_machine(machine_arn)
    commit([store.unretire(machine_arn)])


def draft(
    subject: Subject,
    name: str,
    stages: Sequence[RevisionStage],
    document: dict[str, Any],
    stamps: dict[str, str],
    previous: StoredRevision | None = None,
    given: dict[str, Any] | None = None,
) -> Draft:
    """A new revision, checked and compiled. Raises BadRequestError when AWS couldn't hold it."""
    text = definition_text(stages, rules.whole(document, "TimeoutSeconds") if subject == "workflow" else None)
    limits.check_machine(stages, text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    revision_id = clock.short_id()
    shares = previous is not None and previous.digest == digest
    arn = previous.revision.machine_arn if previous and shares else machines.machine_arn(name, revision_id)
    revision = Revision(revision_id, subject, name, arn, clock.now(), tuple(stages), document)
    if subject == "workflow":
        revision = replace(
            revision,
            document={**document, "StateMachineArn": arn},
            max_concurrent=rules.whole(document, "MaxConcurrent"),
            timeout_seconds=rules.whole(document, "TimeoutSeconds"),
        )
    stored = StoredRevision(revision, digest, stamps, given or {})
    return Draft(stored, text, previous.revision if previous else None)


def draft_stage(
    stage: Definition, operations: Mapping[str, Definition], previous: StoredRevision | None, field: str
) -> Draft:
    """A new revision of a stage by itself. Raises BadRequestError, beginning with the field given."""
    frozen = stage_of(stage, operations, field)
    return draft("stage", stage.name, [frozen], frozen.document, stamps_of(operations), previous)


def publish(made: Draft, writes: Sequence[Write]) -> None:
    """Make a draft's machine, then write its revision together with the writes that make it visible.

    When they are refused, nothing is left of the draft.
    """
    revision = made.revision
    if made.needs_machine:
        commit([store.retire(revision.machine_arn, revision.subject, revision.name)])
        _make_machine(made)
    written = store.add_revision(made.stored)
    try:
        commit([*writes, written, *_machine_writes(made)])
    except ConflictError:
        store.drop_text(written)
        if made.needs_machine:
            discard(revision.machine_arn)
        raise


def definition_text(stages: Sequence[RevisionStage], timeout_seconds: int | None = None) -> str:
    """The state machine of stages as JSON text, for runs that may take so many seconds."""
    ours = settings()
    machine = compile_machine(stages, ours.stage_completion_arn, ours.task_tokens_arn, timeout_seconds)
    return documents.compact(machine)


def forget() -> None:
    """Drop the revisions kept in memory, for tests that change the world under them."""
    memory.forget()


def _make_machine(made: Draft) -> None:
    revision = made.revision
    try:
        machines.make(revision.name, revision.id, made.definition)
    except UnavailableError:
        commit([store.unretire(revision.machine_arn)])
        raise


def _machine_writes(made: Draft) -> list[Write]:
    if not made.needs_machine:
        return []
    writes = [store.unretire(made.revision.machine_arn)]
    if made.previous is not None:
        writes.append(store.retire(made.previous.machine_arn, made.revision.subject, made.revision.name))
    return writes


def _key(definition: Definition) -> memory.Key | None:
    if definition.revision is None:
        return None
    return ("workflow" if definition.kind == "workflow" else "stage", definition.name, definition.revision)


def _stored(key: memory.Key) -> StoredRevision:
    stored = memory.recall(key) or store.read_revision(*key)
    if stored is None:
        subject, name, revision_id = key
        raise NotFoundError(f"revision {shown(revision_id)} of {subject} {shown(name)} not found")
    memory.keep(stored)
    return stored
