from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from infrastructure.local.api.events import HttpRequest
from infrastructure.local.api.routes import Routes
from infrastructure.local.api.server import ApiServer, Gateway, Refused
from infrastructure.local.invocation import Invocation


def operation(**members: Any) -> dict[str, Any]:
    return {"x-amazon-apigateway-integration": {"type": "aws_proxy"}, **members}


MOCK = {
    "x-amazon-apigateway-integration": {
        "type": "mock",
        "responses": {
            "default": {
                "statusCode": "200",
                "responseParameters": {"method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS'"},
            }
        },
    }
}
BODY = {
    "paths": {
        "/": {"get": operation()},
        "/open": {"get": operation(), "options": MOCK},
        "/echo/{name}": {"post": operation(security=[{"sigv4": []}])},
    }
}


def echo(payload: bytes) -> Invocation:
    """Answers what the function was told."""
    event = json.loads(payload)
    told = {name: event[name] for name in ("path", "resource", "pathParameters", "body", "requestContext")}
    return Invocation(json.dumps({"statusCode": 200, "headers": {}, "body": json.dumps(told)}).encode())


@contextmanager
def serving(gateway: Gateway) -> Iterator[int]:
    server = ApiServer(0, gateway)
    server.start()
    try:
        yield server.server_port
    finally:
        server.stop()


@pytest.fixture
def port() -> Iterator[int]:
    with serving(Gateway(Routes(BODY), echo)) as port:
        yield port


def call(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, headers, encode_chunked="Transfer-Encoding" in headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, dict(answer.getheaders()), json.loads(text) if text else None
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/api/echo/x", "/api//echo/x", "/api/echo//x", "/api///echo/x/"])
def test_doubled_slashes_count_as_one(port: int, path: str) -> None:
    status, _, told = call(port, "POST", path, b"{}")

    assert status == 200
    assert told["resource"] == "/echo/{name}"
    assert told["pathParameters"] == {"name": "x"}


@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_the_stage_itself_is_the_root(port: int, path: str) -> None:
    assert call(port, "GET", path)[2]["resource"] == "/"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/open"), ("GET", "/apix/open"), ("GET", "/api/nothing"), ("PUT", "/api/open")],
)
def test_anything_else_lacks_an_authentication_token(port: int, method: str, path: str) -> None:
    status, _, told = call(port, method, path)

    assert (status, told) == (403, {"message": "Missing Authentication Token"})


def test_head_is_not_get_and_has_no_body(port: int) -> None:
    status, headers, told = call(port, "HEAD", "/api/open")

    assert status == 403
    assert int(headers["Content-Length"]) > 0
    assert told is None


def test_options_is_answered_without_the_function() -> None:
    def never(_payload: bytes) -> Invocation:
        raise AssertionError

    with serving(Gateway(Routes(BODY), never)) as port:
        status, headers, _ = call(port, "OPTIONS", "/api/open")

    assert status == 200
    assert headers["Access-Control-Allow-Methods"] == "GET,OPTIONS"


def test_a_chunked_body_arrives_whole(port: int) -> None:
    parts = [b'{"a":', b'"' + b"x" * 100_000, b'"}']

    status, _, told = call(port, "POST", "/api/echo/x", iter(parts), **{"Transfer-Encoding": "chunked"})

    assert status == 200
    assert told["body"].encode() == b"".join(parts)


@pytest.mark.parametrize("size", [6_300_000, 11_000_000])
def test_a_body_over_a_limit_is_413_and_the_client_hears_it(port: int, size: int) -> None:
    status, _, _ = call(port, "POST", "/api/echo/x", b"x" * size)

    assert status == 413


def test_a_body_that_grows_in_json_counts_as_it_travels(port: int) -> None:
    """Lambda's limit is on the event: a quote takes two bytes there."""
    assert call(port, "POST", "/api/echo/x", b'"' * 3_200_000)[0] == 413
    assert call(port, "POST", "/api/echo/x", b"x" * 2_900_000)[0] == 200


@pytest.mark.parametrize(
    "answer", [Invocation(b'{"errorType":"X"}', "Unhandled"), Invocation(b"null"), Invocation(b'{"statusCode":"?"}')]
)
def test_a_function_that_fails_is_502(answer: Invocation) -> None:
    with serving(Gateway(Routes(BODY), lambda _payload: answer)) as port:
        assert call(port, "GET", "/api/open")[0] == 502


def test_without_a_verifier_signed_and_unsigned_requests_are_served(port: int) -> None:
    assert call(port, "POST", "/api/echo/x")[0] == 200
    assert call(port, "POST", "/api/echo/x", Authorization="AWS4-HMAC-SHA256 Credential=x")[0] == 200


def test_with_a_verifier_signed_routes_need_a_signature() -> None:
    def verify(request: HttpRequest, stage: str) -> str:
        assert stage == "/api"
        if request.header("authorization") != "good":
            raise Refused("does not match")
        return "AKIA1"

    with serving(Gateway(Routes(BODY), echo, verify)) as port:
        assert call(port, "GET", "/api/open")[0] == 200
        assert call(port, "POST", "/api/echo/x")[::2] == (403, {"message": "Missing Authentication Token"})
        assert call(port, "POST", "/api/echo/x", Authorization="bad")[0] == 403
        status, _, told = call(port, "POST", "/api/echo/x", Authorization="good")

    assert status == 200
    assert told["requestContext"]["identity"]["accessKey"] == "AKIA1"


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(port: int) -> None:
    head = b"POST /api/echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 5) as raw:
        raw.sendall(head)
        assert raw.recv(100).startswith(b"HTTP/1.1 100")
        raw.sendall(b"{}")
        assert raw.recv(100).startswith(b"HTTP/1.1 200")


def test_a_connection_serves_many_requests(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for _ in range(20):
        connection.request("POST", "/api/echo/x", b"{}")
        assert connection.getresponse().read()
        assert connection.sock is not None  # still open: http.client drops a socket that the server closes
    connection.close()


def test_parallel_clients_get_their_own_answers(port: int) -> None:
    def one(number: int) -> bool:
        _, _, told = call(port, "POST", f"/api/echo/n{number}", str(number).encode())
        return bool(told["body"] == str(number) and told["pathParameters"] == {"name": f"n{number}"})

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(one, range(200)))


def test_a_malformed_request_harms_nobody(port: int) -> None:
    for text in (b"POST /api/echo/x HTTP/1.1\r\nContent-Length: abc\r\n\r\n", b"\x00\x01\r\n\r\n", b"GET"):
        with socket.create_connection(("127.0.0.1", port), 5) as raw:
            raw.sendall(text)
    assert call(port, "GET", "/api/open")[0] == 200


def test_a_taken_port_is_refused(port: int) -> None:
    with pytest.raises(OSError, match="in use"):
        ApiServer(port)


def test_stop_frees_the_port_and_ends_the_thread() -> None:
    with serving(Gateway(Routes(BODY), echo)) as port:
        pass

    assert "api-server" not in [thread.name for thread in threading.enumerate()]
    ApiServer(port).server_close()
