"""Which page's scripts may read the API's answers."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from chalice.test import Client

from chalicelib.aws import settings

APP, DESK = "https://app.example.com", "http://localhost:3000"


def headers(monkeypatch: pytest.MonkeyPatch, allowed: str, asked: str | None, path: str = "/version") -> Any:
    import app

    monkeypatch.setenv("CORS_ALLOWED_ORIGINS", allowed)
    settings.settings.cache_clear()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IAMAuthorizer is not a supported in local mode")
        sent = {"Origin": asked} if asked else {}
        return Client(app.app).http.get(path, headers=sent).headers


@pytest.mark.parametrize("asked", [APP, "https://evil.example", None])
def test_by_default_any_page_may(aws: None, monkeypatch: pytest.MonkeyPatch, asked: str | None) -> None:
    answered = headers(monkeypatch, "*", asked)

    assert answered["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in answered


@pytest.mark.parametrize(
    ("asked", "named"), [(APP, APP), (DESK, DESK), ("https://evil.example", APP), ("null", APP), (None, APP)]
)
def test_of_several_origins_the_one_that_asks_is_named(
    aws: None, monkeypatch: pytest.MonkeyPatch, asked: str | None, named: str
) -> None:
    answered = headers(monkeypatch, f"{APP},{DESK}", asked)

    assert answered["Access-Control-Allow-Origin"] == named
    assert answered["Vary"] == "Origin"


def test_refusals_name_it_too(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = headers(monkeypatch, f"{APP},{DESK}", DESK, "/workflow/execution/nobody")

    assert answered["Access-Control-Allow-Origin"] == DESK
