"""`make up` as a process: what it prints, that what it prints works, how it ends."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import requests

from tests.infrastructure import sample_project

CODE = "import sys; from pathlib import Path; from infrastructure.local.up import main; sys.exit(main(Path({!r})))"
READY = "Ctrl-C ends it."


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_project.write(tmp_path_factory.mktemp("up"))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def start(project: Path, **settings: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(sample_project.REPOSITORY), **settings}
    return subprocess.Popen(
        [sys.executable, "-c", CODE.format(str(project))],
        cwd=sample_project.REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(project: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and what it printed until it was ready; killed at the end if it still lives."""
    process = start(project, PORT=str(free_port()), AWS_PORT=str(free_port()), **settings)
    watchdog = threading.Timer(30, process.kill)
    watchdog.start()
    try:
        printed = ""
        assert process.stdout
        while READY not in printed:
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            printed += line
        yield process, printed
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()


@pytest.mark.parametrize("auth", ["0", "1"])
def test_the_printed_commands_work_as_typed(project: Path, auth: str) -> None:
    with running(project, AUTH=auth) as (_, printed):
        commands = [
            line for line in printed.splitlines() if line.startswith("  ") and not re.match(r"  (API|AWS) ", line)
        ]
        script = "set -e\n" + "\n".join(commands)
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=sample_project.REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert len(commands) == 4
    assert "ApiVersion\t3.0.0" in done.stdout
    assert "'WorkflowApiEndpoint'" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_with_its_workers(project: Path, number: signal.Signals) -> None:
    with running(project, ENGINE_WORKERS="1") as (process, printed):
        address = re.search(r"http://\S+/api/", printed)
        assert address
        assert requests.get(address[0], timeout=20).status_code == 200
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)

    assert process.returncode == 0
    assert errors == ""
    assert not [child for child in children if child.is_running()]


def test_a_taken_port_is_said_in_one_line(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = start(project, PORT=port, AWS_PORT=str(free_port()))
        printed, errors = process.communicate(timeout=30)

    assert process.returncode == 1
    assert printed == ""
    assert errors.startswith(f"port {port} is taken; is `make up` running already?")
    assert errors.count("\n") == 1


def test_a_port_that_is_no_number_is_said_in_one_line(project: Path) -> None:
    process = start(project, PORT="eight")
    _, errors = process.communicate(timeout=30)

    assert process.returncode == 1
    assert errors.startswith("PORT, AWS_PORT and SPEED are numbers")
    assert errors.count("\n") == 1


def test_the_commands_quote_for_a_shell(project: Path) -> None:
    with running(project) as (_, printed):
        pass

    post = next(line for line in printed.splitlines() if "-X POST" in line)
    assert '{"Name": "MaxConcurrentWorkflows", "Value": 10}' in shlex.split(post)


@pytest.mark.parametrize("module", ["infrastructure.local", "infrastructure.local.up"])
@pytest.mark.parametrize(("word", "status", "told"), [("--help", 0, "Ctrl-C"), ("8000", 2, "unrecognized arguments")])
def test_asked_for_help_it_does_not_serve(module: str, word: str, status: int, told: str) -> None:
    command = [sys.executable, "-m", module, word]
    done = subprocess.run(command, cwd=sample_project.REPOSITORY, capture_output=True, text=True, timeout=30)

    assert done.returncode == status
    assert told in done.stdout + done.stderr
