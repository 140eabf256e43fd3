"""Every request is answered once, whatever happens, and the address is told to nobody."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chalicelib.aws import response_urls
from chalicelib.resources import entrances, handling
from chalicelib.web.errors import BadRequestError
from tests.chalicelib.resources.test_handling import OPERATION, event


class Address:
    """Where answers arrive; `statuses` are what it answers first, one after the other."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str]] = []
        self.statuses: list[int] = []
        self.arrived = threading.Event()
        address = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                address.requests.append((self.path, self.headers.get("Content-Type", "")))
                status = address.statuses.pop(0) if address.statuses else 200
                if status == 200:
                    address.answers.append(json.loads(body))
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.send_header("Content-Length", "0")
                self.end_headers()
                address.arrived.set()

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def address(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Address]:
    made = Address()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    monkeypatch.setattr(response_urls, "s3_endpoint", lambda: made.url)
    monkeypatch.setattr(response_urls, "_PAUSE_SECONDS", 0.0)
    yield made
    made.server.shutdown()
    made.server.server_close()


class Context:
    aws_request_id = "invocation-1"

    def __init__(self, seconds: float = 120) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


def ask(address: Address, seconds: float = 120, **members: Any) -> None:
    asked = event("Create", OPERATION, ResponseURL=f"{address.url}/secret/answer?X-Amz-Signature=s%2F1", **members)
    entrances.custom_resource(asked, Context(seconds))


def test_a_request_is_answered_at_its_address(address: Address) -> None:
    ask(address)

    [answer] = address.answers
    assert (answer["Status"], answer["Data"]["Name"]) == ("SUCCESS", "greet")
    assert address.requests == [("/secret/answer?X-Amz-Signature=s%2F1", "")]


def test_what_is_refused_is_answered_with_the_apis_reason(address: Address) -> None:
    ask(address, ResourceProperties={**OPERATION, "Type": "Other"}, RequestId="r1")

    [answer] = address.answers
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "not-created/r1")
    assert answer["Reason"].startswith("Type: 'Other' is not one of")


@pytest.mark.parametrize(
    "broken", [{"StackId": None}, {"RequestType": 7}, {"ResourceProperties": []}, {"RequestId": 1}]
)
def test_a_broken_request_is_answered_too(address: Address, broken: dict[str, Any]) -> None:
    ask(address, **broken)

    assert [answer["Status"] for answer in address.answers] == ["FAILED"]


def test_a_failure_of_the_engine_is_answered_without_its_secrets(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Any) -> None:
        raise KeyError("internals")

    monkeypatch.setattr(handling, "handle", fails)

    ask(address)

    [answer] = address.answers
    assert answer["Reason"] == "the engine failed; its log tells why under the request id invocation-1"


def test_the_address_is_never_logged(address: Address, log: pytest.LogCaptureFixture) -> None:
    address.statuses = [503]

    ask(address)

    assert "secret" not in log.text
    assert "X-Amz-Signature" not in log.text


@pytest.mark.parametrize("status", [500, 503])
def test_an_address_that_fails_for_now_is_asked_again(address: Address, status: int) -> None:
    address.statuses = [status, status]

    ask(address)

    assert len(address.answers) == 1


@pytest.mark.parametrize("status", [307, 403])
def test_an_answer_that_is_not_taken_fails_the_invocation_which_lambda_repeats(address: Address, status: int) -> None:
    address.statuses = [status]

    with pytest.raises(response_urls.AnswerNotTaken) as failed:
        ask(address, RequestId="r1")

    assert str(failed.value) == f"status {status}"
    ask(address, RequestId="r1")
    assert [answer["Status"] for answer in address.answers] == ["SUCCESS"]


def test_nothing_is_done_for_an_address_elsewhere(address: Address) -> None:
    with pytest.raises(BadRequestError, match="ResponseURL"):
        entrances.custom_resource(event("Create", OPERATION, ResponseURL="https://example.com/"), Context())

    ask(address)
    assert address.answers[0]["Status"] == "SUCCESS"


def test_what_takes_too_long_is_answered_in_time_and_taken_back(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    do = handling.handle

    def slowly(request: Any) -> Any:
        assert address.arrived.wait(10)
        return do(request)

    monkeypatch.setattr(handling, "handle", slowly)

    ask(address, seconds=0)

    [answer] = address.answers
    assert (answer["Status"], answer["Reason"]) == ("FAILED", "the engine could not do this in time; try again")
    assert handling._there("operation", "greet") is None
