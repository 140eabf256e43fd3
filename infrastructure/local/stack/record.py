"""What the embedded CloudFormation knows of each resource that it made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Properties = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """A resource as it was made. `resource` is moto's object; `properties` are resolved."""

    logical_id: str
    kind: str
    physical_id: str
    properties: Properties
    resource: Any
    retained: bool


class ResourceFailed(Exception):
    """A resource could not be made, changed or deleted; the message is the reason that its stack shows."""

    in_place = False
    """Whether it was changed where it is: then nobody knows how far that came."""

    def __init__(self, logical_id: str, kind: str, reason: str, physical_id: str = "") -> None:
        super().__init__(reason)
        self.logical_id = logical_id
        self.kind = kind
        self.reason = reason
        self.physical_id = physical_id
