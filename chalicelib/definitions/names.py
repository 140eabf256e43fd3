"""Which names are free to take; the alphabet and length stand in the schemas."""

from __future__ import annotations

from chalicelib.web.errors import BadRequestError, shown

RESERVED_WORKFLOWS = frozenset({"operation", "stage", "execution", "configuration", "list", "trigger"})
"""Words that follow `/workflow/` in a path."""

RESERVED_STAGES = frozenset({"End"})


def own_stage(operation: str) -> str:
    """The stage that the engine makes for an operation."""
    return f"_{operation}"


def check_stage(name: str) -> None:
    """Raise BadRequestError unless users may have a stage of this name."""
    if name.startswith("_"):
        raise BadRequestError(f"Name: {shown(name)} begins with '_', which is kept for the stages of operations")
    if name in RESERVED_STAGES:
        raise BadRequestError(f"Name: {shown(name)} is reserved; no stage may be called {_listed(RESERVED_STAGES)}")


def check_workflow(name: str) -> None:
    """Raise BadRequestError unless a workflow of this name can be reached by its path."""
    if name in RESERVED_WORKFLOWS:
        raise BadRequestError(
            f"Name: {shown(name)} is reserved; no workflow may be called {_listed(RESERVED_WORKFLOWS)}"
        )


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
