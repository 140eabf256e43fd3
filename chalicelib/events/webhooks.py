"""Webhooks of the stack: who is to be told of which runs' changes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from chalicelib.definitions import store as definitions
from chalicelib.executions import webhooks as rules
from chalicelib.executions.changes import Change
from chalicelib.web.errors import BadRequestError, shown

MOST_UNANSWERED = 10
"""After so many attempts in a row that weren't answered, a webhook's events wait for the sweep."""

RESERVED = frozenset({"dead"})
"""Words that follow `/system/webhook/` in a path."""


@dataclass(frozen=True)
class Webhook:
    """A webhook as it is stored. `id` is its own: one that is made anew under the name is another. Without a
    `workflow` or `statuses` it is told of all."""

    name: str
    id: str
    url: str
    secret: str
    created: str
    workflow: str | None = None
    statuses: tuple[str, ...] = ()
    unanswered: int = 0
    """Attempts in a row that were not answered, counted to about MOST_UNANSWERED."""

    @property
    def is_silent(self) -> bool:
        """Whether whoever tries to tell it something most likely waits in vain."""
        return self.unanswered >= MOST_UNANSWERED

    def wants(self, change: Change) -> bool:
        """Whether it is to be told of a change."""
        of_workflow = change.run.subject == "workflow" and change.run.workflow == self.workflow
        return (self.workflow is None or of_workflow) and (
            not self.statuses or change.run.status.value in self.statuses
        )

    def answer(self) -> dict[str, Any]:
        """As the API answers it: without its secret."""
        document: dict[str, Any] = {"Name": self.name, "Url": self.url}
        if self.workflow is not None:
            document["Workflow"] = self.workflow
        if self.statuses:
            document["Statuses"] = list(self.statuses)
        return {**document, "Created": self.created}


def check(body: dict[str, Any]) -> None:
    """Raise BadRequestError, naming the field, for a webhook that can't be; its types stand in the schema."""
    if body["Name"] in RESERVED:
        raise BadRequestError(f"Name: {shown(body['Name'])} is reserved")
    rules.check_url(body["Url"], "Url")
    if "Secret" in body:
        rules.check_secret(body["Secret"], "Secret")
    workflow = body.get("Workflow")
    if workflow is not None and definitions.read("workflow", workflow) is None:
        raise BadRequestError(f"Workflow: no workflow named {shown(workflow)}")


def new(body: dict[str, Any], webhook_id: str, now: str) -> Webhook:
    """A webhook out of a checked body; without a Secret it gets one."""
    return Webhook(
        name=body["Name"],
        id=webhook_id,
        url=body["Url"],
        secret=body.get("Secret") or secrets.token_hex(32),
        created=now,
        workflow=body.get("Workflow"),
        statuses=tuple(body.get("Statuses", ())),
    )
