"""The shapes that the API answers with, as far as a caller relies on them. Members may be added; these stay."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class MediaObject(TypedDict):
    """Where a media file lies."""

    S3Bucket: str
    S3Key: str


class Version(TypedDict):
    """The versions of the API and of the engine behind it."""

    ApiVersion: str
    FrameworkVersion: str


class ConfigurationItem(TypedDict):
    """One setting of the system, e.g. `MaxConcurrentWorkflows`."""

    Name: str
    Value: Any


class Health(TypedDict, total=False):
    """How the engine is doing. `Sweep` is absent before the first one."""

    Status: str
    Slots: dict[str, int]
    Queue: dict[str, Any]
    Waiting: int
    Sweep: dict[str, Any]


class Operation(TypedDict, total=False):
    """What can be a part of stages: a Lambda function, two when `Type` is `Async`, none when it is `Wait`."""

    Name: str
    Type: str
    Configuration: dict[str, Any]
    ConfigurationSchema: dict[str, Any]
    StartLambdaArn: str
    MonitorLambdaArn: str
    TimeoutSeconds: int
    PollMaxSeconds: int
    HeartbeatSeconds: int
    Retry: dict[str, Any]
    MaxConcurrent: int
    StageName: str
    StateMachineAsl: str
    Id: str
    Version: str
    Created: str


class Stage(TypedDict, total=False):
    """Operations that run side by side."""

    Name: str
    Operations: list[str]
    Configuration: dict[str, Any]
    Definition: str
    StateMachineArn: str
    Id: str
    Version: str
    Created: str


class Workflow(TypedDict, total=False):
    """A chain of stages."""

    Name: str
    StartAt: str
    Stages: dict[str, Any]
    Operations: list[str]
    StaleOperations: list[str]
    StaleStages: list[str]
    StateMachineArn: str
    MaxConcurrent: int
    TimeoutSeconds: int
    Revisions: str
    Trigger: str
    Id: str
    Version: str
    Created: str


class Globals(TypedDict):
    """What a run has gathered so far."""

    Media: dict[str, MediaObject]
    MetaData: dict[str, Any]


class Wait(TypedDict, total=False):
    """What a run's stage waits for: a person (`Kind` is Wait) or whoever does the work (Callback)."""

    Stage: str
    Operation: str
    Kind: str
    Since: str
    Answered: str
    AnsweredBy: str
    Reason: str


class Attempt(TypedDict, total=False):
    """An earlier attempt of a run, with the outputs of the stage that it ended in."""

    Attempt: int
    Status: str
    CurrentStage: str
    Message: str
    Started: str
    Ended: str
    EndedBy: str
    RetriedBy: str
    Outputs: list[dict[str, Any]]


class WaitsFor(TypedDict):
    """Where a queued run waits for a slot: `global`, `workflow:<name>` or `operation:<name>`."""

    Pool: str
    Used: int
    Max: int | None


class Execution(TypedDict, total=False):
    """A run. `Status` is Queued, Started, Waiting, Resumed, Complete, Error or Canceled; times are epoch texts.

    `Workflow["Stages"]` holds each stage with its `Status` and, when it has ended, its operations' `Outputs`.
    """

    Id: str
    WorkflowExecutionId: str
    AssetId: str
    Status: str
    Message: str
    CurrentStage: str
    Globals: Globals
    Configuration: dict[str, Any]
    Workflow: dict[str, Any]
    Created: str
    Started: str
    Ended: str
    Trigger: str
    Priority: int
    TimeoutSeconds: int
    Batch: str
    Owner: str
    JobType: str
    CanceledBy: str
    Attempt: int
    Attempts: list[Attempt]
    Waits: list[Wait]
    WaitsFor: WaitsFor
    StateMachineExecutionArn: str


class ExecutionSummary(TypedDict, total=False):
    """A run in the small shape of lists."""

    Id: str
    AssetId: str
    Status: str
    Message: str
    CurrentStage: str
    Workflow: dict[str, Any]
    Created: str
    Started: str
    Ended: str
    CanceledBy: str
    Batch: str
    Owner: str
    JobType: str


class Resumed(TypedDict):
    """A run that was resumed: `Status` is Waiting while another wait of its stage is open, else Resumed."""

    Id: str
    Status: str


class Refused(TypedDict):
    """A run to which something could not be done, and why."""

    Id: str
    Message: str


class Retried(TypedDict):
    """What retrying many runs answers; with `More` there may be others, created since `Next`."""

    Retried: list[str]
    Refused: list[Refused]
    More: bool
    Next: NotRequired[str]


class Deleted(TypedDict):
    """What deleting many runs answers; with `More` there may be others, created since `Next`."""

    Deleted: list[str]
    Refused: list[Refused]
    More: bool
    Next: NotRequired[str]


class Batch(TypedDict, total=False):
    """A batch. `Status` is Checking, Submitting, Running, Complete, Rejected, Failed or Canceled.

    `Counts` has `Total`, `Submitted`, `Refused`, and the runs by status.
    """

    Id: str
    Status: str
    Name: str
    Stage: str
    Created: str
    CreatedBy: str
    Source: str
    Manifest: dict[str, str]
    Prefix: dict[str, str]
    OnBadLine: str
    ToleratedFailurePercentage: int
    Counts: dict[str, Any]
    Retries: int
    Ended: str
    EndedBy: str
    Message: str
    BadLines: list[dict[str, Any]]
    BadLinesObject: MediaObject


class BatchRun(ExecutionSummary, total=False):
    """A run of a batch, with the line of the manifest or the key that it was made of."""

    Line: int
    Key: str


class Trigger(TypedDict, total=False):
    """What starts runs by itself. `Kind` is S3, EventPattern, SNS or Schedule, the member of that name tells more.

    Times are ISO 8601.
    """

    Id: str
    Kind: str
    Status: str
    Name: str
    Workflow: str
    Configuration: dict[str, Any]
    Priority: int
    Enabled: bool
    S3: dict[str, Any]
    EventPattern: dict[str, Any]
    SNS: dict[str, Any]
    Schedule: dict[str, Any]
    Input: dict[str, Any]
    Created: str
    Changed: str
    LastFired: str
    LastRun: str
    LastError: dict[str, str]


class Webhook(TypedDict, total=False):
    """Who is told of runs' changes. Only a new one whose secret was made for it has its `Secret`."""

    Name: str
    Url: str
    Workflow: str
    Statuses: list[str]
    Created: str
    Secret: str


class DeadDelivery(TypedDict, total=False):
    """An event that a webhook could not be told. `Webhook` is absent for a run's own."""

    Webhook: str
    EventId: str
    WorkflowExecutionId: str
    Attempts: int
    Created: str
    Died: str
    LastStatus: int | None
    LastReason: str | None


class Asset(TypedDict):
    """A media file that the data plane knows."""

    AssetId: str
    MediaType: str
    S3Bucket: str
    S3Key: str


class MetadataPage(TypedDict, total=False):
    """A page of an asset's metadata. The first, without `operator`, holds the facts of the asset itself."""

    asset_id: str
    operator: str
    results: Any
    cursor: str


class Stored(TypedDict, total=False):
    """What storing metadata answers; bucket and key are of the document, once it is complete."""

    Status: str
    Bucket: str
    Key: str


class Lock(TypedDict):
    """Who has checked an asset out, and when (epoch seconds)."""

    AssetId: str
    LockedBy: str
    LockedAt: Any


class PresignedPost(TypedDict):
    """Where to post a form with a file, and the form's other fields."""

    url: str
    fields: dict[str, str]
