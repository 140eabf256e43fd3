"""The routes of operations, stages, workflows, runs and the system's configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from mediawright.client.documents import (
    ConfigurationItem,
    Execution,
    ExecutionSummary,
    Operation,
    Stage,
    Version,
    Workflow,
)
from mediawright.client.transport import Transport
from mediawright.errors import InvalidArgument

Definition = Mapping[str, Any]
"""The body of a request that makes or changes something, as the API documents it."""


class ControlRoutes(Transport):
    """What can run, and what runs. Every method raises ApiError and ConnectionFailed.

    `dry_run` validates all, answers what would be made, and writes nothing.
    """

    def version(self) -> Version:
        """Return the versions of the API and of the engine."""
        return cast(Version, self.request("GET", ("version",)))

    def configuration(self) -> Iterator[ConfigurationItem]:
        """Yield the system's settings."""
        return self.listed(("system", "configuration"))

    def set_configuration(self, name: str, value: Any, *, dry_run: bool = False) -> Any:
        """Change a setting of the system, e.g. `MaxConcurrentWorkflows`."""
        body = {"Name": name, "Value": value}
        return self.request("POST", ("system", "configuration"), query=_dry(dry_run), body=body)

    def create_operation(self, definition: Definition, *, dry_run: bool = False) -> Operation:
        """Register an operation; its function must exist."""
        return cast(Operation, self._define("POST", "operation", definition, dry_run))

    def update_operation(self, definition: Definition, *, dry_run: bool = False) -> Operation:
        """Change the operation of the definition's `Name`; workflows that use it become stale."""
        return cast(Operation, self._define("PUT", "operation", definition, dry_run))

    def operations(self, limit: int | None = None) -> Iterator[Operation]:
        """Yield all operations, `limit` a request."""
        return self.listed(("workflow", "operation"), _paged(limit))

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
        return self.listed(("workflow", "stage"), _paged(limit))

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
        return self.listed(("workflow",), _paged(limit))

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

    def start(
        self,
        workflow: str | None = None,
        *,
        stage: str | None = None,
        media: Mapping[str, Mapping[str, str]] | None = None,
        asset_id: str | None = None,
        configuration: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        dry_run: bool = False,
    ) -> Execution:
        """Run a workflow, or one stage alone, on media (`{type: {"S3Bucket", "S3Key"}}`) or on a known asset.

        `configuration` overrides by stage, then by operation. The run is queued when this returns: see `wait`.
        Raises InvalidArgument unless exactly one of workflow and stage is given, and one of media and asset.
        """
        if (workflow is None) == (stage is None) or (media is None) == (asset_id is None):
            raise InvalidArgument("a run needs a workflow or a stage, and media or an asset")
        body: dict[str, Any] = {"Name": workflow} if workflow is not None else {"Stage": stage}
        body["Input"] = {"AssetId": asset_id} if asset_id is not None else {"Media": media}
        if configuration is not None:
            body["Configuration"] = configuration
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else None
        started = self.request("POST", ("workflow", "execution"), query=_dry(dry_run), body=body, headers=headers)
        return cast(Execution, started)

    def execution(self, run_id: str) -> Execution:
        """Return a run as a whole."""
        return cast(Execution, self.request("GET", ("workflow", "execution", run_id)))

    def executions(self, limit: int | None = None) -> Iterator[ExecutionSummary]:
        """Yield all runs, newest first, in the small shape; `limit` a request."""
        return self.listed(("workflow", "execution"), {"view": "summary", **_paged(limit)})

    def executions_whole(self, limit: int | None = None) -> Iterator[Execution]:
        """Yield all runs, newest first, as a whole each; `limit` (at most 50) a request."""
        return self.listed(("workflow", "execution"), _paged(limit))

    def executions_by_status(self, status: str, limit: int | None = None) -> Iterator[ExecutionSummary]:
        """Yield the runs of a status."""
        return self.listed(("workflow", "execution", "status", status), _paged(limit))

    def executions_by_asset(self, asset_id: str, limit: int | None = None) -> Iterator[ExecutionSummary]:
        """Yield the runs of an asset, newest first."""
        return self.listed(("workflow", "execution", "asset", asset_id), _paged(limit))

    def resume(self, run_id: str, waiting_stage: str) -> ExecutionSummary:
        """Let a run go on that waits in a stage."""
        body = {"WaitingStageName": waiting_stage}
        return cast(ExecutionSummary, self.request("PUT", ("workflow", "execution", run_id), body=body))

    def cancel(self, run_id: str, reason: str | None = None) -> ExecutionSummary:
        """End a run that hasn't ended; an ended one is a conflict (409), a canceled one no matter."""
        body = None if reason is None else {"Reason": reason}
        canceled = self.request("POST", ("workflow", "execution", run_id, "cancel"), body=body)
        return cast(ExecutionSummary, canceled)

    def delete_execution(self, run_id: str) -> Execution:
        """Forget a run that has ended, and return it."""
        return cast(Execution, self.request("DELETE", ("workflow", "execution", run_id)))

    def _define(self, method: str, kind: str | None, definition: Definition, dry_run: bool) -> Any:
        path = ("workflow", kind) if kind else ("workflow",)
        return self.request(method, path, query=_dry(dry_run), body=dict(definition))


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "true"} if dry_run else {}


def _forced(force: bool) -> dict[str, str]:
    return {"force": "true"} if force else {}


def _paged(limit: int | None) -> dict[str, str]:
    return {} if limit is None else {"limit": str(limit)}
