"""`make bench`: prints every figure that the README names, with its limit and the old engine's."""

from __future__ import annotations

import platform
import sys
import time

from bench import listing, media, registering, runs, scheduling, soak, starting
from bench.table import Row, printed


def main() -> int:
    """Measure all; the exit status is 1 when a figure misses its limit."""
    wanted = sys.argv[1:]
    rows: list[Row] = []
    for module in (starting, runs, scheduling, listing, registering, media, soak):
        if wanted and module.__name__.split(".")[1] not in wanted:
            continue
        print(f"measuring {module.__name__} ...", file=sys.stderr, flush=True)
        rows += module.rows()
    print(f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {platform.machine()}\n")
    print(printed(rows))
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
