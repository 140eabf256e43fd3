"""Brings the moved clock to the engine's functions in workers: the offset lies in a file that they look at.

Run as a script it starts the Lambda runtime in a worker, with the engine's time source replaced.
"""

from __future__ import annotations

import os
import runpy
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

VARIABLE = "EMBEDDED_CLOCK"
_OFFSET = struct.Struct("d")


def write(path: Path, seconds: float) -> None:
    """Tell the workers by how many seconds the time of day is ahead."""
    path.touch()
    with path.open("r+b") as file:  # in place: a worker that looks now must find a whole number
        file.write(_OFFSET.pack(seconds))


def source(path: str) -> Callable[[], float]:
    """A time source that is ahead by what the file says."""
    file = os.open(path, os.O_RDONLY)

    def now() -> float:
        return time.time() + float(_OFFSET.unpack(os.pread(file, _OFFSET.size, 0))[0])

    return now


def _main() -> None:
    sys.path[0] = ""  # this script's own folder is none of the function's
    from chalicelib.aws import clock

    clock.time_source = source(os.environ[VARIABLE])
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
