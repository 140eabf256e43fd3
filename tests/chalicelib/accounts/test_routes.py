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


@pytest.mark.parametrize("name", ["0d9e6a4e-4a3c-4a57-9f4c-3f6a2f0f5c11", "a%20b@example.com", "+"])
def test_the_pool_is_not_asked_for_names_that_nobody_registers(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A user's id, by which the pool knows them too, is no name to log in with."""
    import app

    monkeypatch.setattr(pool, "log_in", lambda *_: pytest.fail("it was asked"))
    answer = Client(app.app).http.post(
        "/v1/auth/login",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=f"username={name}&password=secret".encode(),
    )

    assert answer.status_code == 401
    assert json.loads(answer.body)["detail"] == "Invalid credentials"
