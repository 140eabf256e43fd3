"""The engine's own functions run in Lambda workers too, as on AWS; the laptop lets them share a process for speed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
from infrastructure.local.embedded import EmbeddedAws
from tests.system.conftest import Engine

with EmbeddedAws(port=0, aws_port=0, speed=50) as aws:
    engine = Engine(aws)
    workflow = engine.workflow([engine.operation("echo", Make={"n": 0.1})], [engine.operation("echo")])
    run = engine.run(workflow)
    print(run["Status"], run["Globals"]["MetaData"], len(engine.slots()))
    engine.http.close()
"""


def test_a_run_completes_with_every_function_in_a_worker_of_its_own() -> None:
    environment = {**os.environ, "ENGINE_WORKERS": "1"}

    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )

    assert done.stdout.splitlines()[-1:] == ["Complete {'n': 0.1} 0"], done.stdout + done.stderr
