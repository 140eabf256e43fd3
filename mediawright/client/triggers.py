"""The routes of triggers: what starts runs by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from mediawright.client.documents import Trigger
from mediawright.client.transport import Definition, Transport, dry, keyed, paged

_PATH = ("workflow", "trigger")


class TriggerRoutes(Transport):
    """Triggers. Every method raises ApiError and ConnectionFailed.

    `dry_run` validates all, answers what would be made, and writes nothing.
    """

    def create_trigger(
        self, definition: Definition, *, idempotency_key: str | None = None, dry_run: bool = False
    ) -> Trigger:
        """Make a trigger of one of `S3`, `EventPattern`, `SNS` and `Schedule`."""
        headers = keyed(idempotency_key)
        made = self.request("POST", _PATH, query=dry(dry_run), body=dict(definition), headers=headers)
        return cast(Trigger, made)

    def update_trigger(self, trigger_id: str, definition: Definition, *, dry_run: bool = False) -> Trigger:
        """Replace a trigger's definition; what it is triggered by stays of one kind."""
        changed = self.request("PUT", (*_PATH, trigger_id), query=dry(dry_run), body=dict(definition))
        return cast(Trigger, changed)

    def trigger(self, trigger_id: str) -> Trigger:
        """Return a trigger, with what became of its last deliveries."""
        return cast(Trigger, self.request("GET", (*_PATH, trigger_id)))

    def triggers(self, limit: int | None = None) -> Iterator[Trigger]:
        """Yield all triggers, `limit` (at most 100) a request."""
        return self.listed(_PATH, paged(limit))

    def delete_trigger(self, trigger_id: str) -> Trigger:
        """Delete a trigger and return it; the runs that it made stay."""
        return cast(Trigger, self.request("DELETE", (*_PATH, trigger_id)))
