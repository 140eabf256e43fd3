"""A batch's small facts, as its record in the System table holds them, and what they say of its progress.

| status     | what happens                                                                        |
|------------|-------------------------------------------------------------------------------------|
| Checking   | every line is checked; nothing is submitted                                         |
| Submitting | one run is made for each good line; of a retried batch, for those that had none     |
| Running    | all runs are made; some haven't ended                                               |
| Complete   | all runs have ended                                                                 |
| Rejected   | nothing was submitted: lines are bad, or there are none                             |
| Failed     | more runs failed than are tolerated, or the input couldn't be read; open runs are canceled |
| Canceled   | somebody ended it; open runs are canceled                                           |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from chalicelib.aws.clock import epoch
from chalicelib.aws.dynamodb import Item, Value
from chalicelib.executions import statuses
from chalicelib.executions.statuses import Status

SourceKind = Literal["inline", "manifest", "prefix"]
OnBadLine = Literal["reject", "skip"]


class BatchStatus(StrEnum):
    """The status of a batch."""

    CHECKING = "Checking"
    SUBMITTING = "Submitting"
    RUNNING = "Running"
    COMPLETE = "Complete"
    REJECTED = "Rejected"
    FAILED = "Failed"
    CANCELED = "Canceled"


OPEN = (BatchStatus.CHECKING, BatchStatus.SUBMITTING, BatchStatus.RUNNING)
BY_MACHINE = (BatchStatus.CHECKING, BatchStatus.SUBMITTING)
BROKEN_OFF = (BatchStatus.FAILED, BatchStatus.CANCELED)


@dataclass(frozen=True)
class Source:
    """Where the items come from: `key` is a manifest's key or a prefix, `etag` is the manifest that was meant."""

    kind: SourceKind
    bucket: str
    key: str
    etag: str | None = None
    media_type: str | None = None


@dataclass(frozen=True)
class Batch:
    """Times are ISO texts; counts are None until they are known."""

    id: str
    status: BatchStatus
    created: str
    changed: str
    caller: str
    subject: str
    """`Name` of a workflow or `Stage`, as the requests of runs say it."""
    workflow: str
    source: Source
    tolerated: int = 100
    """Percent of the runs that may fail."""
    on_bad_line: OnBadLine = "reject"
    total: int | None = None
    """All items, bad ones included."""
    refused: int | None = None
    """Items of which no run was, or will be, made."""
    expected: int | None = None
    """How many runs were made, once all are; a batch that broke off before never learns it unless it is retried."""
    runs: Mapping[Status, int] = field(default_factory=dict)
    """How many runs are in which status, as far as they are counted."""
    closing: str | None = None
    """Since when its open runs are being canceled."""
    round: int = 0
    """How often it has been retried."""
    retrying: str | None = None
    """Since when its failed runs are being queued again."""
    recount_from: str | None = None
    walked_to: str | None = None
    """The last run that the walk which is going on (to cancel, or to retry) has done."""
    walk_began: str | None = None
    ended: str | None = None
    message: str | None = None
    ended_by: str | None = None
    expires_at: int | None = None
    """Epoch seconds; set by the end of the batch alone."""

    @property
    def taken_up_as(self) -> BatchStatus:
        """The status in which a retry takes it up: where it broke off."""
        if self.expected is not None:
            return BatchStatus.RUNNING
        return BatchStatus.CHECKING if self.total is None else BatchStatus.SUBMITTING

    @property
    def is_read(self) -> bool:
        """Whether the batch's state machine reads its input, or is to be started for that."""
        return self.status in BY_MACHINE and self.retrying is None

    def is_read_in(self, round_number: int) -> bool:
        """Whether its input is read in this round: what an earlier round has left running is to do nothing more."""
        return self.is_read and self.round == round_number

    @property
    def failed_runs(self) -> int:
        """Runs that ended as Error."""
        return self.runs.get(Status.ERROR, 0)

    @property
    def ended_runs(self) -> int:
        """Runs that have ended, well or not."""
        return sum(self.runs.get(status, 0) for status in statuses.ENDED)

    @property
    def live_runs(self) -> int:
        """Runs that are known not to have ended."""
        return sum(self.runs.get(status, 0) for status in statuses.LIVE)

    @property
    def submitted(self) -> int:
        """How many runs were made, as far as is known."""
        return max(self.expected or 0, sum(self.runs.values()))

    @property
    def is_intolerable(self) -> bool:
        """Whether more of the runs failed than are tolerated."""
        good = (self.total or 0) - (self.refused or 0)
        return good > 0 and 100 * self.failed_runs > self.tolerated * good

    @property
    def is_over(self) -> bool:
        """Whether every run that was made has ended."""
        return self.expected is not None and self.ended_runs >= self.expected

    def item(self) -> dict[str, Value | None]:
        """The whole record."""
        source = self.source
        return {
            "Status": self.status.value,
            "Created": self.created,
            "Changed": self.changed,
            "Caller": self.caller,
            "Subject": self.subject,
            "Workflow": self.workflow,
            "Source": source.kind,
            "Bucket": source.bucket,
            "Key": source.key,
            "Etag": source.etag,
            "MediaType": source.media_type,
            "Tolerated": self.tolerated,
            "OnBadLine": self.on_bad_line,
            "Round": self.round,
        }

    @classmethod
    def of(cls, item: Item) -> Batch:
        """Out of its record."""
        return cls(
            id=item["Name"],
            status=BatchStatus(item["Status"]),
            created=item["Created"],
            changed=item["Changed"],
            caller=item["Caller"],
            subject=item["Subject"],
            workflow=item["Workflow"],
            source=Source(item["Source"], item["Bucket"], item["Key"], item.get("Etag"), item.get("MediaType")),
            tolerated=item["Tolerated"],
            on_bad_line=item["OnBadLine"],
            total=item.get("Total"),
            refused=item.get("Refused"),
            expected=item.get("Expected"),
            runs={status: item[counter(status)] for status in Status if item.get(counter(status))},
            closing=item.get("Closing"),
            round=item["Round"],
            retrying=item.get("Retrying"),
            recount_from=item.get("RecountFrom"),
            walked_to=item.get("WalkedTo"),
            walk_began=item.get("WalkBegan"),
            ended=item.get("Ended"),
            message=item.get("Message"),
            ended_by=item.get("EndedBy"),
            expires_at=item.get("ExpiresAt"),
        )


def counter(status: Status) -> str:
    """The attribute of a batch's record that counts the runs of a status."""
    return f"Runs{status.value}"


def ordered_id(now: str, random_id: str) -> str:
    """An id that sorts by the time of its making (UUID version 7), out of an ISO time and a random UUID."""
    milliseconds = f"{int(epoch(now) * 1000):012x}"
    return f"{milliseconds[:8]}-{milliseconds[8:]}-7{random_id[15:]}"
