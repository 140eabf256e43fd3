"""The routes of runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from mediawright.client.documents import Deleted, Execution, ExecutionSummary, Resumed, Retried
from mediawright.client.transport import Transport, dry, given, keyed, paged
from mediawright.errors import InvalidArgument

_PATH = ("workflow", "execution")

Overrides = Mapping[str, Any]
"""A configuration by stage, then by operation: `{stage: {operation: {member: value}}}`."""


class ExecutionRoutes(Transport):
    """What runs. Every method raises ApiError and ConnectionFailed.

    `dry_run` validates all, answers what would be, and writes nothing.
    """

    def start(
        self,
        workflow: str | None = None,
        *,
        stage: str | None = None,
        media: Mapping[str, Mapping[str, str]] | None = None,
        asset_id: str | None = None,
        configuration: Overrides | None = None,
        priority: int | None = None,
        timeout_seconds: int | None = None,
        timeouts: Mapping[str, Mapping[str, int]] | None = None,
        webhook: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        dry_run: bool = False,
    ) -> Execution:
        """Run a workflow, or one stage alone, on media (`{type: {"S3Bucket", "S3Key"}}`) or on a known asset.

        `configuration` overrides by stage, then by operation. `priority` is 0 to 9, the most urgent. The whole run
        may take `timeout_seconds`, its operations `timeouts` (`{stage: {operation: seconds}}`). `webhook`
        (`{"Url", "Secret"}`) is told of the run's changes. The run is queued when this returns: see `wait`; with an
        `idempotency_key` that was used in the last 24 hours, it is the run that was made then.
        Raises InvalidArgument unless exactly one of workflow and stage is given, and one of media and asset.
        """
        if (workflow is None) == (stage is None) or (media is None) == (asset_id is None):
            raise InvalidArgument("a run needs a workflow or a stage, and media or an asset")
        body = given(
            Name=workflow,
            Stage=stage,
            Input={"AssetId": asset_id} if asset_id is not None else {"Media": media},
            Configuration=configuration,
            Priority=priority,
            TimeoutSeconds=timeout_seconds,
            Timeouts=timeouts,
            Webhook=webhook,
        )
        started = self.request("POST", _PATH, query=dry(dry_run), body=body, headers=keyed(idempotency_key))
        return cast(Execution, started)

    def execution(self, run_id: str) -> Execution:
        """Return a run as a whole."""
        return cast(Execution, self.request("GET", (*_PATH, run_id)))

    def executions(self, limit: int | None = None) -> Iterator[ExecutionSummary]:
        """Yield all runs, newest first, in the small shape; `limit` a request."""
        return self.listed(_PATH, {"view": "summary", **paged(limit)})

    def executions_whole(self, limit: int | None = None) -> Iterator[Execution]:
        """Yield all runs, newest first, as a whole each; `limit` (at most 50) a request."""
        return self.listed(_PATH, paged(limit))

    def executions_by_status(self, status: str, limit: int | None = None) -> Iterator[ExecutionSummary]:
        """Yield the runs of a status."""
        return self.listed((*_PATH, "status", status), paged(limit))

    def executions_by_asset(self, asset_id: str, limit: int | None = None) -> Iterator[ExecutionSummary]:
        """Yield the runs of an asset, newest first."""
        return self.listed((*_PATH, "asset", asset_id), paged(limit))

    def resume(
        self,
        run_id: str,
        waiting_stage: str,
        *,
        operation: str | None = None,
        reason: str | None = None,
        dry_run: bool = False,
    ) -> Resumed:
        """Let a run go on that waits in a stage: all of the stage's waits, or one operation's.

        A run that doesn't wait is a conflict (409), another stage than the one it waits in a mistake (400).
        """
        body = given(WaitingStageName=waiting_stage, Operation=operation, Reason=reason)
        return cast(Resumed, self.request("PUT", (*_PATH, run_id), query=dry(dry_run), body=body))

    def cancel(self, run_id: str, reason: str | None = None, *, dry_run: bool = False) -> ExecutionSummary:
        """End a run that hasn't ended; an ended one is a conflict (409), a canceled one no matter."""
        return self._acted(run_id, "cancel", given(Reason=reason) or None, dry_run)

    def retry(
        self, run_id: str, configuration: Overrides | None = None, *, dry_run: bool = False
    ) -> ExecutionSummary:
        """Run again what failed or never ran of a run that ended as Error or Canceled (409 otherwise).

        Members of `configuration` take the place of those that the run was given.
        """
        return self._acted(run_id, "retry", given(Configuration=configuration) or None, dry_run)

    def callback(
        self,
        run_id: str,
        operation: str,
        token: str,
        status: str,
        *,
        media: Mapping[str, Mapping[str, str]] | None = None,
        metadata: Mapping[str, Any] | None = None,
        error: str | None = None,
        cause: str | None = None,
        dry_run: bool = False,
    ) -> ExecutionSummary:
        """Answer a Callback operation with the token that its function was handed.

        `status` is Complete, Error, or Executing, which prolongs its heartbeat. A token that isn't the operation's is
        forbidden (403), one that was answered otherwise a conflict (409).
        """
        body = given(
            Operation=operation,
            Token=token,
            Status=status,
            Media=media,
            MetaData=metadata,
            Error=error,
            Cause=cause,
        )
        return self._acted(run_id, "callback", body, dry_run)

    def retry_many(
        self,
        workflow: str,
        *,
        status: str | None = None,
        since: str | None = None,
        before: str | None = None,
        error_prefix: str | None = None,
        limit: int | None = None,
        configuration: Overrides | None = None,
        dry_run: bool = False,
    ) -> Retried:
        """Retry runs of a workflow: of a status, created since and before these times (ISO 8601, or seconds since
        1970), whose message begins so; `limit` of them (100 unless told, 1000 at most).

        One request works for some seconds. With `More`, the same one with `Next` as its `since` goes on.
        """
        body = _selection(workflow, status, since, before, error_prefix, limit)
        body |= given(Configuration=configuration)
        return cast(Retried, self.request("POST", (*_PATH, "retry"), query=dry(dry_run), body=body))

    def delete_many(
        self,
        workflow: str,
        *,
        status: str | None = None,
        since: str | None = None,
        before: str | None = None,
        error_prefix: str | None = None,
        limit: int | None = None,
        dry_run: bool = False,
    ) -> Deleted:
        """Delete ended runs of a workflow, selected as by `retry_many`."""
        body = _selection(workflow, status, since, before, error_prefix, limit)
        return cast(Deleted, self.request("POST", (*_PATH, "delete"), query=dry(dry_run), body=body))

    def delete_execution(self, run_id: str) -> Execution:
        """Forget a run that has ended, and return it."""
        return cast(Execution, self.request("DELETE", (*_PATH, run_id)))

    def _acted(self, run_id: str, action: str, body: dict[str, Any] | None, dry_run: bool) -> ExecutionSummary:
        answer = self.request("POST", (*_PATH, run_id, action), query=dry(dry_run), body=body)
        return cast(ExecutionSummary, answer)


def _selection(
    workflow: str,
    status: str | None,
    since: str | None,
    before: str | None,
    error_prefix: str | None,
    limit: int | None,
) -> dict[str, Any]:
    return given(Workflow=workflow, Status=status, Since=since, Before=before, ErrorPrefix=error_prefix, Limit=limit)
