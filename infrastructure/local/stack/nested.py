"""Nested stacks: AWS::CloudFormation::Stack, its template from S3 or, for the project's own, from memory."""

from __future__ import annotations

from typing import Any

import moto.cloudformation.models as moto_models

from infrastructure.local.stack import templates
from infrastructure.local.stack.parameters import text
from infrastructure.local.stack.record import Properties, ResourceFailed

KIND = "AWS::CloudFormation::Stack"
_BACKENDS: Any = moto_models.cloudformation_backends


class NestedStack:
    """A stack that belongs to a resource of another one."""

    def __init__(self, stack: Any, backend: Any, logical_id: str) -> None:
        self.stack = stack
        self._backend = backend
        self.logical_resource_id = logical_id

    @property
    def physical_resource_id(self) -> str:
        """The stack's id."""
        return str(self.stack.stack_id)

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **given: Any
    ) -> NestedStack:
        """What moto calls for each resource. Raises ResourceFailed when the stack could not be made."""
        properties = cloudformation_json["Properties"]
        backend = _BACKENDS[account_id][region_name]
        stack = backend.create_stack(
            name=resource_name[:128],
            template=templates.at(properties["TemplateURL"], backend.mediawright_client),
            parameters=_parameters(properties),
        )
        if stack.status != "CREATE_COMPLETE":
            reason = f"Embedded stack {stack.stack_id} was not successfully created: {_reason(stack)}"
            backend.delete_stack(stack.stack_id)
            raise ResourceFailed(given["LogicalId"], KIND, reason, stack.stack_id)
        return cls(stack, backend, given["LogicalId"])

    def update_in_stack(self, _before: Properties, wanted: Properties) -> None:
        """Update the nested stack to these properties. Raises ResourceFailed when it went back."""
        self._backend.replace_template(
            self.stack,
            templates.at(wanted["TemplateURL"], self._backend.mediawright_client),
            _parameters(wanted),
        )
        if self.stack.status != "UPDATE_COMPLETE":
            reason = f"Embedded stack {self.stack.stack_id} was not successfully updated: {_reason(self.stack)}"
            raise ResourceFailed(self.logical_resource_id, KIND, reason, self.stack.stack_id)

    def delete(self, _account_id: str, _region_name: str) -> None:
        """Delete the nested stack. Raises ResourceFailed when something of it can't be deleted."""
        self._backend.delete_stack(self.stack.stack_id)
        if self.stack.status != "DELETE_COMPLETE":
            reason = f"Embedded stack {self.stack.stack_id} was not successfully deleted: {_reason(self.stack)}"
            raise ResourceFailed(self.logical_resource_id, KIND, reason, self.stack.stack_id)

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Only the nested stack's outputs may be asked for."""
        return attr.startswith("Outputs.")

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """An output of the nested stack. Raises ValueError when it has none of that name."""
        key = attribute_name.removeprefix("Outputs.")
        for output in self.stack.outputs or []:
            if output["OutputKey"] == key:
                return str(output["OutputValue"])
        raise ValueError(f"Template error: resource {self.logical_resource_id} has no output {key}")


def _parameters(properties: Properties) -> dict[str, str]:
    return {name: text(value) for name, value in properties.get("Parameters", {}).items()}


def _reason(stack: Any) -> str:
    failed = [event for event in stack.events if event.resource_status.endswith("_FAILED")]
    return str(failed[0].resource_status_reason) if failed else str(stack.status)
