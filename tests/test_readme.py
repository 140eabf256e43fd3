"""The README's commands, typed as they are written, against `make up`'s process."""

from __future__ import annotations

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


def commands() -> list[str]:
    """The blocks of commands from 'Using it' on, but `make up` itself."""
    section = README[README.index("## Using it") : README.index("## How a request travels")]
    blocks = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    return [block for block in blocks if not block.startswith("make ")]


def test_the_commands_work_as_typed(ports: dict[str, str]) -> None:
    script = "set -e\n" + "".join(commands())
    for written, real in ports.items():
        script = script.replace(f"127.0.0.1:{written}", f"127.0.0.1:{real}")
    script = script.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MEDIAWRIGHT_"))}

    done = subprocess.run(["bash", "-c", script], cwd=ROOT, env=clean, capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stdout + done.stderr
    assert '"Status":"ok"' in done.stdout
    assert "Complete {'words': 3}" in done.stdout
    assert "'longest': ['hello', 'world']" in done.stdout or "'longest': ['world', 'hello']" in done.stdout


def test_the_operator_in_the_readme_is_the_one_in_the_example() -> None:
    assert (ROOT / "docs" / "examples" / "words.py").read_text(encoding="utf-8") in README
