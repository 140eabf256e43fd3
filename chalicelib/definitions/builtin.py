"""What every stack has without anybody having registered it: the operation `Wait` and its stage (contract 6.4).

The old engine's Wait was an Async operation with functions; this one is of a type of its own and runs nothing. Like
there it is disabled, so a stage or a run switches it on. The store answers these definitions as if they were written.
"""

from __future__ import annotations

from typing import Any

from chalicelib.web.errors import ConflictError, shown

WAIT = "Wait"
YEAR_SECONDS = 365 * 24 * 3600
"""How long an execution of a state machine may be open at most."""

EXPIRES_AFTER = "ExpiresAfterSeconds"
WAIT_CONFIGURATION: dict[str, Any] = {
    "properties": {
        EXPIRES_AFTER: {
            "type": "integer",
            "minimum": 1,
            "maximum": YEAR_SECONDS,
            "description": "How long to wait until the operation fails because nobody has resumed the run.",
        }
    }
}
"""What the Configuration of every operation of type Wait must fulfil."""

STAMP = "builtin1"
"""Raise its number with any change below, so that what uses them becomes stale."""

_MADE = {"Version": "v0", "Created": "0.000000"}
_DOCUMENTS: dict[tuple[str, str], dict[str, Any]] = {
    ("operation", WAIT): {
        "Name": WAIT,
        "Type": "Wait",
        "Configuration": {"MediaType": "MetadataOnly", "Enabled": False},
        "ConfigurationSchema": WAIT_CONFIGURATION,
        "Id": "7f0b8f5a-5a0c-4f0e-9a54-6d1a3c0e7b01",
        **_MADE,
    },
    ("stage", f"_{WAIT}"): {
        "Name": f"_{WAIT}",
        "Operations": [WAIT],
        "Id": "7f0b8f5a-5a0c-4f0e-9a54-6d1a3c0e7b02",
        **_MADE,
    },
}


def document(kind: str, name: str) -> dict[str, Any] | None:
    """A built-in definition; None when there is none of this name."""
    return _DOCUMENTS.get((kind, name))


def names(kind: str) -> list[str]:
    """The built-in definitions of a kind."""
    return sorted(name for its_kind, name in _DOCUMENTS if its_kind == kind)


def check_free(kind: str, name: str) -> None:
    """Raise ConflictError for the name of a built-in definition, which can be neither made, changed nor deleted."""
    if document(kind, name) is not None:
        raise ConflictError(f"The {kind} {shown(name)} is built in: it can't be registered, changed or deleted")
