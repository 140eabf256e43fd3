"""The life of a stack: created in order, updated, deleted in reverse; what fails is taken back.

All of it happens inside the request, where AWS answers first and goes on in the background: a client that waits for
the stack's status finds it at once.
Source: the CloudFormation user guide, "Stack failure options" and "Custom resources".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import moto.cloudformation.models as moto_models
import moto.cloudformation.parsing as moto_parsing

from infrastructure.local.stack.custom import CustomResource
from infrastructure.local.stack.order import creation_order
from infrastructure.local.stack.properties import Client
from infrastructure.local.stack.record import Record, ResourceFailed
from infrastructure.local.stack.resources import Workshop

_MODELS: Any = moto_models
_PARSING: Any = moto_parsing

Change = tuple[Record | None, Record]
"""A resource before (None: it was made) and after a step."""


class Life:
    """One stack's resources and status. `stack` is moto's, which its service describes."""

    def __init__(self, stack: Any, client: Client, served: Callable[[Record], None]) -> None:
        """`served` is told of every resource that was made or changed."""
        self.records: dict[str, Record] = {}
        self._stack = stack
        self._client = client
        self._served = served

    def create(self, publish: Callable[[], None]) -> None:
        """Make every resource, then `publish` the outputs; whatever fails, delete what was made."""
        self._status("CREATE_IN_PROGRESS", "User Initiated")
        workshop = self._workshop(self._stack.resource_map)
        try:
            for logical_id in filter(workshop.wanted, creation_order(self._stack.template_dict)):
                self._made(workshop.make(logical_id), "CREATE_COMPLETE")
            publish()
        except ResourceFailed as failure:
            self._failed(failure, "CREATE_FAILED")
            self._status(
                "ROLLBACK_IN_PROGRESS", f"The following resource(s) failed to create: [{failure.logical_id}]"
            )
            undone = self._delete_all(workshop)
            self._status("ROLLBACK_COMPLETE" if undone else "ROLLBACK_FAILED")
            return
        self._status("CREATE_COMPLETE")

    def update(self, resource_map: Any, template: dict[str, Any], publish: Callable[[], None]) -> bool:
        """Turn the resources into a new template's; whatever fails, turn them back. Answers whether it was done.

        `resource_map` is moto's for the new template and parameters, without resources.
        """
        before, steps = dict(self.records), list[Change]()
        self._status("UPDATE_IN_PROGRESS", "User Initiated")
        workshop = self._workshop(resource_map, template)
        for name, record in before.items():
            if name in template["Resources"] and workshop.wanted(name):
                resource_map._parsed_resources[name] = record.resource
        try:
            for step in self._turn(workshop, template):
                steps.append(step)
            publish()
        except ResourceFailed as failure:
            self._failed(failure, "UPDATE_FAILED")
            self._status("UPDATE_ROLLBACK_IN_PROGRESS", f"The following resource(s) failed: [{failure.logical_id}].")
            undone = self._take_back(workshop, [*steps, *self._half_done(failure)], before)
            self._status("UPDATE_ROLLBACK_COMPLETE" if undone else "UPDATE_ROLLBACK_FAILED")
            return False
        self._status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        self._clean_up(workshop, template, steps, before)
        self._status("UPDATE_COMPLETE")
        return True

    def delete(self) -> bool:
        """Delete every resource but those to retain, the youngest first. Answers whether all of them went."""
        self._status("DELETE_IN_PROGRESS", "User Initiated")
        gone = self._delete_all(self._workshop(self._stack.resource_map))
        self._status("DELETE_COMPLETE" if gone else "DELETE_FAILED")
        return gone

    def _workshop(self, resource_map: Any, template: dict[str, Any] | None = None) -> Workshop:
        return Workshop(resource_map, template or self._stack.template_dict, self._client)

    def _turn(self, workshop: Workshop, template: dict[str, Any]) -> Iterator[Change]:
        for logical_id in filter(workshop.wanted, creation_order(template)):
            before = self.records.get(logical_id)
            if before is None:
                after = workshop.make(logical_id)
                self._made(after, "CREATE_COMPLETE")
            else:
                after = workshop.change(before)
                self._made(after, "UPDATE_COMPLETE" if after.properties != before.properties else None)
            yield before, after

    def _half_done(self, failure: ResourceFailed) -> list[Change]:
        """The change that failed, when it was one in place: nobody knows how far it came."""
        record = self.records.get(failure.logical_id)
        return [(record, replace(record, properties={}))] if record and failure.in_place else []

    def _take_back(self, workshop: Workshop, steps: list[Change], before: dict[str, Record]) -> bool:
        """Give what an update has changed its former properties, in order, then delete what it has made."""
        done, leftovers = True, list[Record]()
        for old, new in steps:
            try:
                leftovers.extend(self._undo(workshop, old, new))
            except ResourceFailed as failure:
                self._failed(failure, "UPDATE_FAILED")
                done = False
        self.records = {name: self.records[name] for name in before}
        for leftover in reversed(leftovers):
            self._delete(workshop, leftover)
        return done

    def _undo(self, workshop: Workshop, old: Record | None, new: Record) -> list[Record]:
        """Restore a resource; what is to be deleted after that."""
        if old is None:
            return [new]
        if old.resource is not new.resource:
            self.records[old.logical_id] = old
            return [new]
        if old.properties == new.properties:
            return []
        again = replace(workshop.change_to(new, old.properties), retained=old.retained)
        self._made(again, "UPDATE_COMPLETE")
        return _former(new, again)

    def _clean_up(
        self, workshop: Workshop, template: dict[str, Any], steps: list[Change], before: dict[str, Record]
    ) -> None:
        """Delete what the new template has no more, and what was replaced; a failure leaves it behind, as in AWS."""
        kept = {new.logical_id for _, new in steps}
        for old, new in reversed(steps):
            if old is not None and old.resource is not new.resource:
                self._delete(workshop, old)
            elif old is not None:
                for former in _former(old, new):
                    self._delete(workshop, former)
        for name in reversed([name for name in before if name not in kept]):
            self._delete(workshop, before[name])
        self.records = {name: self.records[name] for name in creation_order(template) if name in kept}

    def _delete_all(self, workshop: Workshop) -> bool:
        for record in list(reversed(self.records.values())):
            if record.retained:
                self._event(record, "DELETE_SKIPPED")
                self.records.pop(record.logical_id)
            elif self._delete(workshop, record):
                self.records.pop(record.logical_id)
        return not self.records

    def _delete(self, workshop: Workshop, record: Record) -> bool:
        if record.retained:
            self._event(record, "DELETE_SKIPPED")
            return True
        try:
            workshop.unmake(record)
        except ResourceFailed as failure:
            self._failed(failure, "DELETE_FAILED")
            return False
        self._event(record, "DELETE_COMPLETE")
        return True

    def _made(self, record: Record, status: str | None) -> None:
        self.records[record.logical_id] = record
        record.resource.cf_resource_type = record.kind
        record.resource.logical_resource_id = record.logical_id
        if status:
            self._event(record, status)
            self._served(record)

    def _status(self, status: str, reason: str | None = None) -> None:
        self._stack.status = status
        self._stack._add_stack_event(status, resource_status_reason=reason)

    def _failed(self, failure: ResourceFailed, status: str) -> None:
        self._stack.events.append(
            self._stack_event(failure.logical_id, failure.physical_id, failure.kind, status, failure.reason)
        )

    def _event(self, record: Record, status: str) -> None:
        self._stack.events.append(self._stack_event(record.logical_id, record.physical_id, record.kind, status, None))

    def _stack_event(self, logical_id: str, physical_id: str, kind: str, status: str, reason: str | None) -> Any:
        return _MODELS.Event(
            stack_id=self._stack.stack_id,
            stack_name=self._stack.name,
            logical_resource_id=logical_id,
            physical_resource_id=physical_id,
            resource_type=kind,
            resource_status=status,
            resource_status_reason=reason,
            resource_properties=None,
        )


def _former(old: Record, new: Record) -> list[Record]:
    """The predecessor of a custom resource that answered an update with another physical id: it is to be deleted."""
    if not isinstance(new.resource, CustomResource) or old.physical_id == new.physical_id:
        return []
    return [replace(old, resource=new.resource.former(old.physical_id, old.properties), retained=False)]
