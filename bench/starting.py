"""How long the embedded AWS takes to start, and what the API Lambda's import is made of."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench import rival
from bench.table import Row, median_ms, spread

_PROJECT = Path(__file__).resolve().parents[1]
_START = """
import time; begin = time.perf_counter()
from infrastructure.local.embedded import EmbeddedAws
with EmbeddedAws(port=0, aws_port=0): print(time.perf_counter() - begin)
"""
_IMPORT = "import time; begin = time.perf_counter()\nimport {module}\nprint(time.perf_counter() - begin)"
_PARTS = ("app", "chalice.app", "jsonschema", "botocore.exceptions", "boto3")


def rows() -> Iterator[Row]:
    """Every figure in a process of its own."""
    starts = [_seconds(_START) for _ in range(5)]
    yield Row("start of the embedded AWS", median_ms(starts) / 1000, "s", 4, note=spread(starts) + " ms")
    for module in _PARTS:
        times = [_seconds(_IMPORT.format(module=module)) for _ in range(9)]
        limit = rival.IMPORT_MS / 2 if module == "app" else None
        old = rival.IMPORT_MS if module == "app" else None
        yield Row(f"import {module}", median_ms(times), "ms", limit, rival=old, note=spread(times))


def _seconds(code: str) -> float:
    done = subprocess.run([sys.executable, "-c", code], cwd=_PROJECT, capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])
