"""Makes, changes and deletes one resource: by moto's model, then by what `properties.py` adds."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import moto.cloudformation.parsing as moto_parsing
from botocore.exceptions import ClientError

from infrastructure.local.stack import deletions, properties, updates
from infrastructure.local.stack.properties import Client
from infrastructure.local.stack.record import Properties, Record, ResourceFailed

_PARSING: Any = moto_parsing


class Workshop:
    """The resources of one stack, while it is created or updated with one template and its parameters."""

    def __init__(self, resource_map: Any, template: dict[str, Any], client: Client) -> None:
        self._map = resource_map
        self._template = template
        self._client = client

    def wanted(self, logical_id: str) -> bool:
        """Whether the resource's condition holds."""
        condition = self._template["Resources"][logical_id].get("Condition")
        return condition is None or bool(self._map.lazy_condition_map[condition])

    def make(self, logical_id: str) -> Record:
        """Create a resource. Raises ResourceFailed; then nothing of it is left."""
        kind = self._kind(logical_id)
        try:
            resource = self._map[logical_id]
            record = self._record(logical_id, resource, self.resolved(logical_id))
            properties.apply(kind, record.physical_id, record.properties, self._client)
        except Exception as error:
            # The edge of a resource handler: moto's models raise anything for a malformed property, and
            # whatever it was CloudFormation answers with the failed resource and its reason.
            made = self._map._parsed_resources.get(logical_id)
            if made is not None:
                self.unmake(self._record(logical_id, made, {}))
            raise _failed(logical_id, kind, error) from error
        return record

    def change(self, before: Record) -> Record:
        """Give a resource the template's properties, in place or by a new one. Raises ResourceFailed."""
        wanted = self.resolved(before.logical_id)
        if wanted == before.properties and before.kind == self._kind(before.logical_id):
            return replace(before, retained=self._retained(before))
        if before.kind != self._kind(before.logical_id) or updates.replaces(before, wanted):
            self._map._parsed_resources.pop(before.logical_id, None)
            return self.make(before.logical_id)
        return self.change_to(before, wanted)

    def change_to(self, before: Record, wanted: Properties) -> Record:
        """Give a resource these properties in place. Raises ResourceFailed."""
        try:
            updates.update(before, wanted, self._client)
        except Exception as error:  # as in `make`
            failure = _failed(before.logical_id, before.kind, error)
            failure.in_place = True
            raise failure from error
        physical = str(getattr(before.resource, "physical_resource_id", before.logical_id))
        return replace(before, properties=wanted, physical_id=physical, retained=self._retained(before))

    def resolved(self, logical_id: str) -> Properties:
        """The template's properties of a resource, their functions worked out."""
        given = copy.deepcopy(self._template["Resources"][logical_id].get("Properties") or {})
        found: Properties = _PARSING.clean_json(given, self._map)
        return found

    def unmake(self, record: Record) -> None:
        """Delete a resource. Raises ResourceFailed."""
        try:
            deletions.delete(record, self._client)
        except Exception as error:  # as in `make`
            raise _failed(record.logical_id, record.kind, error) from error

    def _retained(self, before: Record) -> bool:
        given = self._template["Resources"].get(before.logical_id)
        return before.retained if given is None else given.get("DeletionPolicy") == "Retain"

    def _kind(self, logical_id: str) -> str:
        return str(self._template["Resources"][logical_id]["Type"])

    def _record(self, logical_id: str, resource: Any, found: Properties) -> Record:
        given = self._template["Resources"][logical_id]
        physical = str(getattr(resource, "physical_resource_id", logical_id))
        return Record(logical_id, given["Type"], physical, found, resource, given.get("DeletionPolicy") == "Retain")


def _failed(logical_id: str, kind: str, error: Exception) -> ResourceFailed:
    if isinstance(error, ResourceFailed):
        return ResourceFailed(logical_id, kind, error.reason, error.physical_id)
    if isinstance(error, ClientError):
        reason = str(error.response["Error"].get("Message") or error)
    elif isinstance(error, KeyError):
        reason = f"{json.dumps(str(error.args[0]))} is missing"
    else:
        reason = str(getattr(error, "message", "") or error) or type(error).__name__
    return ResourceFailed(logical_id, kind, reason)
