"""The ffmpeg program: one local file in, one out, its arguments as a list, watched and ended in time.

Its input is of a known format and names no other file: libavformat's playlist formats are not on the list, and the
only protocol is `file`. The credentials in the environment are not handed on.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from mediawright import InvalidInput
from operators.media.containers import DEMUXERS, MAX_FRAME_PIXELS
from operators.media.deadline import Deadline

_LOG = logging.getLogger("mediawright.media")
_ENVIRONMENT = {"AV_LOG_FORCE_NOCOLOR": "1", "SVT_LOG": "1"}
_OURS = (b"No space left on device", b"Cannot allocate memory", b"Unknown encoder")
"""Complaints that don't speak of the file."""
_KEPT_BYTES = 2000
_EACH_SECONDS = "0.5"

Watcher = Callable[[float], None]
"""Told how many seconds of the result are done."""


def run(
    source: Path,
    target: Path,
    arguments: Sequence[str],
    deadline: Deadline,
    watcher: Watcher,
    before: Sequence[str] = (),
) -> None:
    """Make a file of another. `arguments` are ffmpeg's for the result, `before` those for its source.

    Raises InvalidInput when the source cannot be worked on, TimeoutError, and RuntimeError when ffmpeg was killed or
    lacks room.
    """
    with tempfile.TemporaryFile() as complaints:
        status = _watched(_command(source, target, arguments, before), complaints, deadline, watcher)
        deadline.check()
        if status != 0:
            raise _failure(status, complaints)


def _command(source: Path, target: Path, arguments: Sequence[str], before: Sequence[str]) -> list[str]:
    # imported when it is needed: only the functions that start the program have it in their image
    import imageio_ffmpeg

    return [
        imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-y", "-v", "error", "-nostats",
        "-progress", "pipe:1", "-stats_period", _EACH_SECONDS,
        "-protocol_whitelist", "file", "-format_whitelist", ",".join(DEMUXERS),
        "-max_pixels:v", str(MAX_FRAME_PIXELS), *before, "-i", f"file:{source}", *arguments, f"file:{target}",
    ]  # fmt: skip


def _watched(command: list[str], complaints: IO[bytes], deadline: Deadline, watcher: Watcher) -> int:
    with subprocess.Popen(  # noqa: S603 (a list of our own words and numbers)
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=complaints,
        env=_ENVIRONMENT,
        start_new_session=True,
        text=True,
    ) as process:
        ending = threading.Timer(deadline.remaining(), _kill, [process])
        ending.start()
        try:
            for line in process.stdout or ():
                _tell(line, watcher)
            return process.wait()
        finally:
            ending.cancel()
            _kill(process)


def _tell(line: str, watcher: Watcher) -> None:
    name, _, value = line.strip().partition("=")
    if name == "out_time_us" and value.lstrip("-").isdigit():
        watcher(max(0, int(value)) / 1_000_000)


def _kill(process: subprocess.Popen[str]) -> None:
    """End the program and all that it started, if it still runs."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            # it ended just now
            return


def _failure(status: int, complaints: IO[bytes]) -> Exception:
    complaints.seek(max(0, complaints.seek(0, os.SEEK_END) - _KEPT_BYTES))
    said = complaints.read()
    _LOG.warning("ffmpeg ended with %d: %s", status, json.dumps(said.decode("utf-8", "replace")))
    if status < 0:
        return RuntimeError(f"ffmpeg was ended by signal {-status}; raise the function's memory")
    if any(complaint in said for complaint in _OURS):
        return RuntimeError("ffmpeg lacks room or an encoder; its complaint is in the log")
    return InvalidInput("the file is damaged or of a kind that cannot be converted")
