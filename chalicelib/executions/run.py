"""A run's small facts, as its `execution` item holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.aws.clock import epoch, month
from chalicelib.aws.dynamodb import Item, Value
from chalicelib.definitions.revision import Subject
from chalicelib.executions.statuses import Status

GLOBAL_POOL = "global"
WORKFLOW_POOL = "workflow:"
OPERATION_POOL = "operation:"
DEFAULT_PRIORITY = 5
MESSAGE_CHARACTERS = 4000
"""Lists show a thousand runs with their messages; what each operation says stands whole in its output."""


@dataclass(frozen=True)
class Slot:
    """One numbered place in a pool."""

    pool: str
    number: int

    @property
    def text(self) -> str:
        """As a run lists it, such as `global/0007`."""
        return f"{self.pool}/{self.number:04}"

    @classmethod
    def parse(cls, text: str) -> Slot:
        """Out of a run's list."""
        pool, number = text.rsplit("/", 1)
        return cls(pool, int(number))


@dataclass(frozen=True)
class Fence:
    """What every write to a run is conditional on besides its status: late answers of one attempt never touch the
    next. `created` tells the status index's partition; `sequence`, where it is known, that the status is not the same
    only because it has changed twice since."""

    run_id: str
    attempt: int
    created: str
    sequence: int | None = None


@dataclass(frozen=True)
class Run:
    """Times are ISO texts; `current_stage` counts from 0; `queued` is when this attempt was queued."""

    id: str
    subject: Subject
    workflow: str
    revision: str
    machine_arn: str
    asset_id: str
    status: Status
    attempt: int
    current_stage: int
    stage_name: str
    stages: int
    created: str
    queued: str
    changed: str
    trigger: str = "api"
    priority: int = DEFAULT_PRIORITY
    slots: tuple[Slot, ...] = ()
    started: str | None = None
    ended: str | None = None
    message: str | None = None
    ended_by: str | None = None
    sequence: int = 1
    """Counts the changes of the status; `<id>-<sequence>` names the event of each."""
    pools: tuple[str, ...] = ()
    """The capped pools besides the global one that this attempt needs slots of, as long as they lie ahead."""
    timeout_seconds: int | None = None
    """From the attempt's start to its end."""
    batch: str | None = None
    expires_at: int | None = None
    """Epoch seconds; set by the end of the run alone."""
    owner: str | None = None
    """Whose job it is; only such runs are in the index by owner."""
    job_type: str | None = None
    keep_days: int | None = None
    """For how long it is kept when it has ended, where that isn't the stack's setting."""

    @property
    def fence(self) -> Fence:
        """This attempt of this run."""
        return Fence(self.id, self.attempt, self.created, self.sequence)

    @property
    def execution_name(self) -> str:
        """The name of the Step Functions execution of this attempt."""
        return execution_name(self.id, self.attempt)

    @property
    def deadline(self) -> float | None:
        """When this attempt is to have ended, in epoch seconds; None when nothing limits it or it hasn't started."""
        if self.timeout_seconds is None or self.started is None:
            return None
        return epoch(self.started) + self.timeout_seconds

    @property
    def queue_part(self) -> str:
        """The sort key of its queue item: by priority, then by age."""
        return f"{9 - self.priority}#{self.queued}#{self.id}"

    def item(self) -> dict[str, Value | None]:
        """The whole `execution` item, index keys included."""
        return {
            "Id": self.id,
            "Part": "execution",
            "Subject": self.subject,
            "Workflow": self.workflow,
            "Revision": self.revision,
            "MachineArn": self.machine_arn,
            "AssetId": self.asset_id,
            "Status": self.status.value,
            "StatusMonth": status_month(self.status, self.created),
            "Month": month(self.created),
            "Attempt": self.attempt,
            "CurrentStage": self.current_stage,
            "StageName": self.stage_name,
            "Stages": self.stages,
            "Created": self.created,
            "Queued": self.queued,
            "Changed": self.changed,
            "Trigger": self.trigger,
            "Priority": self.priority,
            "Slots": [slot.text for slot in self.slots] or None,
            "Started": self.started,
            "Ended": self.ended,
            "Message": self.message,
            "EndedBy": self.ended_by,
            "Sequence": self.sequence,
            "Pools": list(self.pools) or None,
            "TimeoutSeconds": self.timeout_seconds,
            "Batch": self.batch,
            "ExpiresAt": self.expires_at,
            "Owner": self.owner,
            "JobType": self.job_type,
            "KeepDays": self.keep_days,
        }

    @classmethod
    def of(cls, item: Item) -> Run:
        """Out of its item."""
        return cls(
            id=item["Id"],
            subject=item["Subject"],
            workflow=item["Workflow"],
            revision=item["Revision"],
            machine_arn=item["MachineArn"],
            asset_id=item["AssetId"],
            status=Status(item["Status"]),
            attempt=item["Attempt"],
            current_stage=item["CurrentStage"],
            stage_name=item["StageName"],
            stages=item["Stages"],
            created=item["Created"],
            queued=item["Queued"],
            changed=item["Changed"],
            trigger=item["Trigger"],
            priority=item["Priority"],
            slots=tuple(Slot.parse(text) for text in item.get("Slots", [])),
            started=item.get("Started"),
            ended=item.get("Ended"),
            message=item.get("Message"),
            ended_by=item.get("EndedBy"),
            sequence=item.get("Sequence", 1),
            pools=tuple(item.get("Pools", [])),
            timeout_seconds=item.get("TimeoutSeconds"),
            batch=item.get("Batch"),
            expires_at=item.get("ExpiresAt"),
            owner=item.get("Owner"),
            job_type=item.get("JobType"),
            keep_days=item.get("KeepDays"),
        )


@dataclass(frozen=True)
class StagePart:
    """What is stored of one stage of a run; the texts are JSON. `override` and `timeouts` only stand at the first."""

    position: int
    input: str
    outputs: str | None = None
    status: str | None = None
    ended: str | None = None
    message: str | None = None
    override: str | None = None
    timeouts: str | None = None


def status_month(status: Status, created: str) -> str:
    """The partition of the `by-status` index: one per status and month of creation."""
    return f"{status.value}#{month(created)}"


def execution_name(run_id: str, attempt: int) -> str:
    """The name of an attempt's Step Functions execution: starting it twice starts it once."""
    return f"{run_id}-{attempt}"


def bounded(message: str) -> str:
    """A message as a run keeps it: a longer one is cut, and says so by its dots."""
    return message if len(message) <= MESSAGE_CHARACTERS else message[: MESSAGE_CHARACTERS - 3] + "..."


def parse_execution_name(name: str) -> tuple[str, int] | None:
    """Run and attempt of a Step Functions execution's name; None when we didn't give it."""
    run, _, attempt = name.rpartition("-")
    return (run, int(attempt)) if run and attempt.isdigit() else None


Document = dict[str, Any]
