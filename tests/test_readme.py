"""The commands of the README and of docs/, typed as they are written, against `make up`'s process."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, str]]:
    """`make up` in a process of its own; answers its ports by those that the README names."""
    api, aws = str(free_port()), str(free_port())
    environment = {**os.environ, "PORT": api, "AWS_PORT": aws}
    process = subprocess.Popen(
        [sys.executable, "-m", "infrastructure.local.up"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    begin = time.monotonic()
    said = ""
    while "Ctrl-C" not in said:
        line = process.stdout.readline()
        assert line, f"make up ended early: {said}"
        assert time.monotonic() - begin < 60
        said += line
    assert f"http://127.0.0.1:{api}/api/" in said
    yield {"8000": api, "4566": aws}
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest


def blocks(text: str) -> list[str]:
    """The blocks of commands in a text, but those that call `make`."""
    found: list[str] = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [block for block in found if not block.startswith("make ")]


def commands() -> list[str]:
    """The README's from 'Using it' on."""
    return blocks(README[README.index("## Using it") : README.index("## How a request travels")])


def typed(commands: list[str], ports: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What came of commands that are typed one after the other, up to the first that fails."""
    script = "set -e -o pipefail\n" + "".join(commands)
    for written, real in ports.items():
        script = script.replace(f"127.0.0.1:{written}", f"127.0.0.1:{real}")
    script = script.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MEDIAWRIGHT_"))}
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, env=clean, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_the_commands_work_as_typed(ports: dict[str, str]) -> None:
    done = typed(commands(), ports)

    assert '"Status":"ok"' in done.stdout
    assert "Complete {'words': 3}" in done.stdout
    assert "'longest': ['hello', 'world']" in done.stdout or "'longest': ['world', 'hello']" in done.stdout


def test_the_walk_through_jobs_works_as_typed(ports: dict[str, str]) -> None:
    environment = next(block for block in commands() if block.startswith("export "))

    done = typed([environment, *blocks((ROOT / "docs" / "jobs.md").read_text(encoding="utf-8"))], ports)

    assert done.stdout.count('"status":"completed"') >= 4
    assert '"message":"2 jobs queued"' in done.stdout
    assert '"total":9' in done.stdout
    assert '"operations":"ok"' in done.stdout
    assert (ROOT / "out" / "photo.webp").read_bytes()[:4] == b"RIFF"
    run = json.loads((ROOT / "out" / "run.json").read_text(encoding="utf-8"))
    assert (run["Workflow"]["Name"], run["Status"], run["Trigger"]) == ("RunAudioConvert", "Complete", "job")
    assert f"{run['Id']}" in done.stdout


def test_the_commands_of_the_pages_on_runs_work_as_typed(ports: dict[str, str]) -> None:
    environment = next(block for block in commands() if block.startswith("export "))
    pages = [
        (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
        for name in ("runs", "batches", "triggers", "events", "operators")
    ]

    done = typed([environment, *(block for page in pages for block in blocks(page))], ports)

    for told in (
        "operation\treview\tapprove\tWaiting",
        "is resumed",
        "operation order of run",
        "is canceled",
        "it has failed, as it must",
        "is queued again",
        "no text is that long",
        "webhook catalogue is deleted",
        "operation paper/number: Complete",
    ):
        assert told in done.stdout, done.stdout


def test_the_operator_in_the_readme_is_the_one_in_the_example() -> None:
    assert (ROOT / "docs" / "examples" / "words.py").read_text(encoding="utf-8") in README
