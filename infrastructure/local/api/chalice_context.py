"""Makes a Chalice app safe to call from several threads: the current request belongs to the caller's context.

In Lambda one process serves one request at a time, so Chalice keeps it in one attribute of the app.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import chalice.app

_CHALICE: Any = chalice.app.Chalice
_NAMES = ("current_request", "lambda_context")


def install() -> None:
    """Patch Chalice; again is harmless."""
    for name in _NAMES:
        if not isinstance(vars(_CHALICE).get(name), property):
            setattr(_CHALICE, name, _context_local(name))


def _context_local(name: str) -> property:
    # A value per app: requests of one app may be made while another's is served.
    variable: ContextVar[dict[int, Any] | None] = ContextVar(name, default=None)

    def read(app: Any) -> Any:
        return (variable.get() or {}).get(id(app))

    def write(app: Any, value: Any) -> None:
        variable.set({**(variable.get() or {}), id(app): value})

    return property(read, write)
