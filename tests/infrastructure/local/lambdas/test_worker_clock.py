"""The engine's functions see the moved clock in workers, too; other functions don't."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.local.clock import CLOCK
from infrastructure.local.lambdas import worker_clock
from tests.infrastructure.local.lambdas.embedded_lambda import EmbeddedLambda, embedded_lambda

ROOT = Path(__file__).resolve().parents[4]
APP = """
import sys
import time

from chalicelib.aws import clock

def handler(event, context):
    return [round(clock.seconds() - time.time()), any("lambdas" in path for path in sys.path)]
"""


@pytest.fixture
def aws() -> Iterator[EmbeddedLambda]:
    with embedded_lambda() as running:
        yield running
    CLOCK.reset()


def engine_folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "chalicelib").symlink_to(ROOT / "chalicelib")
    return tmp_path


def test_a_warm_engine_function_sees_every_move(aws: EmbeddedLambda, tmp_path: Path) -> None:
    aws.deploy("engine", "", Handler="app.handler")
    aws.functions.register_code("engine", engine_folder(tmp_path))
    CLOCK.move(100)

    first = aws.call("engine")
    CLOCK.move(86400)

    assert [first, aws.call("engine")] == [([100, False], None), ([86500, False], None)]


def test_a_users_function_keeps_the_real_time(aws: EmbeddedLambda) -> None:
    code = (
        "import os, time\ndef handler(event, context):\n    return [os.environ.get('EMBEDDED_CLOCK'), time.time()]\n"
    )
    aws.deploy("user", code)
    CLOCK.move(86400)

    (variable, moment), _ = aws.call("user")

    assert variable is None
    assert moment < CLOCK.now() - 80000


def test_the_offset_is_read_anew_each_time(tmp_path: Path) -> None:
    worker_clock.write(tmp_path / "clock", 0.0)
    now = worker_clock.source(str(tmp_path / "clock"))
    before = now()

    worker_clock.write(tmp_path / "clock", 1e6)

    assert now() - before == pytest.approx(1e6, abs=5)
