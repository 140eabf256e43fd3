"""What every invocation of an engine function is told of, in its logs and its trace."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.aws import logs, tracing
from chalicelib.aws.redaction import hidden

Handler = Callable[[Any, Any], Any]


def observed(handler: Handler) -> Handler:
    """A Lambda's handler whose lines carry the invocation's id and its function's name."""

    @functools.wraps(handler)
    def entrance(event: Any, context: Any) -> Any:
        request_id, function = getattr(context, "aws_request_id", None), getattr(context, "function_name", None)
        with logs.about(request_id=request_id, function=function), tracing.part(handler.__name__):
            try:
                return handler(event, context)
            except Exception as error:  # the outermost edge: Lambda logs and answers what it is, which it stays
                error.args = tuple(hidden(value) if isinstance(value, str) else value for value in error.args)
                raise

    return entrance


@contextmanager
def part(name: str, run_id: str | None = None, **members: Any) -> Iterator[None]:
    """A part of an invocation, perhaps about a run."""
    with logs.about(run_id=run_id, **members), tracing.part(name, run_id):
        yield


def concerns(run_id: str, **members: Any) -> None:
    """From here on, the invocation (or its innermost part) is about a run."""
    logs.note(run_id=run_id, **members)
    tracing.annotate(run_id)
