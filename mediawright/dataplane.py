"""The data plane as an operator sees it: a Lambda function, invoked directly.

The function's name is in the environment variable `DataplaneEndpoint`, which whoever deploys the operator sets to the
stack output `DataPlaneHandlerArn`, or to the name in it. The events and answers are those of an API Gateway proxy
integration.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypedDict

from mediawright import aws, json_text, transfer
from mediawright.errors import CallTooLarge, DataPlaneError, NotConfigured

FUNCTION_VARIABLE = "DataplaneEndpoint"
"""The environment variable with the name (not an address) of the data plane function."""

MAX_PAYLOAD_BYTES = 6_291_456
"""What a Lambda function takes in one synchronous invocation."""

_SEE_OTHER = 303


class Asset(TypedDict):
    """What `create_asset` answers."""

    AssetId: str
    MediaType: str
    S3Bucket: str
    S3Key: str


class StoragePath(TypedDict):
    """A bucket and a key prefix, ending in a slash."""

    S3Bucket: str
    S3Key: str


class Answer(NamedTuple):
    """A status and the body, parsed when it is JSON and text when it isn't."""

    status: int
    body: Any


class DataPlane:
    """Calls the data plane of the stack that this function belongs to.

    Raises NotConfigured when the environment doesn't name it, and DataPlaneError for every refusal.
    """

    def __init__(self, function_name: str | None = None, lambda_client: Any | None = None) -> None:
        self.function_name = function_name or _function_name()
        self._lambda_client = lambda_client

    @property
    def lambda_client(self) -> Any:
        """The boto3 client that the calls go through."""
        if self._lambda_client is None:
            self._lambda_client = aws.client("lambda")
        return self._lambda_client

    def create_asset(self, media_type: str, bucket: str, key: str) -> Asset:
        """Make an asset of an object in S3."""
        body = {"Input": {"MediaType": media_type, "S3Bucket": bucket, "S3Key": key}}
        asset: Asset = self.call("POST", "/create", body=body)
        return asset

    def store_asset_metadata(
        self,
        asset_id: str,
        operator_name: str,
        workflow_id: str,
        results: Mapping[str, Any],
        *,
        paginate: bool = False,
        end: bool = False,
    ) -> dict[str, Any]:
        """Keep an operator's results, whole or page by page; `end` closes a series of pages, and shows it.

        What one call cannot carry goes to the bucket by an address that the data plane grants; a document may have
        16 MiB. Raises DataPlaneError for what is larger.
        """
        query = {"paginated": "true"} if paginate else {}
        if end:
            query["end"] = "true"
        origin = {"OperatorName": operator_name, "WorkflowId": workflow_id}
        try:
            return self._post_metadata(asset_id, query, {**origin, "Results": results})
        except CallTooLarge:
            granted = self._post_metadata(asset_id, {"upload": "true"}, origin)
            transfer.put(granted["Url"], json_text.dumps(results, "Results").encode())
            return self._post_metadata(asset_id, query, {**origin, "ResultsKey": granted["Key"]})

    def _post_metadata(self, asset_id: str, query: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        stored: dict[str, Any] = self.call("POST", "/metadata/{asset_id}", {"asset_id": asset_id}, query, body)
        return stored

    def retrieve_asset_metadata(
        self, asset_id: str, operator_name: str | None = None, cursor: str | None = None
    ) -> dict[str, Any]:
        """Return one page of an asset's metadata; its `cursor`, when there is one, leads to the next."""
        resource = "/metadata/{asset_id}"
        parameters = {"asset_id": asset_id}
        if operator_name:
            resource += "/{operator_name}"
            parameters["operator_name"] = operator_name
        page: dict[str, Any] = self.call("GET", resource, parameters, {"cursor": cursor} if cursor else {})
        return page

    def metadata_pages(self, asset_id: str, operator_name: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield every page of an asset's metadata, or of one operator's, following the cursor to the end."""
        cursor: str | None = None
        while True:
            page = self.retrieve_asset_metadata(asset_id, operator_name, cursor)
            yield page
            cursor = page.get("cursor")
            if not cursor:
                return

    def generate_media_storage_path(self, asset_id: str, workflow_id: str) -> StoragePath:
        """Return where a run may put what it makes of an asset."""
        path: StoragePath = self.call(
            "GET", "/mediapath/{asset_id}/{workflow_id}", {"asset_id": asset_id, "workflow_id": workflow_id}
        )
        return path

    def report_progress(self, run_id: str, stage: str, operation: str, attempt: int, percent: int) -> None:
        """Say how far an operation of a run is, 0 to 99; what was said before is never lowered."""
        body = {"Stage": stage, "Operation": operation, "Attempt": attempt, "Percent": percent}
        self.call("POST", "/workflow/execution/{id}/progress", {"id": run_id}, body=body)

    def call(
        self,
        method: str,
        resource: str,
        parameters: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Any:
        """Call a route by its pattern and return the body. Raises DataPlaneError for a status of 400 or more."""
        path = resource.format(**(parameters or {}))
        answer = self.send(proxy_event(path, resource, method, body, parameters, query or None))
        if answer.status >= 400:
            raise _refusal(answer)
        return answer.body

    def send(self, event: Mapping[str, Any]) -> Answer:
        """Invoke the data plane with a proxy event, whatever it answers; an answer that lies elsewhere is fetched.

        Raises DataPlaneError when the function itself failed, CallTooLarge when the event is too large for it.
        """
        payload = json_text.dumps(event, "event").encode()
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise CallTooLarge(
                f"{len(payload)} bytes are more than the {MAX_PAYLOAD_BYTES} that one call may carry: "
                "send it in parts"
            )
        reply = self.lambda_client.invoke(
            FunctionName=self.function_name, InvocationType="RequestResponse", Payload=payload
        )
        document = json.loads(reply["Payload"].read() or b"null")
        if reply.get("FunctionError") or not isinstance(document, dict) or "statusCode" not in document:
            raise _crash(document)
        status, body = int(document["statusCode"]), document.get("body")
        if status == _SEE_OTHER:
            status, body = 200, transfer.get(document["headers"]["Location"])
        return Answer(status, _parsed(body))


def proxy_event(
    path: str,
    resource: str,
    method: str,
    body: Any = None,
    parameters: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the event of API Gateway's proxy integration for a request. `query` None means no query string."""
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {},
        "queryStringParameters": None if query is None else dict(query),
        "multiValueQueryStringParameters": None if query is None else {key: [text] for key, text in query.items()},
        "pathParameters": None if parameters is None else dict(parameters),
        "stageVariables": {},
        "requestContext": {
            "resourcePath": resource,
            "requestTime": time.time(),
            "httpMethod": method,
            "requestId": f"lambda_{uuid.uuid4().hex[-12:]}",
        },
        "body": json_text.dumps(body, "body"),
        "isBase64Encoded": False,
    }


def _function_name() -> str:
    name = os.environ.get(FUNCTION_VARIABLE, "")
    if not name:
        raise NotConfigured(
            "the environment variable DataplaneEndpoint is not set: give this Lambda function the name of the "
            "stack's data plane function (stack output DataPlaneHandlerArn, or its last part)"
        )
    return name


def _parsed(body: Any) -> Any:
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except ValueError:
        return body


def _refusal(answer: Answer) -> DataPlaneError:
    body = answer.body if isinstance(answer.body, dict) else {"Message": str(answer.body)}
    return DataPlaneError(answer.status, str(body.get("Code", "Error")), str(body.get("Message", body)))


def _crash(document: Any) -> DataPlaneError:
    report = document if isinstance(document, dict) else {}
    message = str(report.get("errorMessage", "the data plane function gave no answer"))
    return DataPlaneError(500, str(report.get("errorType", "FunctionError")), message)
