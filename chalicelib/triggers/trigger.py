"""A trigger: what its owner defined, and what the engine noted of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.aws.settings import settings
from chalicelib.web.errors import BadRequestError

Kind = Literal["S3", "EventPattern", "SNS", "Schedule"]
Document = dict[str, Any]

KINDS: tuple[Kind, ...] = ("S3", "EventPattern", "SNS", "Schedule")


@dataclass(frozen=True)
class Failure:
    """Why a delivery made no run, and when (ISO)."""

    message: str
    time: str


@dataclass(frozen=True)
class Trigger:
    """`document` is the definition as it was sent; times are ISO texts; `deleting` while it is being deleted."""

    id: str
    document: Document
    created: str
    changed: str
    deleting: bool = False
    last_fired: str | None = None
    last_run: str | None = None
    last_error: Failure | None = None

    @property
    def kind(self) -> Kind:
        """Which of the four sources it has."""
        return kind_of(self.document)

    @property
    def source(self) -> Document:
        """The member that is named after its kind."""
        source: Document = self.document[self.kind]
        return source

    @property
    def name(self) -> str | None:
        """Its name among triggers, if it has one."""
        return self.document.get("Name")

    @property
    def enabled(self) -> bool:
        """Whether what it delivers makes runs."""
        return bool(self.document.get("Enabled", True)) and not self.deleting

    @property
    def topic(self) -> str | None:
        """The topic that it listens to, if it is an SNS trigger."""
        return topic_of(self.document)


def kind_of(document: Document) -> Kind:
    """The kind of a definition; raises BadRequestError unless it has exactly one source."""
    found = [kind for kind in KINDS if kind in document]
    if len(found) != 1:
        raise BadRequestError(f"S3, EventPattern, SNS, Schedule: exactly one of them is required, not {len(found)}")
    return found[0]


def topic_of(document: Document) -> str | None:
    """The topic that a definition names, if it is an SNS trigger's."""
    topic: str | None = document.get("SNS", {}).get("TopicArn")
    return topic


def resource_name(trigger_id: str) -> str:
    """What its rule or schedule is called: at most 63 of the 64 characters that AWS allows."""
    return f"mediawright-{settings().stack_short_uuid}-trigger-{trigger_id}"


def origin(trigger_id: str) -> str:
    """How a run names the trigger that made it."""
    return f"trigger/{trigger_id}"


def answer(trigger: Trigger) -> Document:
    """The trigger as the API answers it."""
    body: Document = {
        "Id": trigger.id,
        "Kind": trigger.kind,
        "Status": "Deleting" if trigger.deleting else "Active",
        **trigger.document,
        "Enabled": bool(trigger.document.get("Enabled", True)),
        "Created": trigger.created,
        "Changed": trigger.changed,
    }
    if trigger.last_fired:
        body |= {"LastFired": trigger.last_fired, "LastRun": trigger.last_run}
    if trigger.last_error:
        body["LastError"] = {"Message": trigger.last_error.message, "Time": trigger.last_error.time}
    return body
