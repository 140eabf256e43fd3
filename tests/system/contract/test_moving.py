"""docs/examples/move.py against an old engine's answers, as its contract has them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.system.conftest import Engine
from tests.system.contract.conftest import fresh

ROOT = Path(__file__).resolve().parents[3]
ADDED = {"Version": "v0", "Id": "1c1e", "Created": "1700000000.123456", "ApiVersion": "3.0.0"}


class OldEngine:
    """Serves what an old stack holds."""

    def __init__(self, start_arn: str) -> None:
        self.names = {kind: fresh(kind) for kind in ("operation", "stage", "workflow")}
        operation = {
            "Name": self.names["operation"],
            "Type": "Sync",
            "Configuration": {"MediaType": "Video", "Enabled": True, "Most": 5.0, "Share": 0.5},
            "StartLambdaArn": start_arn,
            "StateMachineAsl": "{}",
            "StageName": f"_{self.names['operation']}",
            "ResourceType": "OPERATION",
            **ADDED,
        }
        wait = {**operation, "Name": "Wait", "Type": "Async", "MonitorLambdaArn": start_arn, "StageName": "_Wait"}
        stage = {"Operations": [self.names["operation"]], "Definition": "{}", "ResourceType": "STAGE", **ADDED}
        configuration = {self.names["operation"]: operation["Configuration"]}
        stages = [
            {**stage, "Name": name, "Configuration": configuration}
            for name in (self.names["stage"], f"_{self.names['operation']}")
        ]
        workflow = {
            "Name": self.names["workflow"],
            "StartAt": self.names["stage"],
            "Stages": {
                self.names["stage"]: {**stages[0], "Next": "_Wait"},
                "_Wait": {**stages[1], "Name": "_Wait", "End": True},
            },
            "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:x",
            "Revisions": "1",
            "StaleOperations": [],
            **ADDED,
        }
        self.lists: dict[str, list[dict[str, Any]]] = {
            "/api/workflow/operation": [operation, wait],
            "/api/workflow/stage": stages,
            "/api/workflow": [workflow],
        }
        lists = self.lists

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(lists[self.path]).encode()
                self.send_response(200 if "/execute-api/aws4_request" in self.headers["Authorization"] else 403)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}/api/"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def old(engine: Engine) -> Iterator[OldEngine]:
    served = OldEngine(engine.function("echo"))
    yield served
    served.stop()


def move(engine: Engine, old: OldEngine) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "docs/examples/move.py", old.endpoint, engine.aws.api_url, "us-east-1"]
    return subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=60)


def test_definitions_are_moved_and_run_and_may_be_moved_again(engine: Engine, old: OldEngine) -> None:
    first = move(engine, old)
    again = move(engine, old)

    assert first.returncode == 0, first.stdout + first.stderr
    assert first.stdout.count("is registered") == 3
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.count("is there already") == 3
    moved = engine.ok("GET", f"workflow/operation/{old.names['operation']}")
    assert moved["Configuration"] == {"MediaType": "Video", "Enabled": True, "Most": 5, "Share": 0.5}
    assert isinstance(moved["Configuration"]["Most"], int)
    assert engine.run(old.names["workflow"])["Status"] == "Complete"


def test_what_is_refused_is_named_with_its_reason(engine: Engine, old: OldEngine) -> None:
    old.lists["/api/workflow/operation"][0]["Name"] = "my operation"

    done = move(engine, old)

    assert done.returncode == 1
    assert "workflow/operation my operation is refused" in done.stdout
    assert done.stderr.startswith("refused: my operation")
