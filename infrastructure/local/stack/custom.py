"""Custom resources: the function behind ServiceToken is invoked, and its answer awaited at a presigned URL.

Source: the CloudFormation user guide, "Custom resource request objects" and "response objects".
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import moto.cloudformation.models as moto_models

from infrastructure.local.stack.parameters import text
from infrastructure.local.stack.record import Properties, ResourceFailed

PREFIX = "Custom::"
KIND = "AWS::CloudFormation::CustomResource"
ANSWER_SECONDS = 3600.0
"""How long CloudFormation waits unless the resource says otherwise by ServiceTimeout."""

_KEY = "answer"
_MAX_ANSWER = 4096
_PAUSE = 0.01
_BACKENDS: Any = moto_models.cloudformation_backends


@dataclass
class CustomResource:
    """What a function made, as its answers tell."""

    logical_resource_id: str
    kind: str
    stack_id: str
    client: Any
    physical_resource_id: str
    data: dict[str, Any]
    properties: Properties

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **given: Any
    ) -> CustomResource:
        """What moto calls for each resource. Raises ResourceFailed with the function's reason."""
        backend = _BACKENDS[account_id][region_name]
        properties = texts(cloudformation_json["Properties"])
        client, stack_id = backend.mediawright_client, given["StackId"]
        made = cls(given["LogicalId"], given["ResourceType"], stack_id, client, resource_name, {}, properties)
        try:
            made._take(made._ask("Create", properties), properties)
        except ResourceFailed as failure:
            made._delete_failed(failure)
            raise
        return made

    def update_in_stack(self, _before: Properties, wanted: Properties) -> None:
        """Have the function change its resource; another physical id afterwards means that it made a new one.

        Raises ResourceFailed with the function's reason.
        """
        properties = texts(wanted)
        try:
            self._take(self._ask("Update", properties), properties)
        except ResourceFailed:
            self.properties = properties  # the update that takes it back is told what was tried
            raise

    def delete(self, _account_id: str, _region_name: str) -> None:
        """Have the function delete its resource. Raises ResourceFailed with the function's reason."""
        self._ask("Delete", self.properties)

    def former(self, physical_id: str, properties: Properties) -> CustomResource:
        """What this was before an update replaced it, to be deleted."""
        return replace(self, physical_resource_id=physical_id, properties=texts(properties))

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003
        """The function's answer decides."""
        return True

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        """A member of the answer's Data. Raises ValueError when it has none of that name."""
        if attribute_name not in self.data:
            raise ValueError(
                f"CustomResource attribute error: Vendor response doesn't contain {attribute_name} attribute"
            )
        return self.data[attribute_name]

    def _delete_failed(self, failure: ResourceFailed) -> None:
        """A creation that failed is followed by a Delete of the physical id that it answered, or of a made-up one."""
        if self.properties.get("ServiceToken"):
            self.physical_resource_id = failure.physical_id or self.physical_resource_id
            self._ask("Delete", self.properties)

    def _take(self, answer: dict[str, Any], properties: Properties) -> None:
        self.physical_resource_id = str(answer["PhysicalResourceId"])
        self.data = answer.get("Data") or {}
        self.properties = properties

    def _ask(self, request_type: str, properties: Properties) -> dict[str, Any]:
        token = str(properties.get("ServiceToken") or "")
        if not token:
            raise self._failed("ServiceToken is missing")
        event = {
            "RequestType": request_type,
            "ServiceToken": token,
            "StackId": self.stack_id,
            "RequestId": str(uuid.uuid4()),
            "LogicalResourceId": self.logical_resource_id,
            "ResourceType": self.kind,
            "ResourceProperties": properties,
        }
        if request_type == "Update":
            event["OldResourceProperties"] = self.properties
        if request_type != "Create":
            event["PhysicalResourceId"] = self.physical_resource_id
        return self._checked(event, self._answer(event, float(properties.get("ServiceTimeout", ANSWER_SECONDS))))

    def _answer(self, event: dict[str, Any], seconds: float) -> bytes:
        with _answer_place(self.client("s3")) as place:
            payload = json.dumps({**event, "ResponseURL": place.url})
            functions = self.client("lambda")
            functions.invoke(FunctionName=event["ServiceToken"], InvocationType="Event", Payload=payload)
            answer = place.wait(seconds)
        if answer is None:
            raise self._failed("CloudFormation did not receive a response from your Custom Resource.")
        return answer

    def _checked(self, event: dict[str, Any], body: bytes) -> dict[str, Any]:
        if len(body) > _MAX_ANSWER:
            raise self._failed("Response object is too long.")
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or answer.get("Status") not in ("SUCCESS", "FAILED"):
            raise self._failed("Invalid Response object: Status must be SUCCESS or FAILED")
        for name in ("StackId", "RequestId", "LogicalResourceId"):
            if answer.get(name) != event[name]:
                raise self._failed(f"Invalid Response object: Value of property {name} must be the request's")
        if not answer.get("PhysicalResourceId"):
            raise self._failed("Invalid PhysicalResourceId")
        if answer["Status"] == "FAILED":
            reason = answer.get("Reason") or "Unknown"
            message = f"Received response status [FAILED] from custom resource. Message returned: {reason}"
            raise self._failed(message, answer)
        return answer

    def _failed(self, reason: str, answer: dict[str, Any] | None = None) -> ResourceFailed:
        physical = str((answer or {}).get("PhysicalResourceId", ""))
        return ResourceFailed(self.logical_resource_id, self.kind, reason, physical)


@dataclass(frozen=True)
class _Place:
    """Where one answer is put: an object in a bucket of its own."""

    s3: Any
    bucket: str
    url: str

    def wait(self, seconds: float) -> bytes | None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                body: bytes = self.s3.get_object(Bucket=self.bucket, Key=_KEY)["Body"].read()
            except self.s3.exceptions.NoSuchKey:
                time.sleep(_PAUSE)
            else:
                return body
        return None


@contextmanager
def _answer_place(s3: Any) -> Iterator[_Place]:
    bucket = f"cloudformation-custom-resource-response-{uuid.uuid4().hex[:16]}"
    s3.create_bucket(Bucket=bucket)
    try:
        url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": _KEY}, ExpiresIn=7200)
        yield _Place(s3, bucket, url)
    finally:
        s3.delete_object(Bucket=bucket, Key=_KEY)
        s3.delete_bucket(Bucket=bucket)


def texts(node: Any) -> Any:
    """Properties as a function sees them: CloudFormation makes every scalar text."""
    if isinstance(node, dict):
        return {key: texts(value) for key, value in node.items()}
    if isinstance(node, list):
        return [texts(item) for item in node]
    return text(node)
