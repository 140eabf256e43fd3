"""Serves the REST API as API Gateway does, under `/api/`, from the template's own description of it."""

from __future__ import annotations

import http.server
import json
import re
import socketserver
import threading
import uuid
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

from infrastructure.local.api.events import HttpRequest, MalformedAnswer, http_answer, lambda_event
from infrastructure.local.api.routes import Answer, Routes
from infrastructure.local.invocation import Invocation

GATEWAY_BYTES = 10 * 1024 * 1024
LAMBDA_BYTES = 6_291_456
_PREFIX = re.compile(r"^/api(?=/|$)")
_SLASHES = re.compile(r"/{2,}")
_DRAINED_BYTES = 64 * 1024 * 1024


class Refused(Exception):
    """A signature that API Gateway would not accept; the text says why."""


class Verifier(Protocol):
    """Checks a request's signature."""

    def __call__(self, request: HttpRequest, stage: str) -> str:
        """The access key that signed; raises Refused."""


class Gateway:
    """One deployed REST API; thread-safe."""

    def __init__(self, routes: Routes, invoke: Callable[[bytes], Invocation], verify: Verifier | None = None) -> None:
        """`invoke` runs the API's function; without `verify` signed and unsigned requests are served alike."""
        self._routes = routes
        self._invoke = invoke
        self._verify = verify

    def answer(self, request: HttpRequest) -> Answer:
        """What API Gateway answers to a request whose path still has the stage in front."""
        if not _PREFIX.match(request.path):
            return self._forbidden()
        path = _SLASHES.sub("/", _PREFIX.sub("", request.path)) or "/"
        found = self._routes.find(request.method, path)
        if found is None:
            return self._forbidden()
        method, variables = found
        if method.mock:
            return method.mock
        if len(request.body) > GATEWAY_BYTES:
            return self.too_large()
        caller = None
        if method.signed and self._verify:
            if not request.header("Authorization") and "X-Amz-Signature" not in request.query:
                return self._forbidden()
            try:
                caller = self._verify(request, "/api")
            except Refused as reason:
                return self._routes.own_answer("INVALID_SIGNATURE", 403, str(reason))
        inside = HttpRequest(request.method, path, request.query, request.headers, request.body, request.source)
        event = lambda_event(inside, method.resource, variables, self._routes.binary_types, caller)
        return self._integrate(event)

    def _integrate(self, event: dict[str, Any]) -> Answer:
        payload = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        if len(payload) > LAMBDA_BYTES:
            return self.too_large()
        try:
            return http_answer(self._invoke(payload))
        except MalformedAnswer:
            return self._routes.own_answer("INTEGRATION_FAILURE", 502, "Internal server error")

    def too_large(self) -> Answer:
        """The answer to a request over API Gateway's or Lambda's limit."""
        return self._routes.own_answer("REQUEST_TOO_LARGE", 413, "Request Too Long")

    def _forbidden(self) -> Answer:
        return self._routes.own_answer("MISSING_AUTHENTICATION_TOKEN", 403, "Missing Authentication Token")


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536
    server: ApiServer

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:  # the client went away: nobody to tell
            self.close_connection = True

    def handle_expect_100(self) -> bool:
        """Answers go through a buffer; this one the client waits for."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def _serve(self) -> None:
        body = self._body()
        gateway = self.server.gateway
        if body is None:
            self.close_connection = True
            self._send(gateway.too_large())
            return
        parts = urlsplit("//host" + self.path)
        request = HttpRequest(
            self.command, parts.path, parts.query, tuple(self.headers.items()), body, self.client_address[0]
        )
        self._send(gateway.answer(request))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve

    def _body(self) -> bytes | None:
        """The body; None when it is over the gateway's limit, after reading on so that the client hears of it."""
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            return self._chunks()
        length = int(self.headers.get("Content-Length") or 0)
        if length > GATEWAY_BYTES:
            self._drain(min(length, _DRAINED_BYTES))
            return None
        return self.rfile.read(length) if length else b""

    def _chunks(self) -> bytes | None:
        body = bytearray()
        while size := int(self.rfile.readline().partition(b";")[0].strip() or b"0", 16):
            if len(body) + size > GATEWAY_BYTES:
                self._drain(size)
                return None
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return bytes(body)

    def _drain(self, length: int) -> None:
        while length > 0 and (part := self.rfile.read(min(length, 65536))):
            length -= len(part)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    def version_string(self) -> str:
        return "mediawright"

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the engine's own logs say what matters."""


class ApiServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """A thread per connection; kept alive between requests."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    # Not allowed to share the port: a second `up` must be told that it is taken.
    allow_reuse_port = False

    def __init__(self, port: int, gateway: Gateway | None = None) -> None:
        """Binds at once (port 0: any free one) and answers once a gateway is there and `start` was called."""
        self._gateway = gateway
        super().__init__(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="api-server", daemon=True)

    @property
    def gateway(self) -> Gateway:
        """What answers."""
        if self._gateway is None:
            raise RuntimeError("the server was started before it had a gateway")
        return self._gateway

    @gateway.setter
    def gateway(self, gateway: Gateway) -> None:
        self._gateway = gateway

    @property
    def url(self) -> str:
        """The address with the stage and a slash at the end."""
        return f"http://127.0.0.1:{self.server_port}/api/"

    def server_bind(self) -> None:
        """Without HTTPServer's look-up of the host's name, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[0], self.server_address[1]  # type: ignore[assignment]

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; connections in use end with their request."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Errors of a connection concern only its client."""
