"""Serves every AWS service of this process over HTTP, for clients in other processes."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

import moto.moto_server.werkzeug_app as moto_app
from werkzeug.datastructures import EnvironHeaders
from werkzeug.formparser import parse_form_data
from werkzeug.serving import make_server

from infrastructure.local.endpoint.not_embedded import NotEmbedded
from infrastructure.local.endpoint.signatures import KeyStore, SignatureRefused, SignedRequest, verify, verify_form

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_Dispatcher: Any = moto_app.DomainDispatcherApplication
_Handler: Any = moto_app.MotoRequestHandler
_OPEN_PREFIXES = ("/moto-api",)
_OPEN_SUFFIXES = ("/.well-known/jwks.json",)
"""What AWS, too, answers to anybody: the public keys of a user pool."""


class _QuietHandler(_Handler):  # type: ignore[misc]  # moto is untyped
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nobody reads a line per AWS call."""

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:  # the client went away: nobody to tell
            self.close_connection = True


class SignatureCheck:
    """WSGI middleware: lets signed requests through, answers 403 to the others in the service's form."""

    def __init__(self, app: WsgiApp, keys: KeyStore) -> None:
        self._app = app
        self._keys = keys

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        is_open = path.startswith(_OPEN_PREFIXES) or path.endswith(_OPEN_SUFFIXES)
        if environ["REQUEST_METHOD"] != "OPTIONS" and not is_open:
            try:
                self._check(environ)
            except SignatureRefused as reason:
                return _refusal(environ, str(reason), start_response)
        return self._app(environ, start_response)

    def _check(self, environ: dict[str, Any]) -> None:
        body = _body(environ)
        if environ["REQUEST_METHOD"] == "POST" and "multipart/form-data" in environ.get("CONTENT_TYPE", ""):
            _, form, files = parse_form_data({**environ, "wsgi.input": BytesIO(body)})
            for file in files.values():
                file.close()
            verify_form({name.lower(): value for name, value in form.items()}, self._keys)
            return
        path, _, query = str(environ.get("RAW_URI") or environ["REQUEST_URI"]).partition("?")
        headers = {name.lower(): value for name, value in EnvironHeaders(environ).items()}
        verify(SignedRequest(environ["REQUEST_METHOD"], path, query, headers, body), self._keys)


def _body(environ: dict[str, Any]) -> bytes:
    """The whole body, which is put back for the service to read."""
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH")
    body: bytes = stream.read(int(length)) if length else stream.read() if _is_chunked(environ) else b""
    environ["wsgi.input"] = BytesIO(body)
    return body


def _is_chunked(environ: dict[str, Any]) -> bool:
    return bool(environ.get("wsgi.input_terminated"))


def _refusal(environ: dict[str, Any], reason: str, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """403 in the form of the protocol spoken: S3's XML, a query service's XML, JSON for the rest."""
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    is_query = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    kind = "application/xml"
    code = "AccessDenied" if "expired" in reason else "SignatureDoesNotMatch"
    error = f"<Error><Code>{code}</Code><Message>{escape(reason)}</Message></Error>"
    if authorization and "/s3/aws4_request" not in authorization and not is_query:
        kind = "application/x-amz-json-1.1"
        body = json.dumps({"__type": "InvalidSignatureException", "message": reason}).encode()
    else:
        body = (f"<ErrorResponse>{error}</ErrorResponse>" if is_query else error).encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
    start_response("403 Forbidden", headers)
    return [body]


class AwsServer:
    """The AWS endpoint at 127.0.0.1; a thread per connection."""

    def __init__(self, port: int, keys: KeyStore | None = None) -> None:
        """Binds at once (port 0: any free one). With `keys` every request must be signed by one of them."""
        app: WsgiApp = NotEmbedded(_Dispatcher(moto_app.create_backend_app))
        served = SignatureCheck(app, keys) if keys else app
        # Bound here: werkzeug would end the process when the port is taken.
        with socket.create_server(("127.0.0.1", port), backlog=128) as listening:
            self._port = int(listening.getsockname()[1])
            handler: Any = _QuietHandler
            self._server: Any = make_server(
                "127.0.0.1", self._port, served, threaded=True, request_handler=handler, fd=listening.fileno()
            )
        self._thread = threading.Thread(target=self._server.serve_forever, name="aws-server", daemon=True)

    @property
    def url(self) -> str:
        """The endpoint URL for clients."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
