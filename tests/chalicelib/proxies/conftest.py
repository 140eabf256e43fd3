"""The proxies as their callers see them, over moto's Transcribe and botocore's stubs of what moto lacks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.stub import Stubber
from moto import mock_aws

from chalicelib.aws.clients import client
from tests.chalicelib.api import Api, serve


@pytest.fixture
def aws(no_real_aws: None) -> Iterator[None]:
    """moto in place of AWS; these routes keep nothing, so there are no tables."""
    with mock_aws():
        yield


@pytest.fixture
def api(aws: None) -> Api:
    return serve()


@pytest.fixture
def translate(aws: None) -> Iterator[Stubber]:
    """Answers for Translate, each for one call; all must have been asked for."""
    with Stubber(client("translate")) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def transcribe(aws: None) -> Iterator[Stubber]:
    """The same for Transcribe."""
    with Stubber(client("transcribe")) as stub:
        yield stub
        stub.assert_no_pending_responses()


class Files:
    """An HTTP server that answers one file, or 403 in place of it."""

    def __init__(self) -> None:
        self._server: ThreadingHTTPServer | None = None

    def serve(self, content: bytes | None) -> str:
        """The address of the file."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(403 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_address[1]}/file?X-Amz-Signature=secret"

    def stop(self) -> None:
        """Stop listening; again is harmless."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@pytest.fixture
def files() -> Iterator[Files]:
    served = Files()
    yield served
    served.stop()
