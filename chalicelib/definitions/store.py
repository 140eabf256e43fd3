"""Definitions in DynamoDB: every key and condition of the room.

Table Definitions (Kind, Name):
  operation, stage, workflow   what can be defined; `Stamp` changes with every change of what is defined
  revision#<subject>#<name>    immutable; Name is the revision's id
  uses#<kind>#<name>           an item for each user, Name is `<kind>#<name>` of the user
  retired                      machines to be deleted when no run needs them; Name is the machine's ARN, `Since` when
                               it was last promised to somebody; with `Deleting` it is promised no more
  revived#<subject>#<name>     the machine made for retries of a revision whose own is gone; Name is the revision's id
What is built in (`builtin`) is answered as if it were written; of a built-in stage only its revision is.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from chalicelib.aws import clock, dynamodb, objects, transaction
from chalicelib.aws.clients import client
from chalicelib.aws.dynamodb import Expression
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Write
from chalicelib.definitions import builtin
from chalicelib.definitions.revision import Revision, Subject, from_body, to_body
from chalicelib.web import documents
from chalicelib.web.errors import ConflictError, shown

Kind = Literal["operation", "stage", "workflow"]


@dataclass(frozen=True)
class Definition:
    """An operation, stage or workflow as stored. A workflow's document stands in its revision."""

    kind: Kind
    name: str
    document: dict[str, Any]
    stamp: str = field(default_factory=clock.short_id)
    revision: str | None = None
    machine_arn: str | None = None
    deleting_since: str | None = None


@dataclass(frozen=True)
class StoredRevision:
    """A revision with what is needed to make the next one."""

    revision: Revision
    digest: str
    """Of the machine's definition: an equal one needs no machine of its own."""
    stamps: dict[str, str]
    """`<kind>#<name>` of everything used, to tell what has changed since."""
    given: dict[str, Any]
    """A workflow's `StartAt` and `Stages` as they were sent."""


@dataclass(frozen=True)
class Retired:
    """A machine that no definition refers to, or that one is about to refer to."""

    machine_arn: str
    subject: Subject
    name: str
    since: str


@dataclass(frozen=True)
class Revived:
    """A machine made for retries of a revision whose own is gone."""

    machine_arn: str
    since: str


def read(kind: Kind, name: str) -> Definition | None:
    """A definition by its name, strongly consistent."""
    item = dynamodb.get(_table(), _key(kind, name))
    return _built_in(kind, name) if item is None else _definition(kind, item)


def read_many(kind: Kind, names: Iterable[str]) -> dict[str, Definition]:
    """The definitions that exist of these names."""
    wanted = list(dict.fromkeys(names))
    items = dynamodb.batch_get(_table(), [_key(kind, name) for name in wanted])
    found = {item["Name"]: _definition(kind, item) for item in items}
    for name in wanted:
        if name not in found and (ours := _built_in(kind, name)) is not None:
            found[name] = ours
    return found


def page(kind: Kind, limit: int, after: str | None) -> tuple[list[Definition], str | None]:
    """Definitions by name, and the name that the next page begins after."""
    start = None if after is None else _key(kind, after)
    # One more than asked for: DynamoDB tells only by it whether a page is the last.
    found = dynamodb.query_page(
        _table(), dynamodb.equals("Kind", kind), consistent=True, limit=limit + 1, start=start
    )
    following = found.next_key["Name"] if found.next_key else None
    read = {item["Name"]: _definition(kind, item) for item in found.items}
    for name in builtin.names(kind):
        ours = _built_in(kind, name)
        if ours and name > (after or "") and (following is None or name < following):
            read.setdefault(name, ours)
    names = sorted(read)
    if len(names) > limit:
        names, following = names[:limit], names[limit - 1]
    return [read[name] for name in names], following


def create(definition: Definition) -> Write:
    """Make a definition visible unless its name is taken."""

    def taken() -> ConflictError:
        article = "An" if definition.kind == "operation" else "A"
        return ConflictError(f"{article} {definition.kind} with the name {shown(definition.name)} already exists")

    return transaction.put(_table(), _item(definition), transaction.absent("Kind"), taken)


def replace(definition: Definition, before: Definition) -> Write:
    """Put a changed definition in the place of the one that was read."""
    return transaction.put(_table(), _item(definition), _unchanged(before), lambda: _changed(before))


def remove(before: Definition) -> Write:
    """Delete the definition that was read."""
    return transaction.delete(_table(), _key(before.kind, before.name), _unchanged(before), lambda: _changed(before))


def point_to(before: Definition, revision: Revision) -> Write:
    """Let a stage that was read refer to a revision, unless another one was quicker.

    Of a built-in stage this writes the only item there is.
    """
    if before.revision is None:
        condition = Expression("attribute_not_exists(#r)", {"#r": "Revision"})
    else:
        condition = Expression("#r = :r", {"#r": "Revision"}, {":r": before.revision})
    if builtin.document(before.kind, before.name) is None:
        condition = _both(_unchanged(before), condition)
    values = {"Revision": revision.id, "MachineArn": revision.machine_arn}
    return transaction.update(_table(), _key(before.kind, before.name), values, condition, lambda: _changed(before))


def mark_deleting(before: Definition, since: str | None) -> Write:
    """Set or remove the mark that a workflow is about to be deleted."""
    values = {"DeletingSince": since}
    return transaction.update(
        _table(), _key(before.kind, before.name), values, _unchanged(before), lambda: _changed(before)
    )


def use(used: tuple[Kind, str], user: tuple[Kind, str]) -> Write:
    """Note that one definition uses another."""
    return transaction.put(_table(), _edge(used, user))


def disuse(used: tuple[Kind, str], user: tuple[Kind, str]) -> Write:
    """Take back what `use` noted."""
    return transaction.delete(_table(), _edge(used, user))


def users(used: tuple[Kind, str], kind: Kind) -> list[str]:
    """The names of the definitions of a kind that are noted as users."""
    condition = dynamodb.begins(("Kind", f"uses#{used[0]}#{used[1]}"), ("Name", f"{kind}#"))
    return [item["Name"].split("#", 1)[1] for item in dynamodb.query(_table(), condition, consistent=True)]


def add_revision(stored: StoredRevision) -> Write:
    """Write a revision; its text goes to the bucket at once if it is long."""
    revision = stored.revision
    body = {
        "revision": to_body(revision),
        "digest": stored.digest,
        "stamps": stored.stamps,
        "given": stored.given,
    }
    kind = f"revision#{revision.subject}#{revision.name}"
    return transaction.put(_table(), {"Kind": kind, "Name": revision.id, **_carried(kind, revision.id, body)})


def read_revision(subject: Subject, name: str, revision_id: str) -> StoredRevision | None:
    """A revision, strongly consistent."""
    item = dynamodb.get(_table(), {"Kind": f"revision#{subject}#{name}", "Name": revision_id})
    return None if item is None else _stored(_document(item))


def read_revisions(keys: Sequence[tuple[Subject, str, str]]) -> list[StoredRevision]:
    """The revisions that exist of these (subject, name, id)."""
    wanted = [{"Kind": f"revision#{subject}#{name}", "Name": revision_id} for subject, name, revision_id in keys]
    return [_stored(_document(item)) for item in dynamodb.batch_get(_table(), wanted)]


def drop_text(write: Write) -> None:
    """Delete the long text that a write, which came to nothing, would have referred to."""
    reference = write.request.get("Item", {}).get("Ref")
    if reference is not None:
        client("s3").delete_object(Bucket=settings().data_bucket, Key=reference["S"])


def retire(machine_arn: str, subject: Subject, name: str) -> Write:
    """Note a machine for deletion."""
    item = {"Kind": "retired", "Name": machine_arn, "Subject": subject, "Of": name, "Since": clock.now()}
    return transaction.put(_table(), item)


def unretire(machine_arn: str) -> Write:
    """Keep a machine after all."""
    return transaction.delete(_table(), _key("retired", machine_arn))


def retired() -> list[Retired]:
    """All machines noted for deletion."""
    return [_retired(item) for item in dynamodb.query(_table(), dynamodb.equals("Kind", "retired"), consistent=True)]


def read_retired(machine_arn: str) -> Retired | None:
    """The note that a machine is to be deleted, strongly consistent."""
    item = dynamodb.get(_table(), _key("retired", machine_arn))
    return None if item is None else _retired(item)


def renew(machine_arn: str) -> Write:
    """Let a machine's retirement begin anew; refused when none is noted or its deletion has begun."""
    kept = Expression("attribute_exists(#k) AND attribute_not_exists(#d)", {"#k": "Kind", "#d": "Deleting"})
    return transaction.update(_table(), _key("retired", machine_arn), {"Since": clock.now()}, kept)


def condemn(machine: Retired) -> Write:
    """Begin to delete a machine; refused when its note is gone or was renewed since it was read."""
    same = Expression("#s = :s", {"#s": "Since"}, {":s": machine.since})
    return transaction.update(_table(), _key("retired", machine.machine_arn), {"Deleting": True}, same)


def revived(revision: Revision) -> Revived | None:
    """The machine that was last made for retries of a revision."""
    item = dynamodb.get(_table(), _revived_key(revision))
    return None if item is None else Revived(item["MachineArn"], item["Since"])


def revive(revision: Revision, machine_arn: str, before: Revived | None) -> Write:
    """Note a machine for retries of a revision; refused when another one was noted meanwhile."""
    same = transaction.absent("Kind")
    if before is not None:
        same = Expression("#m = :m", {"#m": "MachineArn"}, {":m": before.machine_arn})
    item = {**_revived_key(revision), "MachineArn": machine_arn, "Since": clock.now()}
    return transaction.put(_table(), item, same)


def _table() -> str:
    return settings().definitions_table


def _key(kind: str, name: str) -> dict[str, str]:
    return {"Kind": kind, "Name": name}


def _retired(item: dict[str, Any]) -> Retired:
    return Retired(item["Name"], item["Subject"], item["Of"], item["Since"])


def _revived_key(revision: Revision) -> dict[str, str]:
    return _key(f"revived#{revision.subject}#{revision.name}", revision.id)


def _edge(used: tuple[Kind, str], user: tuple[Kind, str]) -> dict[str, str]:
    return _key(f"uses#{used[0]}#{used[1]}", f"{user[0]}#{user[1]}")


def _item(definition: Definition) -> dict[str, Any]:
    return {
        **_key(definition.kind, definition.name),
        "Stamp": definition.stamp,
        "Revision": definition.revision,
        "MachineArn": definition.machine_arn,
        "DeletingSince": definition.deleting_since,
        **_carried(definition.kind, f"{definition.name}/{definition.stamp}", definition.document),
    }


def _built_in(kind: Kind, name: str) -> Definition | None:
    document = builtin.document(kind, name)
    return None if document is None else Definition(kind, name, document, builtin.STAMP)


def _definition(kind: Kind, item: dict[str, Any]) -> Definition:
    ours = _built_in(kind, item["Name"])
    if ours is not None:
        return dataclasses.replace(ours, revision=item.get("Revision"), machine_arn=item.get("MachineArn"))
    return Definition(
        kind,
        item["Name"],
        _document(item),
        item["Stamp"],
        item.get("Revision"),
        item.get("MachineArn"),
        item.get("DeletingSince"),
    )


def _carried(kind: str, name: str, document: dict[str, Any]) -> dict[str, str]:
    return objects.carried(documents.compact(document), f"definitions/{kind.replace('#', '/')}/{name}.json")


def _document(item: dict[str, Any]) -> dict[str, Any]:
    text = item["Text"] if "Text" in item else objects.get_text(item["Ref"])
    document: dict[str, Any] = json.loads(text)
    return document


def _stored(body: dict[str, Any]) -> StoredRevision:
    return StoredRevision(from_body(body["revision"]), body["digest"], body["stamps"], body["given"])


def _unchanged(before: Definition) -> Expression:
    stamp = Expression("#t = :t", {"#t": "Stamp"}, {":t": before.stamp})
    if before.deleting_since is None:
        return stamp
    return _both(stamp, Expression("#d = :d", {"#d": "DeletingSince"}, {":d": before.deleting_since}))


def _changed(before: Definition) -> ConflictError:
    return ConflictError(f"{before.kind} {shown(before.name)} was changed at the same time; read it and try again")


def _both(one: Expression, other: Expression) -> Expression:
    return Expression(
        f"({one.text}) AND ({other.text})", {**one.names, **other.names}, {**one.values, **other.values}
    )
