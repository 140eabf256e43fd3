"""How often an address may ask the routes that need no account."""

from __future__ import annotations

import json
from typing import Any

import pytest
from chalice.test import Client

from chalicelib.accounts import pool
from chalicelib.accounts.errors import InvalidToken
from chalicelib.aws import clock
from chalicelib.aws import settings as engine_settings

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def refreshing(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A pool that knows no token, and the tokens that it was asked for."""
    asked: list[str] = []

    def refuse(token: str) -> None:
        asked.append(token)
        raise InvalidToken("Invalid refresh token")

    monkeypatch.setattr(pool, "refresh", refuse)
    monkeypatch.setenv("JOB_LIMITS", "account=3")
    monkeypatch.setattr(clock, "time_source", lambda: 1_800_000_000.0)
    engine_settings.settings.cache_clear()
    return asked


def refresh() -> Any:
    import app

    return Client(app.app).http.post(
        "/v1/auth/refresh",
        headers={"Content-Type": "application/json"},
        body=json.dumps({"refresh_token": "x"}).encode(),
    )


def test_an_address_is_stopped_before_the_pool_is_asked(refreshing: list[str]) -> None:
    answers = [refresh() for _ in range(5)]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert len(refreshing) == 3
    assert "Retry-After" in answers[-1].headers
    assert "3 per 1 minute" in json.loads(answers[-1].body)["detail"]
