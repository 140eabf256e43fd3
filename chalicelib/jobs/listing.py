"""Lists of a user's jobs by pages that are numbered, as MediaFlow's clients ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.jobs import kinds, statuses, store
from chalicelib.jobs.view import Job
from chalicelib.web.errors import BadRequestError, shown

MAX_PAGE = 1_000_000
MAX_SIZE = 100
QUERY: dict[str, dict[str, Any]] = {
    "status": {"type": "string", "enum": list(statuses.ALL), "description": "Jobs of this status alone."},
    "job_type": {"type": "string", "enum": list(kinds.NAMES), "description": "Jobs of this kind alone."},
    "page": {"type": "integer", "minimum": 1, "default": 1, "description": "Which page, from 1."},
    "page_size": {
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_SIZE,
        "default": 20,
        "description": "How many jobs a page holds.",
    },
}


@dataclass(frozen=True)
class Asked:
    """What a request for a list says."""

    page: int
    size: int
    status: str | None
    job_type: str | None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """Out of a query; raises BadRequestError naming the wrong field."""
        return cls(
            _whole(query, "page", 1, MAX_PAGE),
            _whole(query, "page_size", 20, MAX_SIZE),
            _one_of(query, "status", statuses.ALL),
            _one_of(query, "job_type", kinds.NAMES),
        )


@dataclass(frozen=True)
class Page:
    """A page of jobs, and how many there are on all pages."""

    jobs: list[Job]
    total: int


def page(user: str, asked: Asked) -> Page:
    """One page of a user's jobs, newest first."""
    wanted = [
        entry.id
        for entry in store.entries(user)
        if asked.status in (None, statuses.of(entry.status)) and asked.job_type in (None, entry.job_type)
    ]
    start = (asked.page - 1) * asked.size
    return Page(store.jobs(wanted[start : start + asked.size]), len(wanted))


def _whole(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 8 and 1 <= int(text) <= most):
        raise BadRequestError(f"{name}: a whole number from 1 to {most} is expected", ("query", name))
    return int(text)


def _one_of(query: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str | None:
    text = query.get(name)
    if text is not None and text not in allowed:
        raise BadRequestError(f"{name}: {shown(text)} is not one of {', '.join(allowed)}", ("query", name))
    return text
