"""Calling operators' functions: what they answer and raise, however strange, comes to those who called."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws import functions
from chalicelib.aws.functions import FunctionFailed


class Lambda:
    """Answers every invocation with the same."""

    def __init__(self, payload: bytes, error: str | None = None, refusal: str | None = None) -> None:
        self._payload, self._error, self._refusal = payload, error, refusal
        self.invoked: list[dict[str, Any]] = []

    def invoke(self, **request: Any) -> dict[str, Any]:
        self.invoked.append(request)
        if self._refusal:
            raise ClientError({"Error": {"Code": self._refusal, "Message": "no"}}, "Invoke")
        answer: dict[str, Any] = {"Payload": io.BytesIO(self._payload)}
        return answer | ({"FunctionError": self._error} if self._error else {})


def answering(monkeypatch: pytest.MonkeyPatch, *arguments: Any) -> Lambda:
    made = Lambda(*arguments)
    monkeypatch.setattr(functions, "patient_client", lambda _service: made)
    return made


@pytest.mark.parametrize(
    ("payload", "answer"), [(b'{"a": 1}', {"a": 1}), (b"null", None), (b"", None), (b"[1.5]", [1.5])]
)
def test_an_answer_is_returned(monkeypatch: pytest.MonkeyPatch, payload: bytes, answer: Any) -> None:
    made = answering(monkeypatch, payload)

    assert functions.call("arn", {"TaskToken": "ü"}) == answer
    assert json.loads(made.invoked[0]["Payload"]) == {"TaskToken": "ü"}


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"errorType": "InvalidInput", "errorMessage": "no"}, "InvalidInput"),
        ({"errorType": "Über.Fehler"}, "Über.Fehler"),
        ({"errorType": "a\0b"}, "ab"),
        ({"errorType": "\0"}, "Lambda.Unknown"),
        ({"errorType": ""}, "Lambda.Unknown"),
        ({"errorType": None}, "Lambda.Unknown"),
        ({"errorType": "x" * 300}, "x" * 256),
        ({"errorType": "half \ud800 pair"}, "half ? pair"),
        ({"errorType": {"a": 1}}, "{'a': 1}"),
        ({}, "Lambda.Unknown"),
        ([1], "Lambda.Unknown"),
        ("text", "Lambda.Unknown"),
        (None, "Lambda.Unknown"),
    ],
)
def test_what_a_function_raises_is_raised_by_its_name(monkeypatch: pytest.MonkeyPatch, told: Any, name: str) -> None:
    answering(monkeypatch, json.dumps(told).encode(), "Unhandled")

    with pytest.raises(FunctionFailed) as raised:
        functions.call("arn", {})

    assert type(raised.value).__name__ == name


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"{", b"Task timed out after 3.00 seconds"])
def test_a_failure_that_is_no_json_has_a_name_too(monkeypatch: pytest.MonkeyPatch, payload: bytes) -> None:
    answering(monkeypatch, payload, "Unhandled")

    with pytest.raises(FunctionFailed) as raised:
        functions.call("arn", {})

    assert type(raised.value).__name__ == "Lambda.Unknown"


def test_a_function_that_is_not_there_is_a_failure_and_a_refusal_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, b"", None, "ResourceNotFoundException")
    with pytest.raises(FunctionFailed) as raised:
        functions.call("arn", {})
    assert type(raised.value).__name__ == "Lambda.ResourceNotFoundException"

    answering(monkeypatch, b"", None, "TooManyRequestsException")
    with pytest.raises(ClientError):
        functions.call("arn", {})
