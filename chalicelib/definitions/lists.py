"""Lists of definitions: pages by name, or everything while an answer can hold it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.definitions.store import Definition
from chalicelib.web import documents
from chalicelib.web.errors import BadRequestError

MAX_ANSWER_BYTES = 5_000_000
_BATCH = 100

Paging = Callable[[int, str | None], tuple[Sequence[Definition], str | None]]
"""Takes a limit and the name to begin after; answers definitions and the name that the next page begins after."""

Answering = Callable[[Sequence[Definition]], list[dict[str, Any]]]


@dataclass(frozen=True)
class Listed:
    """A page of answers, and the name that the next one begins after."""

    answers: list[dict[str, Any]]
    next_name: str | None


def listed(paging: Paging, answering: Answering, limit: int | None, after: str | None) -> Listed:
    """Answers to definitions by name, to all when no limit is given.

    Raises BadRequestError when all are more than an answer can hold.
    """
    if limit is not None:
        found, next_name = paging(limit, after)
        return Listed(answering(found), next_name)
    answers: list[dict[str, Any]] = []
    size = 0
    while True:
        found, after = paging(_BATCH, after)
        fresh = answering(found)
        size += sum(len(documents.compact(answer)) for answer in fresh)
        if size > MAX_ANSWER_BYTES:
            raise BadRequestError("limit: the list is too long for one answer; ask for a page of it")
        answers += fresh
        if after is None:
            return Listed(answers, None)
