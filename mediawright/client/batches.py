"""The routes of batches: many runs by one request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from mediawright.client.documents import Batch, BatchRun
from mediawright.client.executions import Overrides
from mediawright.client.transport import Transport, dry, given, keyed, paged
from mediawright.errors import InvalidArgument

_PATH = ("workflow", "execution", "batch")


class BatchRoutes(Transport):
    """Batches and their runs. Every method raises ApiError and ConnectionFailed."""

    def create_batch(
        self,
        workflow: str | None = None,
        *,
        stage: str | None = None,
        inputs: Sequence[Mapping[str, Any]] | None = None,
        manifest: Mapping[str, str] | None = None,
        prefix: Mapping[str, str] | None = None,
        configuration: Overrides | None = None,
        priority: int | None = None,
        tolerated_failure_percentage: int | None = None,
        on_bad_line: str | None = None,
        idempotency_key: str | None = None,
        dry_run: bool = False,
    ) -> Batch:
        """Run a workflow, or one stage alone, on many inputs.

        They are `inputs` (up to 1000 of `{"Input", "Configuration", "Priority"}`), the lines of a `manifest`
        (`{"S3Bucket", "S3Key"}`), or all objects under a `prefix` (`{"S3Bucket", "S3Prefix", "MediaType"}`).
        `on_bad_line` is reject or skip. The items are checked and run after this returns: see `wait_batch`.
        Raises InvalidArgument unless exactly one of workflow and stage is given, and one kind of input.
        """
        kinds = sum(kind is not None for kind in (inputs, manifest, prefix))
        if (workflow is None) == (stage is None) or kinds != 1:
            raise InvalidArgument("a batch needs a workflow or a stage, and inputs, a manifest or a prefix")
        body = given(
            Name=workflow,
            Stage=stage,
            Inputs=inputs,
            Manifest=manifest,
            Prefix=prefix,
            Configuration=configuration,
            Priority=priority,
            ToleratedFailurePercentage=tolerated_failure_percentage,
            OnBadLine=on_bad_line,
        )
        made = self.request("POST", _PATH, query=dry(dry_run), body=body, headers=keyed(idempotency_key))
        return cast(Batch, made)

    def batch(self, batch_id: str) -> Batch:
        """Return a batch with its counts and the first of its refused items."""
        return cast(Batch, self.request("GET", (*_PATH, batch_id)))

    def batches(self, limit: int | None = None) -> Iterator[Batch]:
        """Yield all batches, newest first, without their refused items; `limit` a request."""
        return self.listed(_PATH, paged(limit))

    def batch_runs(self, batch_id: str, limit: int | None = None) -> Iterator[BatchRun]:
        """Yield the runs of a batch, each with the `Line` or the `Key` that it was made of."""
        return self.listed((*_PATH, batch_id, "runs"), paged(limit))

    def cancel_batch(self, batch_id: str, reason: str | None = None, *, dry_run: bool = False) -> Batch:
        """End a batch: nothing more is submitted, and its open runs are canceled."""
        return self._batch_acted(batch_id, "cancel", given(Reason=reason), dry_run)

    def retry_batch(self, batch_id: str, configuration: Overrides | None = None, *, dry_run: bool = False) -> Batch:
        """Run again what of a batch failed or was canceled."""
        return self._batch_acted(batch_id, "retry", given(Configuration=configuration), dry_run)

    def _batch_acted(self, batch_id: str, action: str, body: dict[str, Any], dry_run: bool) -> Batch:
        answer = self.request("POST", (*_PATH, batch_id, action), query=dry(dry_run), body=body or None)
        return cast(Batch, answer)
