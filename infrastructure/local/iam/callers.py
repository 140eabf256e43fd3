"""Which of the engine's functions the code that runs belongs to; its own threads included."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_CALLER: ContextVar[str | None] = ContextVar("calling function", default=None)


def current() -> str | None:
    """The name of the function whose code this thread runs; None for tests and for AWS itself."""
    return _CALLER.get()


@contextmanager
def calling_as(function: str | None) -> Iterator[None]:
    """Let this thread's AWS calls be a function's; of None, AWS's own."""
    token = _CALLER.set(function)
    try:
        yield
    finally:
        _CALLER.reset(token)


def inherit(thread: threading.Thread) -> None:
    """Let a thread that isn't started yet call as whoever starts it."""
    function = current()
    if function is None:
        return
    run: Any = thread.run

    def run_as() -> None:
        with calling_as(function):
            run()

    thread.run = run_as  # type: ignore[method-assign]  # as if it were the subclass's
