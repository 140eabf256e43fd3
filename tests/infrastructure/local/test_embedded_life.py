"""Starting and stopping: with signatures, with the engine in workers, leaving nothing behind."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path

import psutil
import pytest
import requests
from requests_aws4auth import AWS4Auth

from chalicelib.aws import clock as engine_clock
from infrastructure.local.clock import CLOCK
from infrastructure.local.embedded import EmbeddedAws, PortTaken
from tests.infrastructure import sample_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_project.write(tmp_path_factory.mktemp("life"))


def test_it_starts_anew_and_leaves_nothing_behind(project: Path) -> None:
    environment = dict(os.environ)
    names = set()
    for _ in range(2):
        with EmbeddedAws(port=0, aws_port=0, project=project) as aws:
            names.add(aws.outputs["DataplaneBucket"])
            seen = requests.get(aws.api_url + "environment", timeout=5).json()
            assert seen["EXECUTIONS_TABLE"] == aws.outputs["ExecutionsTable"]
        with pytest.raises(requests.ConnectionError):
            requests.get(aws.api_url, timeout=1)

    assert len(names) == 2
    assert dict(os.environ) == environment
    left = {thread.name for thread in threading.enumerate()}
    assert not left & {"api-server", "aws-server", "event-schedules"}
    assert psutil.Process().children(recursive=True) == []


def test_the_engine_sees_the_moved_clock_and_nobody_else_signs_by_it(project: Path) -> None:
    with EmbeddedAws(port=0, aws_port=0, auth=True, project=project) as aws:
        CLOCK.move(86400 * 40)

        assert engine_clock.seconds() == pytest.approx(time.time() + 86400 * 40, abs=5)
        assert engine_clock.epoch(engine_clock.now()) == pytest.approx(CLOCK.now(), abs=5)
        auth = AWS4Auth(aws.credentials.access_key, aws.credentials.secret_key, "us-east-1", "execute-api")
        requests.post(aws.api_url + "bucket/x", data=b"1", auth=auth, timeout=5).raise_for_status()

    assert CLOCK.moved == 0
    assert engine_clock.time_source is time.time


def test_with_auth_only_the_printed_key_opens_signed_routes(project: Path) -> None:
    with EmbeddedAws(port=0, aws_port=0, auth=True, project=project) as aws:
        keys = aws.credentials
        right = AWS4Auth(keys.access_key, keys.secret_key, "us-east-1", "execute-api")
        wrong = AWS4Auth(keys.access_key, "wrong", "us-east-1", "execute-api")

        def status(auth: AWS4Auth | None, path: str = "version") -> int:
            return requests.get(aws.api_url + path, auth=auth, timeout=5).status_code

        assert status(None, "") == 200
        assert [status(None), status(wrong), status(right)] == [403, 403, 200]
        assert requests.get(aws.aws_url + "/", timeout=5).status_code == 403
        # The engine itself works: its own calls never leave the process.
        posted = requests.post(aws.api_url + "bucket/x", data=b"1", auth=right, timeout=5)
        assert posted.status_code == 200


def test_the_engine_can_run_in_workers(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE_WORKERS", "1")
    with EmbeddedAws(port=0, aws_port=0, auth=True, project=project) as aws:
        keys = aws.credentials
        auth = AWS4Auth(keys.access_key, keys.secret_key, "us-east-1", "execute-api")
        seen = requests.get(aws.api_url + "environment", auth=auth, timeout=20).json()
        requests.post(aws.api_url + "bucket/w", data=b"1", auth=auth, timeout=20).raise_for_status()

        assert seen["EXECUTIONS_TABLE"] == aws.outputs["ExecutionsTable"]
        stored = aws.client("s3").get_object(Bucket=aws.outputs["DataplaneBucket"], Key="w")
        assert stored["Body"].read() == b"1"


def test_a_failed_start_leaves_nothing_running(tmp_path: Path) -> None:
    project = sample_project.write(tmp_path)
    (project / "app.py").write_text("raise ValueError('broken app')\n")
    environment = dict(os.environ)

    with pytest.raises(ValueError, match="broken app"), EmbeddedAws(port=0, aws_port=0, project=project):
        pass

    assert dict(os.environ) == environment
    assert not {thread.name for thread in threading.enumerate()} & {"api-server", "aws-server"}


def test_a_taken_port_is_named_and_the_other_is_free_again(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(PortTaken) as of_the_api, EmbeddedAws(port=port, aws_port=0, project=project):
            pass
        with pytest.raises(PortTaken) as of_aws, EmbeddedAws(port=0, aws_port=port, project=project):
            pass

    assert of_the_api.value.port == of_aws.value.port == port
