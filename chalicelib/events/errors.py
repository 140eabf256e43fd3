"""What can be wrong with a webhook."""

from __future__ import annotations

from chalicelib.web.errors import ConflictError, NotFoundError


class UnknownWebhookError(NotFoundError):
    """There is no webhook of this name."""

    code = "NotFoundError"


class WebhookExistsError(ConflictError):
    """The name is taken, or there are as many webhooks as there may be."""

    code = "ConflictError"
