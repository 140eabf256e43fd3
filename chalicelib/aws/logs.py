"""Structured logs: every line of the engine is a JSON document that says which request and which run it is about.

Rooms use Python's own `logging`, below the logger `mediawright`. AWS Lambda Powertools writes the documents; it costs
25 ms to import, so that is put off until there is something to say. Its own keys belong to the process; ours belong
to the invocation, since several may go on at a time where the engine is run locally.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from typing import Any

from chalicelib.aws.redaction import hidden

LOGGER = "mediawright"

writer: Callable[[str], None] = print
"""Where lines go: to the standard output, which Lambda keeps; replaced where several functions share a process."""

_ABOUT: ContextVar[Mapping[str, Any]] = ContextVar("about", default={})  # noqa: B039  never changed in place


def write(line: str) -> None:
    """Write a line without its secrets."""
    writer(hidden(line))


@contextmanager
def about(**members: Any) -> Iterator[None]:
    """Every line within it has these members; None leaves one as it is."""
    token = _ABOUT.set(_with(members))
    try:
        yield
    finally:
        _ABOUT.reset(token)


def note(**members: Any) -> None:
    """Every further line within the innermost `about` has these members."""
    _ABOUT.set(_with(members))


def install() -> None:
    """Make the engine's loggers write documents; again is harmless."""
    logger = logging.getLogger(LOGGER)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [_DocumentHandler()]


def _with(members: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**_ABOUT.get(), **{name: value for name, value in members.items() if value is not None}}


class _DocumentHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        vars(record).update(_ABOUT.get())
        write(_formatter().format(record))


@cache
def _formatter() -> logging.Formatter:
    import json

    from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

    # escaped: what a user sends can't end a line, nor turn its direction
    to_json = partial(json.dumps, default=str, separators=(",", ":"), ensure_ascii=True)
    return LambdaPowertoolsFormatter(json_serializer=to_json, utc=True, use_rfc3339=True, service=LOGGER)
