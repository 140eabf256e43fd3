"""What CloudFormation asks of the custom resource, and the physical ids that it is answered.

A physical id is `<kind>/<name>/<Id>` with the definition's own Id, so it belongs to one creation: when the name has
been deleted and taken again, by whomever, the old id means nothing. What could not be created gets
`not-created/<RequestId>`; CloudFormation sends a Delete of that, too.
Source: the CloudFormation user guide, "Custom resource request objects".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.definitions.store import Kind
from chalicelib.resources.coercion import coerced
from chalicelib.web.errors import BadRequestError, shown
from chalicelib.web.validation import schema

Document = dict[str, Any]
RequestType = Literal["Create", "Update", "Delete"]

KINDS: Mapping[str, Kind] = {"OPERATION": "operation", "STAGE": "stage", "WORKFLOW": "workflow"}
_TYPES: Mapping[str, RequestType] = {"Create": "Create", "Update": "Update", "Delete": "Delete"}
_NOT_CREATED = "not-created"
_CLOUDFORMATIONS_OWN = frozenset({"ServiceToken", "ServiceTimeout", "ResourceType"})


@dataclass(frozen=True)
class PhysicalId:
    """One creation of a definition."""

    kind: Kind
    name: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}/{self.id}"


@dataclass(frozen=True)
class Request:
    """One request. `physical_id` is empty when CloudFormation creates."""

    type: RequestType
    stack_id: str
    logical_id: str
    request_id: str
    physical_id: str
    properties: Mapping[str, Any]
    old_properties: Mapping[str, Any]

    @property
    def owner(self) -> dict[str, str]:
        """What a definition made for this request keeps as its `ManagedBy`."""
        return {"StackId": self.stack_id, "LogicalResourceId": self.logical_id, "RequestId": self.request_id}

    @property
    def creation(self) -> PhysicalId | None:
        """The creation that the physical id belongs to, if it is one of ours."""
        kind, _, rest = self.physical_id.partition("/")
        name, _, identifier = rest.partition("/")
        found = next((known for known in KINDS.values() if known == kind), None)
        return PhysicalId(found, name, identifier) if found and name and identifier else None

    @property
    def failed_id(self) -> str:
        """The physical id to answer when nothing was made: the one there is, or one that says so."""
        return self.physical_id or f"{_NOT_CREATED}/{self.request_id}"

    @property
    def failed_request(self) -> str | None:
        """The creation's RequestId that a `not-created` physical id carries."""
        prefix, _, request_id = self.physical_id.partition("/")
        return request_id if prefix == _NOT_CREATED else None


def parse(event: Mapping[str, Any]) -> Request:
    """The request in an event. Raises BadRequestError for one that CloudFormation doesn't send."""
    kind = _TYPES.get(str(event.get("RequestType")))
    if kind is None:
        raise BadRequestError(f"RequestType: {shown(event.get('RequestType'))} is not one of {', '.join(_TYPES)}")
    return Request(
        type=kind,
        stack_id=_text(event, "StackId"),
        logical_id=_text(event, "LogicalResourceId"),
        request_id=_text(event, "RequestId"),
        physical_id="" if kind == "Create" else _text(event, "PhysicalResourceId"),
        properties=_properties(event, "ResourceProperties"),
        old_properties=_properties(event, "OldResourceProperties"),
    )


def kind_of(properties: Mapping[str, Any]) -> Kind:
    """Which kind of definition the properties are of. Raises BadRequestError for another one."""
    kind = known_kind(properties)
    if kind is None:
        given = shown(properties.get("ResourceType"))
        raise BadRequestError(f"ResourceType: {given} is not one of {', '.join(KINDS)}")
    return kind


def known_kind(properties: Mapping[str, Any]) -> Kind | None:
    """Which kind of definition the properties are of, if of any."""
    given = properties.get("ResourceType")
    return KINDS.get(given.upper()) if isinstance(given, str) else None


def body_of(properties: Mapping[str, Any]) -> Document:
    """The definition that the properties describe, of the types that its schema asks for. Raises BadRequestError."""
    given = {name: value for name, value in properties.items() if name not in _CLOUDFORMATIONS_OWN}
    body = coerced(given, schema(f"definitions/{kind_of(properties)}"))
    return body if isinstance(body, dict) else {}


def taken_back(request: Request) -> Document:
    """The members that the template no longer gives, as null."""
    gone = request.old_properties.keys() - request.properties.keys() - _CLOUDFORMATIONS_OWN
    return dict.fromkeys(sorted(gone))


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequestError(f"{name}: {shown(value)} is not a text")
    return value


def _properties(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = event.get(name) or {}
    if not isinstance(value, dict):
        raise BadRequestError(f"{name}: {shown(value)} is not an object")
    return value
