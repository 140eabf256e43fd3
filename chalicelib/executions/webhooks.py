"""The webhook of one run: where it is to be told of, and the secret that signs what is sent. Kept beside the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.aws import dynamodb, transaction
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Write
from chalicelib.web import destinations
from chalicelib.web.errors import BadRequestError

PART = "webhook"
MIN_SECRET, MAX_SECRET = 16, 256
"""Characters of a secret."""


@dataclass(frozen=True)
class RunWebhook:
    """What is stored; the secret is never answered, logged or published."""

    url: str
    secret: str


def check(member: Any) -> None:
    """Raise BadRequestError, naming the field, unless the member `Webhook` of a new run is `{Url, Secret}`."""
    if not isinstance(member, dict) or set(member) != {"Url", "Secret"}:
        raise BadRequestError("Webhook: an object of Url and Secret, and nothing else, is expected")
    check_url(member["Url"], "Webhook.Url")
    check_secret(member["Secret"], "Webhook.Secret")


def check_url(url: Any, field: str) -> None:
    """Raise BadRequestError for what is no URL that webhooks may be sent to."""
    if not isinstance(url, str):
        raise BadRequestError(f"{field}: a text is expected")
    destinations.checked(url, field, destinations.networks(settings().webhook_allowed_networks))


def check_secret(secret: Any, field: str) -> None:
    """Raise BadRequestError for what is no secret; the message doesn't repeat it."""
    if not isinstance(secret, str) or not (MIN_SECRET <= len(secret) <= MAX_SECRET and _is_printable(secret)):
        raise BadRequestError(f"{field}: {MIN_SECRET} to {MAX_SECRET} printable ASCII characters are expected")


def _is_printable(text: str) -> bool:
    return text.isascii() and text.isprintable()


def put(run_id: str, webhook: Mapping[str, str]) -> Write:
    """The write that keeps a webhook that `check` let pass; it belongs into the transaction that makes the run."""
    item = {"Id": run_id, "Part": PART, "Url": webhook["Url"], "Secret": webhook["Secret"]}
    return transaction.put(settings().executions_table, item)


def read(run_id: str) -> RunWebhook | None:
    """A run's webhook; None when it has none, or is gone."""
    item = dynamodb.get(settings().executions_table, {"Id": run_id, "Part": PART})
    return RunWebhook(item["Url"], item["Secret"]) if item else None
