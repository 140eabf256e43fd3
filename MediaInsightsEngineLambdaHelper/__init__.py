"""The operator helper of Media Insights on AWS, name for name, over `mediawright`: old operators run unchanged.

New operators are better off with `mediawright.operator`. Unlike there, values aren't checked and refusals of the data
plane aren't raised: callers look into the answer, as they always did.
"""

from __future__ import annotations

from typing import Any

from mediawright import aws, dataplane
from mediawright.errors import NotConfigured as NotConfigured

__all__ = [
    "DataPlane",
    "MasExecutionError",
    "MediaInsightsOperationHelper",
    "NotConfigured",
    "OutputHelper",
    "Status",
]

_LEGACY_MEDIA_PREFIX = "private/media/"


class Status:
    """What a workflow, a stage and an operation can be."""

    WORKFLOW_STATUS_QUEUED = "Queued"
    WORKFLOW_STATUS_STARTED = "Started"
    WORKFLOW_STATUS_WAITING = "Waiting"
    WORKFLOW_STATUS_RESUMED = "Resumed"
    WORKFLOW_STATUS_ERROR = "Error"
    WORKFLOW_STATUS_COMPLETE = "Complete"

    STAGE_STATUS_NOT_STARTED = "Not Started"
    STAGE_STATUS_STARTED = "Started"
    STAGE_STATUS_EXECUTING = "Executing"
    STAGE_STATUS_ERROR = "Error"
    STAGE_STATUS_COMPLETE = "Complete"

    OPERATION_STATUS_NOT_STARTED = "Not Started"
    OPERATION_STATUS_STARTED = "Started"
    OPERATION_STATUS_EXECUTING = "Executing"
    OPERATION_STATUS_ERROR = "Error"
    OPERATION_STATUS_COMPLETE = "Complete"
    OPERATION_STATUS_SKIPPED = "Skipped"


class MasExecutionError(Exception):
    """An operation failed; raised with its output object, whose MetaData reaches the execution all the same."""


class _Output:
    """The part of an answer that an operator fills in."""

    def __init__(self, name: str, status: str, metadata: dict[str, Any], media: dict[str, Any]) -> None:
        self.name = name
        self.status = status
        self.metadata = metadata
        self.media = media
        self.base_s3_key = _LEGACY_MEDIA_PREFIX

    def update_workflow_status(self, status: str) -> None:
        """Set the operation's status."""
        self.status = status

    def add_workflow_metadata(self, **kwargs: Any) -> None:
        """Add members to the operation's metadata."""
        self.metadata.update(kwargs)

    def add_media_object(self, media_type: str, s3_bucket: str, s3_key: str) -> None:
        """Add a media file to what the operation made."""
        self.media[media_type] = {"S3Bucket": s3_bucket, "S3Key": s3_key}


class OutputHelper(_Output):
    """An answer built from nothing but the operation's name."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "", {}, {})

    def return_output_object(self) -> dict[str, Any]:
        """Return the answer: Name, Status, MetaData and Media."""
        return {"Name": self.name, "Status": self.status, "MetaData": self.metadata, "Media": self.media}


class MediaInsightsOperationHelper(_Output):
    """An operation's event, and the answer built upon it. Raises KeyError for a member that the event lacks."""

    def __init__(self, event: dict[str, Any]) -> None:
        super().__init__(event["Name"], event["Status"], event.get("MetaData", {}), event.get("Media", {}))
        self.asset_id = event["AssetId"]
        self.workflow_execution_id = event["WorkflowExecutionId"]
        self.input = event["Input"]
        self.configuration = event["Configuration"]

    def workflow_info(self) -> dict[str, Any]:
        """Return the ids of the asset and of the run."""
        return {"AssetId": self.asset_id, "WorkflowExecutionId": self.workflow_execution_id}

    def add_workflow_metadata_json(self, json_metadata: dict[str, Any]) -> None:
        """Add the members of a dictionary to the operation's metadata."""
        self.metadata.update(json_metadata)

    def return_output_object(self) -> dict[str, Any]:
        """Return the answer with all eight members."""
        return {
            "Name": self.name,
            "AssetId": self.asset_id,
            "WorkflowExecutionId": self.workflow_execution_id,
            "Input": self.input,
            "Configuration": self.configuration,
            "Status": self.status,
            "MetaData": self.metadata,
            "Media": self.media,
        }


class DataPlane:
    """The data plane, whose answers come back whatever their status.

    Raises NotConfigured when the environment has no `DataplaneEndpoint`.
    """

    def __init__(self) -> None:
        self._plane = dataplane.DataPlane(lambda_client=aws.client("lambda"))
        self.dataplane_function_name = self._plane.function_name
        self.lambda_client = self._plane.lambda_client

    def call_dataplane(
        self,
        path: str,
        resource: str,
        method: str,
        body: Any = None,
        path_params: dict[str, str] | None = None,
        query_params: dict[str, str] | None = None,
    ) -> Any:
        """Call a route and return the answer's parsed body, whatever its status."""
        event = dataplane.proxy_event(path, resource, method, body, path_params, query_params)
        return self._plane.send(event).body

    def create_asset(self, media_type: str, s3bucket: str, s3key: str) -> Any:
        """Make an asset of an object in S3."""
        media = {"MediaType": media_type, "S3Bucket": s3bucket, "S3Key": s3key}
        return self.call_dataplane("/create", "/create", "POST", {"Input": media})

    def store_asset_metadata(
        self,
        asset_id: str,
        operator_name: str,
        workflow_id: str,
        results: Any,
        paginate: bool = False,
        end: bool = False,
    ) -> Any:
        """Keep an operator's results, whole or page by page. `end` alone is refused by the data plane."""
        query = {name: "true" for name, wanted in (("paginated", paginate), ("end", end)) if wanted}
        return self.call_dataplane(
            f"/metadata/{asset_id}",
            "/metadata/{asset_id}",
            "POST",
            {"OperatorName": operator_name, "Results": results, "WorkflowId": workflow_id},
            {"asset_id": asset_id},
            query or None,
        )

    def retrieve_asset_metadata(
        self, asset_id: str, operator_name: str | None = None, cursor: str | None = None
    ) -> Any:
        """Return one page of an asset's metadata, or of one operator's."""
        path, resource, params = f"/metadata/{asset_id}", "/metadata/{asset_id}", {"asset_id": asset_id}
        if operator_name:
            path, resource = f"{path}/{operator_name}", f"{resource}/{{operator_name}}"
            params["operator_name"] = operator_name
        query = {"cursor": cursor} if cursor else None
        return self.call_dataplane(path, resource, "GET", None, params, query)

    def generate_media_storage_path(self, asset_id: str, workflow_id: str) -> Any:
        """Return the bucket and the prefix for what a run makes of an asset."""
        return self.call_dataplane(
            f"/mediapath/{asset_id}/{workflow_id}",
            "/mediapath/{asset_id}/{workflow_id}",
            "GET",
            None,
            {"asset_id": asset_id, "workflow_id": workflow_id},
        )
