"""The routes of operations, stages, workflows, and of the system itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from mediawright.client.documents import ConfigurationItem, Health, Operation, Stage, Version, Workflow
from mediawright.client.transport import Definition, Transport, dry, paged


class ControlRoutes(Transport):
    """What can run, and the system's settings. Every method raises ApiError and ConnectionFailed.

    `dry_run` validates all, answers what would be made, and writes nothing.
    """

    def version(self) -> Version:
        """Return the versions of the API and of the engine."""
        return cast(Version, self.request("GET", ("version",)))

    def health(self) -> Health:
        """Return how the engine is doing: slots, queue, waiting runs, and what the last sweep repaired."""
        return cast(Health, self.request("GET", ("system", "health")))

    def configuration(self) -> Iterator[ConfigurationItem]:
        """Yield the system's settings."""
        return self.listed(("system", "configuration"))

    def set_configuration(self, name: str, value: Any, *, dry_run: bool = False) -> Any:
        """Change a setting of the system, e.g. `MaxConcurrentWorkflows` or `RetentionDays`."""
        body = {"Name": name, "Value": value}
        return self.request("POST", ("system", "configuration"), query=dry(dry_run), body=body)

    def create_operation(self, definition: Definition, *, dry_run: bool = False) -> Operation:
        """Register an operation; its function must exist."""
        return cast(Operation, self._define("POST", "operation", definition, dry_run))

    def update_operation(self, definition: Definition, *, dry_run: bool = False) -> Operation:
        """Change the operation of the definition's `Name`; workflows that use it become stale."""
        return cast(Operation, self._define("PUT", "operation", definition, dry_run))

    def operations(self, limit: int | None = None) -> Iterator[Operation]:
        """Yield all operations, `limit` a request."""
        return self.listed(("workflow", "operation"), paged(limit))

    def operation(self, name: str) -> Operation:
        """Return one operation."""
        return cast(Operation, self.request("GET", ("workflow", "operation", name)))

    def delete_operation(self, name: str, *, force: bool = False) -> Operation:
        """Delete an operation and its own stage, and return it. One in use needs `force`."""
        return cast(Operation, self.request("DELETE", ("workflow", "operation", name), query=_forced(force)))

    def create_stage(self, definition: Definition, *, dry_run: bool = False) -> Stage:
        """Make a stage of operations."""
        return cast(Stage, self._define("POST", "stage", definition, dry_run))

    def update_stage(self, definition: Definition, *, dry_run: bool = False) -> Stage:
        """Change the stage of the definition's `Name`; workflows that use it become stale."""
        return cast(Stage, self._define("PUT", "stage", definition, dry_run))

    def stages(self, limit: int | None = None) -> Iterator[Stage]:
        """Yield all stages, `limit` a request."""
        return self.listed(("workflow", "stage"), paged(limit))

    def stage(self, name: str) -> Stage:
        """Return one stage."""
        return cast(Stage, self.request("GET", ("workflow", "stage", name)))

    def delete_stage(self, name: str, *, force: bool = False) -> Stage:
        """Delete a stage and return it. One in use needs `force`."""
        return cast(Stage, self.request("DELETE", ("workflow", "stage", name), query=_forced(force)))

    def create_workflow(self, definition: Definition, *, dry_run: bool = False) -> Workflow:
        """Make a workflow of stages."""
        return cast(Workflow, self._define("POST", None, definition, dry_run))

    def update_workflow(self, definition: Definition, *, dry_run: bool = False) -> Workflow:
        """Make a new revision of the workflow of the definition's `Name`; live runs keep theirs."""
        return cast(Workflow, self._define("PUT", None, definition, dry_run))

    def workflows(self, limit: int | None = None) -> Iterator[Workflow]:
        """Yield all workflows, `limit` a request."""
        return self.listed(("workflow",), paged(limit))

    def workflow(self, name: str) -> Workflow:
        """Return one workflow."""
        return cast(Workflow, self.request("GET", ("workflow", name)))

    def delete_workflow(self, name: str, *, force: bool = False) -> Workflow:
        """Delete a workflow and return it. With live runs it needs `force`, which cancels them."""
        return cast(Workflow, self.request("DELETE", ("workflow", name), query=_forced(force)))

    def workflow_configuration(self, name: str) -> dict[str, dict[str, Any]]:
        """Return a workflow's configuration: by stage, then by operation."""
        return cast("dict[str, dict[str, Any]]", self.request("GET", ("workflow", "configuration", name)))

    def workflows_with_operation(self, name: str) -> Iterator[Workflow]:
        """Yield the workflows that use an operation."""
        return self.listed(("workflow", "list", "operation", name))

    def workflows_with_stage(self, name: str) -> Iterator[Workflow]:
        """Yield the workflows that use a stage."""
        return self.listed(("workflow", "list", "stage", name))

    def _define(self, method: str, kind: str | None, definition: Definition, dry_run: bool) -> Any:
        path = ("workflow", kind) if kind else ("workflow",)
        return self.request(method, path, query=dry(dry_run), body=dict(definition))


def _forced(force: bool) -> dict[str, str]:
    return {"force": "true"} if force else {}
