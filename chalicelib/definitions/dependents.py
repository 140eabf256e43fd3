"""Which workflows use an operation or a stage, and the refusal to delete what is in use."""

from __future__ import annotations

from chalicelib.definitions import revisions, store
from chalicelib.definitions.store import Definition, Kind
from chalicelib.web.errors import BadRequestError, shown

_NAMED = 20


def workflows_using(kind: Kind, name: str) -> list[Definition]:
    """The workflows whose current revision contains an operation or a stage, by name."""
    return _using(kind, name, store.users((kind, name), "workflow"))


def page(kind: Kind, name: str, limit: int, after: str | None) -> tuple[list[Definition], str | None]:
    """Workflows that use an operation or a stage, by name, and the name that the next page begins after."""
    noted = [user for user in store.users((kind, name), "workflow") if after is None or user > after]
    found = _using(kind, name, noted[:limit])
    return found, noted[limit - 1] if len(noted) > limit else None


def check_unused(kind: Kind, name: str) -> None:
    """Raise BadRequestError, naming the workflows, while an operation or a stage is in use."""
    names = [workflow.name for workflow in workflows_using(kind, name)]
    if not names:
        return
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    route = "operation" if kind == "operation" else "stage"
    raise BadRequestError(
        f"Dependent workflows were found for {kind} {shown(name)}: {', '.join(names[:_NAMED])}{rest}."
        f" Delete them or pass force=true; GET /workflow/list/{route}/{name} lists them."
    )


def _using(kind: Kind, name: str, noted: list[str]) -> list[Definition]:
    workflows = store.read_many("workflow", noted)
    stored = revisions.known_many(list(workflows.values()))
    return [workflows[user] for user in noted if user in stored and f"{kind}#{name}" in stored[user].stamps]
