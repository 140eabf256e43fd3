"""The Lambda Runtime API for one worker process, without a thread of its own.

Every worker gets a listening socket; the thread that invokes the function serves it. So a warm invocation is two
small HTTP exchanges on a connection that stays open, and an idle worker costs nothing but its memory.
Source: the AWS Lambda developer guide, "Using the Lambda runtime API".
"""

from __future__ import annotations

import select
import socket
import time
from dataclasses import dataclass

_PREFIX = "/2018-06-01/runtime/"
_CHUNK = 1 << 18
_SEND_SECONDS = 30.0


@dataclass(frozen=True)
class RuntimeRequest:
    """What the runtime asked: `action` is "next", "response", "error" or "init/error"."""

    action: str
    invocation: str
    body: bytes


@dataclass(frozen=True)
class NextEvent:
    """One event for the runtime; `deadline_ms` is epoch milliseconds."""

    request_id: str
    function_arn: str
    deadline_ms: int
    payload: bytes
    trace_id: str = ""


class _Connection:
    """A kept-alive HTTP/1.1 connection from the runtime."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(_SEND_SECONDS)
        self.sock = sock
        self._received = bytearray()

    def receive(self) -> bool:
        """Take what has arrived; false at the end of the connection."""
        try:
            data = self.sock.recv(_CHUNK)
        except OSError:
            return False
        self._received += data
        return bool(data)

    def take_request(self) -> tuple[str, bytes] | None:
        """The path and body of a request that has arrived completely."""
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = self._received[:end].decode("latin-1").split("\r\n")
        total = end + 4 + _content_length(head[1:])
        if len(self._received) < total:
            return None
        body = bytes(self._received[end + 4 : total])
        del self._received[:total]
        return head[0].split(" ")[1], body

    def answer(self, status: str, headers: dict[str, str], body: bytes = b"") -> None:
        """Send one answer whole; OSError when the runtime has gone."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)


def _content_length(header_lines: list[str]) -> int:
    for line in header_lines:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0


class RuntimeApi:
    """One worker's endpoint; used by one thread at a time."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: dict[int, _Connection] = {}
        self._waiting: _Connection | None = None
        self.lost_connection = False

    @property
    def address(self) -> str:
        """For AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def ready(self) -> bool:
        """Whether the runtime waits for an event."""
        return self._waiting is not None

    def poll(self, seconds: float, extra_descriptor: int) -> tuple[RuntimeRequest | None, bool]:
        """Wait for the runtime or `extra_descriptor`; a request if complete, and whether the extra is readable."""
        request = self._complete_request()
        poller = select.poll()
        for descriptor in (self._listener.fileno(), extra_descriptor, *self._connections):
            if descriptor >= 0:
                poller.register(descriptor, select.POLLIN)
        extra = False
        for descriptor, _event in poller.poll(0 if request else max(0.0, seconds) * 1000):
            if descriptor == extra_descriptor:
                extra = True
            elif descriptor == self._listener.fileno():
                self._accept()
            else:
                self._receive(descriptor)
        return request or self._complete_request(), extra

    def _accept(self) -> None:
        sock, _address = self._listener.accept()
        self._connections[sock.fileno()] = _Connection(sock)

    def _receive(self, descriptor: int) -> None:
        connection = self._connections[descriptor]
        if connection.receive():
            return
        self.lost_connection = True
        del self._connections[descriptor]
        connection.sock.close()
        if connection is self._waiting:
            self._waiting = None

    def _complete_request(self) -> RuntimeRequest | None:
        for connection in list(self._connections.values()):
            taken = connection.take_request()
            if taken:
                return self._accept_request(connection, *taken)
        return None

    def _accept_request(self, connection: _Connection, path: str, body: bytes) -> RuntimeRequest | None:
        parts = path.removeprefix(_PREFIX).split("/")
        if parts == ["invocation", "next"]:
            self._waiting = connection
            return RuntimeRequest("next", "", b"")
        if parts == ["init", "error"]:
            request = RuntimeRequest("init/error", "", body)
        elif len(parts) == 3 and parts[0] == "invocation" and parts[2] in ("response", "error"):
            request = RuntimeRequest(parts[2], parts[1], body)
        else:
            connection.answer("404 Not Found", {})
            return None
        connection.answer("202 Accepted", {"Content-Type": "application/json"})
        return request

    def send(self, event: NextEvent) -> None:
        """Hand the event to the waiting runtime; OSError when it has gone."""
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            raise ConnectionError("the runtime does not wait for an event")
        headers = {
            "Content-Type": "application/json",
            "Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()),
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
            "Lambda-Runtime-Trace-Id": event.trace_id,
        }
        waiting.answer("200 OK", headers, event.payload)

    def close(self) -> None:
        """Close every socket; the runtime ends at its next request."""
        self._listener.close()
        for connection in self._connections.values():
            connection.sock.close()
        self._connections.clear()
        self._waiting = None
