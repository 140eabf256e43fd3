"""The member Webhook of a new run: what is refused, and what is kept beside the run."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws import transaction
from chalicelib.executions import webhooks
from chalicelib.executions.webhooks import RunWebhook
from chalicelib.web.errors import BadRequestError

GOOD = {"Url": "https://hooks.example/run", "Secret": "0123456789abcdef"}


def test_a_webhook_is_kept_beside_its_run(aws: None) -> None:
    webhooks.check(GOOD)
    transaction.commit([webhooks.put("run-1", GOOD)])

    assert webhooks.read("run-1") == RunWebhook(GOOD["Url"], GOOD["Secret"])
    assert webhooks.read("run-2") is None


@pytest.mark.parametrize(
    ("member", "field"),
    [
        (None, "Webhook: "),
        ([], "Webhook: "),
        ("https://hooks.example/", "Webhook: "),
        ({}, "Webhook: "),
        ({"Url": GOOD["Url"]}, "Webhook: "),
        ({**GOOD, "Method": "PUT"}, "Webhook: "),
        ({**GOOD, "Url": None}, "Webhook.Url: "),
        ({**GOOD, "Url": "http://hooks.example/"}, "Webhook.Url: "),
        ({**GOOD, "Url": "https://10.0.0.1/"}, "Webhook.Url: "),
        ({**GOOD, "Secret": None}, "Webhook.Secret: "),
        ({**GOOD, "Secret": "short"}, "Webhook.Secret: "),
        ({**GOOD, "Secret": "s" * 257}, "Webhook.Secret: "),
        ({**GOOD, "Secret": "0123456789abcdef\n"}, "Webhook.Secret: "),
        ({**GOOD, "Secret": "0123456789abcdeé"}, "Webhook.Secret: "),
    ],
)
def test_anything_else_is_refused_naming_the_field_and_never_the_secret(member: Any, field: str) -> None:
    with pytest.raises(BadRequestError) as refusal:
        webhooks.check(member)

    assert str(refusal.value).startswith(field)
    assert "0123456789" not in str(refusal.value)


def test_an_allowed_network_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_ALLOWED_NETWORKS", "10.0.0.0/24, 127.0.0.0/8")

    webhooks.check({**GOOD, "Url": "http://10.0.0.1:8080/"})
