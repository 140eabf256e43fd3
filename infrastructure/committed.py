"""Files that are generated and committed: written, or with --check compared with what is there."""

from __future__ import annotations

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def write_or_check(path: Path, text: str, target: str) -> int:
    """Write the file, or under --check compare it and answer 1 when it is stale; `make <target>` renews it."""
    name = path.relative_to(PROJECT)
    if "--check" not in sys.argv[1:]:
        path.write_text(text, encoding="utf-8")
        return 0
    if path.read_text(encoding="utf-8") == text:
        print(f"{name} is up to date")
        return 0
    print(f"{name} is stale: run `make {target}` and commit it", file=sys.stderr)
    return 1
