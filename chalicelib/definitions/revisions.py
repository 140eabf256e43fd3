"""Revisions: what runs refer to. Each has a state machine; one whose machine would be equal shares its predecessor's.

For those who run things: `current` and `current_stage` answer what a new run is to use, `get` what an earlier one
used, `machine_for` where that can be run again. For the sweep: `retired` lists machines that no definition refers to
any more, `discard` deletes one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from chalicelib.aws import clock, stepfunctions
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Write, WriteRefused, commit
from chalicelib.definitions import limits, machines, memory, rules, store
from chalicelib.definitions.assembly import stage_of, stamps_of
from chalicelib.definitions.compile import compile_machine
from chalicelib.definitions.revision import Revision, RevisionStage, Subject
from chalicelib.definitions.store import Definition, Kind, Retired, Revived, StoredRevision
from chalicelib.web import documents
from chalicelib.web.errors import BadRequestError, ConflictError, NotFoundError, UnavailableError, shown

DELETING_SECONDS = 60
"""How long a mark of deletion is believed: longer than a request may take."""

RETIREMENT = timedelta(minutes=15)
"""How long a machine outlives its retirement, so that a run that was being submitted meanwhile is seen."""

SETTLING_SECONDS = 60
"""How long AWS may not know a machine that was just made."""

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


def machine_for(revision: Revision) -> str:
    """The ARN of a machine that can run a revision now, for retries of its runs; ask once for many.

    Its own machine while that stands, else one made from what is stored of the revision, which later retries share.
    The answer holds for RETIREMENT, time enough to write a run that refers to it: a machine that a definition refers
    to is retired before it is deleted, the note of a retired one is renewed here, and `discard` deletes none whose
    note was renewed. Of two that are made at once the first counts; the other, and one whose caller dies, stay noted
    as retired, so the sweep deletes them.

    Raises UnavailableError when AWS keeps refusing to make it, ConflictError when others are quicker three times.
    """
    for _ in range(_ATTEMPTS):
        if _stands(revision, revision.machine_arn, revision.created):
            return revision.machine_arn
        before = store.revived(revision)
        if before is not None and _stands(revision, before.machine_arn, before.since):
            return before.machine_arn
        made = _revive(revision, before)
        if made is not None:
            return made
    raise ConflictError(f"{revision.subject} {shown(revision.name)} is being retried by others; try again")


def retired(minimum_age: timedelta = RETIREMENT) -> list[Retired]:
    """Machines to be deleted once no live run refers to them."""
    latest = _ago(minimum_age)
    return [machine for machine in store.retired() if machine.since <= latest]


def discard(machine_arn: str, minimum_age: timedelta = RETIREMENT) -> None:
    """Delete a retired machine; its running executions would end, so ask for live runs first.

    One that was promised to somebody since it was listed stays. The deletion is noted before it begins: from then on
    nobody is promised the machine, and when the process dies, the next sweep deletes it.
    """
    machine = store.read_retired(machine_arn)
    if machine is None or machine.since > _ago(minimum_age):
        return
    try:
        commit([store.condemn(machine)])
    except WriteRefused:
        return
    _drop(machine_arn)


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
        _make_machine(revision, revision.id, made.definition)
    written = store.add_revision(made.stored)
    try:
        commit([*writes, written, *_machine_writes(made)])
    except ConflictError:
        store.drop_text(written)
        if made.needs_machine:
            _drop(revision.machine_arn)
        raise


def definition_text(stages: Sequence[RevisionStage], timeout_seconds: int | None = None) -> str:
    """The state machine of stages as JSON text, for runs that may take so many seconds."""
    ours = settings()
    machine = compile_machine(stages, ours.stage_completion_arn, ours.task_tokens_arn, timeout_seconds)
    return documents.compact(machine)


def forget() -> None:
    """Drop the revisions kept in memory, for tests that change the world under them."""
    memory.forget()


def _make_machine(revision: Revision, machine_id: str, definition: str) -> str:
    """Make a machine that is noted as retired before it is there, and answer its ARN."""
    arn = machines.machine_arn(revision.name, machine_id)
    commit([store.retire(arn, revision.subject, revision.name)])
    try:
        machines.make(revision.name, machine_id, definition)
    except UnavailableError:
        commit([store.unretire(arn)])
        raise
    return arn


def _drop(machine_arn: str) -> None:
    stepfunctions.delete_machine(machine_arn)
    commit([store.unretire(machine_arn)])


def _stands(revision: Revision, machine_arn: str, since: str) -> bool:
    """Whether a machine is there and stays for a while; somebody may have deleted it behind the engine's back."""
    kind: Kind = "workflow" if revision.subject == "workflow" else "stage"
    definition = store.read(kind, revision.name)
    if definition is None or definition.machine_arn != machine_arn:
        try:
            commit([store.renew(machine_arn)])
        except WriteRefused:
            return False
    is_settling = since > _ago(timedelta(seconds=SETTLING_SECONDS))
    return is_settling or stepfunctions.has_machine(machine_arn)


def _revive(revision: Revision, before: Revived | None) -> str | None:
    """Make a machine for a revision whose own is gone; None when somebody else was quicker."""
    definition = definition_text(revision.stages, revision.timeout_seconds)
    arn = _make_machine(revision, clock.short_id(), definition)
    try:
        commit([store.revive(revision, arn, before)])
    except WriteRefused:
        return None
    return arn


def _ago(age: timedelta) -> str:
    return clock.iso(clock.epoch(clock.now()) - age.total_seconds())


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
