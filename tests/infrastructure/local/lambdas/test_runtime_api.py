"""The Runtime API over a plain socket, as any runtime would use it."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.local.lambdas.runtime_api import NextEvent, RuntimeApi, RuntimeRequest

BASE = "/2018-06-01/runtime"


@pytest.fixture
def api() -> Iterator[RuntimeApi]:
    served = RuntimeApi()
    yield served
    served.close()


def served(api: RuntimeApi, wanted: str) -> RuntimeRequest:
    while True:
        request, _output = api.poll(5, -1)
        if request and request.action == wanted:
            return request


def test_a_runtime_gets_an_event_and_answers_on_one_connection(api: RuntimeApi) -> None:
    answers: list[Any] = []

    def runtime() -> None:
        connection = http.client.HTTPConnection(api.address)
        connection.request("GET", f"{BASE}/invocation/next")
        event = connection.getresponse()
        answers.append((dict(event.headers), json.loads(event.read())))
        connection.request("POST", f"{BASE}/invocation/id-1/response", body=b'"' + b"x" * 2_000_000 + b'"')
        accepted = connection.getresponse()
        accepted.read()
        answers.append(accepted.status)
        connection.close()

    thread = threading.Thread(target=runtime)
    thread.start()
    served(api, "next")
    api.send(NextEvent("id-1", "arn:f", 1234, b'{"a": 1}', "trace"))
    response = served(api, "response")
    thread.join(5)

    headers, event = answers[0]
    assert event == {"a": 1}
    assert headers["Lambda-Runtime-Aws-Request-Id"] == "id-1"
    assert headers["Lambda-Runtime-Deadline-Ms"] == "1234"
    assert headers["Lambda-Runtime-Invoked-Function-Arn"] == "arn:f"
    assert (response.invocation, len(response.body)) == ("id-1", 2_000_002)
    assert answers[1] == 202


def test_an_unknown_path_is_not_found(api: RuntimeApi) -> None:
    statuses: list[int] = []

    def runtime() -> None:
        connection = http.client.HTTPConnection(api.address)
        connection.request("GET", f"{BASE}/no/such/path")
        statuses.append(connection.getresponse().status)
        connection.close()

    thread = threading.Thread(target=runtime)
    thread.start()
    while thread.is_alive():
        assert api.poll(0.05, -1)[0] is None

    assert statuses == [404]


def test_an_event_for_nobody_is_an_error(api: RuntimeApi) -> None:
    with pytest.raises(ConnectionError):
        api.send(NextEvent("id-1", "arn:f", 1234, b"{}"))
