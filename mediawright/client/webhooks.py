"""The routes of webhooks: who is told of runs' changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from mediawright.client.documents import DeadDelivery, Webhook
from mediawright.client.transport import Transport, dry, given, paged

_PATH = ("system", "webhook")


class WebhookRoutes(Transport):
    """Webhooks. Every method raises ApiError and ConnectionFailed."""

    def create_webhook(
        self,
        name: str,
        url: str,
        *,
        workflow: str | None = None,
        statuses: Sequence[str] | None = None,
        secret: str | None = None,
        dry_run: bool = False,
    ) -> Webhook:
        """Have an address told of runs' changes: of all, or of one workflow, or to some statuses.

        Without a `secret` (16 to 256 printable characters) one is made; only this answer has it.
        """
        body = given(Name=name, Url=url, Workflow=workflow, Statuses=statuses, Secret=secret)
        return cast(Webhook, self.request("POST", _PATH, query=dry(dry_run), body=body))

    def webhooks(self) -> Iterator[Webhook]:
        """Yield all webhooks, without their secrets."""
        return self.listed(_PATH)

    def webhook(self, name: str) -> Webhook:
        """Return a webhook, without its secret."""
        return cast(Webhook, self.request("GET", (*_PATH, name)))

    def delete_webhook(self, name: str) -> Webhook:
        """Delete a webhook, and what is on its way to it."""
        return cast(Webhook, self.request("DELETE", (*_PATH, name)))

    def dead_deliveries(self, limit: int | None = None) -> Iterator[DeadDelivery]:
        """Yield what was given up in the last 30 days, the latest first; `limit` a request."""
        return self.listed((*_PATH, "dead"), paged(limit))
