"""The shapes that the API answers with, as far as a caller relies on them. Members may be added; these stay."""

from __future__ import annotations

from typing import Any, TypedDict


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
