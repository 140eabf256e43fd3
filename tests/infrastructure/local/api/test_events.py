from __future__ import annotations

import base64
import json

import pytest

from infrastructure.local.api.events import HttpRequest, MalformedAnswer, http_answer, lambda_event
from infrastructure.local.invocation import Invocation


def request(query: str = "", body: bytes = b"", **headers: str) -> HttpRequest:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpRequest("POST", "/workflow/a", query, named, body)


def test_an_event_has_the_members_that_chalice_reads() -> None:
    event = lambda_event(request("x=1&x=2&empty=", b'{"a": "\xc3\xa4"}'), "/workflow/{name}", {"name": "a"}, (), None)

    assert event["requestContext"]["resourcePath"] == "/workflow/{name}"
    assert event["requestContext"]["path"] == "/api/workflow/a"
    assert event["pathParameters"] == {"name": "a"}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "empty": [""]}
    assert event["queryStringParameters"] == {"x": "2", "empty": ""}
    assert event["body"] == '{"a": "ä"}'
    assert event["isBase64Encoded"] is False


def test_without_query_and_body_the_event_says_null() -> None:
    event = lambda_event(request(), "/x", {}, (), None)

    assert event["multiValueQueryStringParameters"] is None
    assert event["pathParameters"] is None
    assert event["body"] is None


def test_a_binary_body_travels_in_base64() -> None:
    event = lambda_event(request(body=b"\xff\x00", Content_Type="image/png; x=y"), "/x", {}, {"image/png"}, None)

    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"\xff\x00"


def test_bytes_that_are_not_text_are_replaced_as_api_gateway_does() -> None:
    event = lambda_event(request(body=b"a\xffb"), "/x", {}, (), None)

    assert event["body"] == "a\ufffdb"


def test_a_verified_caller_is_named() -> None:
    assert lambda_event(request(), "/x", {}, (), "AKIA1")["requestContext"]["identity"]["accessKey"] == "AKIA1"


def test_an_answer_keeps_status_headers_and_repeated_headers() -> None:
    returned = {
        "statusCode": 201,
        "headers": {"Content-Type": "text/plain"},
        "multiValueHeaders": {"X": ["a", "b"]},
        "body": "é",
    }

    answer = http_answer(Invocation(json.dumps(returned).encode()))

    assert answer.status == 201
    assert answer.headers == {"Content-Type": "text/plain", "X": "a, b"}
    assert answer.body.decode() == "é"


def test_a_binary_answer_is_decoded() -> None:
    returned = {"statusCode": 200, "body": base64.b64encode(b"\x00\x01").decode(), "isBase64Encoded": True}

    assert http_answer(Invocation(json.dumps(returned).encode())).body == b"\x00\x01"


@pytest.mark.parametrize(
    "payload", [b"null", b"[]", b'{"body": "x"}', b'{"statusCode": "x"}', b'{"statusCode": 200, "body": {}}', b"<"]
)
def test_anything_else_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        http_answer(Invocation(payload))


def test_a_functions_error_is_malformed_too() -> None:
    with pytest.raises(MalformedAnswer):
        http_answer(Invocation(b'{"statusCode": 200}', "Unhandled"))
