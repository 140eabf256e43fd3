"""An HTTP server that verifies signatures and answers what a test tells it, with a bucket of its own."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SECRETS = {"test": "test", "FOOBARKEY": "FOOBARSECRET"}
"""By access key; the second pair is what moto puts into the environment."""


@dataclass
class Received:
    """One request as it came over the wire. `path` is unquoted; `raw_path` is as it was sent."""

    method: str
    raw_path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return unquote(self.raw_path)

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass
class Reply:
    """An answer; text goes out bare."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Handle = Callable[[Received], Any]


class FakeApi:
    """Routes are `(method, pattern of the path after /api)`; of a list of replies the last stays."""

    def __init__(self) -> None:
        self.routes: list[tuple[str, re.Pattern[str], Any]] = []
        self.requests: list[Received] = []
        self.objects: dict[str, bytes] = {}
        self.forms: list[dict[str, Any]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None: ...

            def serve(self) -> None:
                fake._serve(self)

            do_GET = do_POST = do_PUT = do_DELETE = serve

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.endpoint = f"{self.origin}/api/"

    def on(self, method: str, pattern: str, answer: Handle | list[Any] | Any) -> None:
        self.routes.insert(0, (method, re.compile(pattern + r"\Z"), answer))

    def with_bucket(self) -> None:
        """Serve presigned uploads and downloads."""
        self.on("GET", "/mediapath/upload/upload", {"S3Bucket": "data", "S3Key": "private/"})
        self.on("POST", "/upload", lambda r: {"url": f"{self.origin}/s3/data", "fields": {"key": r.json["S3Key"]}})
        self.on("POST", "/download", lambda r: Reply(f"{self.origin}/s3/data/{r.json['S3Key']}?X-Amz-Signature=s"))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        body = _body(handler)
        request = Received(handler.command, url.path, dict(parse_qsl(url.query)), dict(handler.headers.items()), body)
        reply = self._s3(request) if url.path.startswith("/s3/") else self._api(request, handler.path)
        text = reply.body if isinstance(reply.body, (str, bytes)) else json.dumps(reply.body)
        content = text if isinstance(text, bytes) else text.encode()
        handler.send_response(reply.status)
        for name, value in {"Content-Length": str(len(content)), **reply.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    def _api(self, request: Received, target: str) -> Reply:
        self.requests.append(request)
        if not verified(request, self.origin + target):
            return Reply({"message": "The request signature we calculated does not match"}, 403)
        for method, pattern, answer in self.routes:
            if method == request.method and pattern.match(request.path.removeprefix("/api")):
                return _reply(answer, request)
        return Reply({"message": "Missing Authentication Token"}, 403)

    def _s3(self, request: Received) -> Reply:
        if "Authorization" in request.headers:
            return Reply("<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism</Message></Error>", 400)
        key = request.path.removeprefix("/s3/data").lstrip("/")
        if request.method == "POST":
            form = _form(request)
            self.forms.append(form)
            self.objects[form["key"].decode()] = form["file"]
            return Reply("", 204)
        if request.method == "PUT":
            self.objects[key] = request.body
            return Reply("")
        if key not in self.objects:
            return Reply("<Error><Code>NoSuchKey</Code><Message>not there</Message></Error>", 404)
        return Reply(self.objects[key])


def verified(request: Received, url: str) -> bool:
    """Compute the signature again, from what came over the wire, and compare."""
    told = request.headers.get("Authorization", "")
    match = re.match(
        r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d+)/([\w-]+)/([\w-]+)/aws4_request, SignedHeaders=(\S+), ", told
    )
    if match is None or match[1] not in SECRETS or match[4] != "execute-api":
        return False
    headers = {name.lower(): value for name, value in request.headers.items()}
    again = AWSRequest(request.method, url, data=request.body)
    for name in match[5].split(";"):
        again.headers[name] = headers[name]
    signer = SigV4Auth(Credentials(match[1], SECRETS[match[1]]), "execute-api", match[3])
    again.context["timestamp"] = headers["x-amz-date"]
    text = signer.string_to_sign(again, signer.canonical_request(again))
    return told.endswith("Signature=" + signer.signature(text, again))


def _reply(answer: Any, request: Received) -> Reply:
    if callable(answer):
        answer = answer(request)
    if isinstance(answer, list) and answer and isinstance(answer[0], Reply):
        answer = answer.pop(0) if len(answer) > 1 else answer[0]
    return answer if isinstance(answer, Reply) else Reply(answer)


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    return handler.rfile.read(int(handler.headers.get("Content-Length", 0)))


def _form(request: Received) -> dict[str, Any]:
    boundary = re.search(r"boundary=(\S+)", request.headers["Content-Type"])
    assert boundary is not None
    parts = request.body.split(b"--" + boundary[1].encode())[1:-1]
    form: dict[str, Any] = {}
    for part in parts:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]+)"', head)
        assert name is not None
        form[name[1].decode()] = content.removesuffix(b"\r\n")
    form["order"] = list(form)
    return form
