"""Media operations beside the tool that does the work: Pillow or ffmpeg with the same file and the same settings."""

from __future__ import annotations

import statistics
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import psutil
from moto.dynamodb.models import dynamodb_backends
from PIL import Image, ImageOps

from bench.table import Row, median_ms
from infrastructure.local.dynamodb import data_plane
from infrastructure.local.embedded import EmbeddedAws
from infrastructure.local.endpoint.services import ACCOUNT, REGION
from mediawright.client import Client
from operators.media.sample import render_clip

JOBS = 20
QUALITY = 80
MEBIBYTE = 2**20
_POLL_SECONDS = 0.005


class Stack:
    """An embedded AWS with the media operations, and its client."""

    def __init__(self, aws: EmbeddedAws, client: Client) -> None:
        self.aws = aws
        self.client = client

    def upload(self, media_type: str, path: Path) -> dict[str, Any]:
        bucket, key = self.client.upload(path)
        return {media_type: {"S3Bucket": bucket, "S3Key": key}}

    def start(self, operation: str, media: dict[str, Any], **parameters: Any) -> str:
        configuration = {f"_{operation}": {operation: parameters}}
        return self.client.start(workflow=f"Run{operation}", media=media, configuration=configuration)["Id"]

    def completed(self, run_id: str) -> None:
        """Wait for a run's end. Raises RuntimeError unless it completes."""
        while (run := self._facts(run_id))["Status"]["S"] not in ("Complete", "Error", "Canceled"):
            time.sleep(_POLL_SECONDS)
        if run["Status"]["S"] != "Complete":
            raise RuntimeError(str(run.get("Message")))

    def _facts(self, run_id: str) -> dict[str, Any]:
        """Read where they are stored, in 15 microseconds: on two cores, asking the API would be measured, too."""
        key = {"Id": {"S": run_id}, "Part": {"S": "execution"}}
        asked = {"TableName": self.aws.outputs["ExecutionsTable"], "Key": key}
        found: dict[str, Any] = data_plane.perform(dynamodb_backends[ACCOUNT][REGION], "GetItem", asked)["Item"]
        return found

    def job(self, operation: str, media: dict[str, Any], **parameters: Any) -> float:
        """Return the seconds from the POST of a run to its end."""
        begin = time.perf_counter()
        self.completed(self.start(operation, media, **parameters))
        return time.perf_counter() - begin


@contextmanager
def stack() -> Iterator[Stack]:
    """A fresh engine whose media operations are registered."""
    aws = EmbeddedAws(port=0, aws_port=0, parameters={"RegisterMediaOperations": "Yes"})
    with aws, Client(aws.api_url) as client:
        yield Stack(aws, client)


def rows() -> Iterator[Row]:
    """All figures of this module, on one engine."""
    with tempfile.TemporaryDirectory() as folder, stack() as engine:
        yield from _overhead(engine, Path(folder))
        yield from _batch(engine, Path(folder))
        yield from _transcode(engine, Path(folder))
        yield from _memory(engine, Path(folder))


def to_webp(source: Path) -> float:
    """Make WebP of a picture with Pillow as ImageConvert does, and return the seconds that it took."""
    begin = time.perf_counter()
    with Image.open(source) as image:
        ImageOps.exif_transpose(image).convert("RGB").save(source.with_suffix(".alone.webp"), quality=QUALITY)
    return time.perf_counter() - begin


def _photo(path: Path, size: tuple[int, int]) -> Path:
    """A picture with grain, which is neither trivial nor hopeless to encode."""
    grain = Image.effect_noise(size, 24)
    plain = Image.linear_gradient("L").resize(size)
    Image.merge("RGB", (plain, grain, Image.blend(plain, grain, 0.3))).save(path, quality=92)
    return path


def _overhead(engine: Stack, folder: Path) -> Iterator[Row]:
    photo = _photo(folder / "small.jpg", (320, 240))
    media = engine.upload("Image", photo)
    engine.job("ImageConvert", media, Quality=QUALITY)
    alone = [to_webp(photo) for _ in range(JOBS)]
    jobs = [engine.job("ImageConvert", media, Quality=QUALITY) for _ in range(JOBS)]
    over = median_ms(jobs) - median_ms(alone)
    note = f"{median_ms(jobs):.0f} ms, Pillow alone {median_ms(alone):.1f} ms; POST to completed, median of {JOBS}"
    yield Row("small picture to WebP, over Pillow's time", over, "ms", 250, note=note)


def _batch(engine: Stack, folder: Path) -> Iterator[Row]:
    photos = [_photo(folder / f"photo{number}.jpg", (4000, 3000)) for number in range(JOBS)]
    media = [engine.upload("Image", photo) for photo in photos]
    # as many at a time as Pillow's processes, and their workers started before anything is timed
    engine.client.set_configuration("MaxConcurrentWorkflows", 2)
    _all_done(engine, [media[0]] * JOBS)
    alone, took = [], []
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        list(pool.map(to_webp, photos[:2]))
        for _ in range(3):
            alone.append(_timed(lambda: list(pool.map(to_webp, photos))))
            took.append(_timed(lambda: _all_done(engine, media)))
    ours, pillow = statistics.median(took), statistics.median(alone)
    note = f"{ours:.1f} s, Pillow alone, with glibc's own ways, in two processes {pillow:.1f} s; median of 3"
    yield Row(f"{JOBS} photos to WebP / Pillow on two cores", ours / pillow, "times", 1.25, note=note)


def _all_done(engine: Stack, media: list[dict[str, Any]]) -> None:
    for run_id in [engine.start("ImageConvert", each, Quality=QUALITY) for each in media]:
        engine.completed(run_id)


def _transcode(engine: Stack, folder: Path) -> Iterator[Row]:
    clip = folder / "clip720.mp4"
    _ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=5", "-f", "lavfi", "-i"),
        *("sine=frequency=440:sample_rate=48000:duration=5", "-c:v", "libx264", "-pix_fmt", "yuv420p", str(clip)),
    )
    media = engine.upload("Video", clip)
    engine.job("VideoConvert", media)
    alone, jobs = [], []
    for _ in range(21):
        alone.append(_timed(lambda: _ffmpeg("-i", str(clip), *_SAME, str(folder / "alone.mp4"))))
        jobs.append(engine.job("VideoConvert", media))
    ratio = statistics.median(jobs) / statistics.median(alone)
    note = f"{statistics.median(jobs):.2f} s, ffmpeg alone {statistics.median(alone):.2f} s; median of 21"
    yield Row("5 s of 720p to H.264 / ffmpeg alone", ratio, "times", 1.15, note=note)


_SAME = (
    "-map", "0:0", "-map", "0:1", "-map_metadata", "-1", "-c:v", "libx264", "-preset", "medium", "-crf", "23",
    "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "160k", "-movflags", "+faststart",
)  # fmt: skip
"""VideoConvert's settings."""


def _ffmpeg(*arguments: str) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *arguments]
    subprocess.run(command, check=True, capture_output=True)


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _memory(engine: Stack, folder: Path) -> Iterator[Row]:
    """The first second of a video of 1 GB: an MP4 file whose last box is that large."""
    path = render_clip(folder / "large.mp4")
    with path.open("ab") as file:
        file.write(struct.pack(">I4sQ", 1, b"free", 2**30))
        file.truncate(path.stat().st_size + 2**30 - 16)
    media = engine.upload("Video", path)
    with _Watch(engine.aws) as watch:
        seconds = engine.job("VideoTrim", media, StartTime=0, EndTime=1)
    note = f"with ffmpeg beside it {watch.with_children / MEBIBYTE:.0f} MiB; {seconds:.1f} s"
    yield Row("an operator's memory, first second of a 1 GB file", watch.alone / MEBIBYTE, "MiB", 300, note=note)


class _Watch:
    """The most memory that a working process has had, alone and with its children, in bytes."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.alone = self.with_children = 0
        self._aws = aws
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.02):
            for worker in (each for each in self._aws.workers() if each.busy):
                self._add(worker.pid)

    def _add(self, pid: int) -> None:
        try:
            process = psutil.Process(pid)
            own = process.memory_info().rss
            children = sum(child.memory_info().rss for child in process.children(recursive=True))
        except psutil.Error:
            # it ended while it was looked at
            return
        self.alone = max(self.alone, own)
        self.with_children = max(self.with_children, own + children)
