"""What the walk through the media jobs' contract needs on top of the engine: people with accounts."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.system.conftest import Engine

PASSWORD = "correct horse"


@dataclass
class Person:
    """Somebody with an account, and what they do with the API."""

    engine: Engine
    email: str
    id: str
    tokens: dict[str, str]
    password: str = field(default=PASSWORD, repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What authenticates a request."""
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request to a path below `/v1`, with this person's token."""
        return self.engine.http.request(method, f"v1/{path}", headers=self.headers, **options)

    def log_in(self) -> None:
        """Get new tokens."""
        form = {"username": self.email, "password": self.password}
        self.tokens = data(self.engine.http.post("v1/auth/login", data=form), 200, flat=True)


def data(answer: httpx.Response, status: int = 200, *, flat: bool = False) -> Any:
    """What a success answers, out of its envelope."""
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url}: {answer.text[:800]}"
    body = answer.json()
    if flat:
        return body
    assert set(body) == {"success", "data", "message"}
    assert body["success"] is True
    return body["data"]


def detail(answer: httpx.Response, status: int) -> Any:
    """Why a request was refused."""
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url}: {answer.text[:800]}"
    body = answer.json()
    assert set(body) == {"detail"}
    if status == 422:
        assert all(set(wrong) == {"loc", "msg", "type"} for wrong in body["detail"])
    return body["detail"]


def address() -> str:
    """An e-mail address that nobody has."""
    return f"person-{uuid.uuid4().hex[:12]}@example.com"


def somebody(engine: Engine) -> Person:
    """A person with a new account."""
    email = address()
    answer = engine.http.post("v1/auth/register", json={"email": email, "password": PASSWORD})
    registered = data(answer, 201)
    return Person(engine, email, registered["user"]["id"], registered["tokens"])


@pytest.fixture
def person(engine: Engine) -> Person:
    return somebody(engine)
