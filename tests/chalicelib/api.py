"""Rooms as their callers see them: requests over HTTP, answered by the app in process."""

from __future__ import annotations

import importlib
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalice.test import Client


@dataclass(frozen=True)
class Reply:
    """An answer: `body` is parsed JSON, or the text when it is none."""

    status: int
    body: Any
    headers: dict[str, str]


Api = Callable[..., Reply]


def serve() -> Api:
    """The API of all rooms: call it with method, path with its query, and body.

    There is one app in a process: a blueprint of Chalice's can be registered once.
    """
    app: Any = importlib.import_module("app").app
    client = Client(app)

    def call(method: str, path: str, body: Any = None) -> Reply:
        text = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="IAMAuthorizer is not a supported in local mode")
            answer = client.http.request(method, path, headers={"Content-Type": "application/json"}, body=text)
        return Reply(answer.status_code, _parsed(answer.body), dict(answer.headers))

    return call


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except json.JSONDecodeError:
        return body.decode()
