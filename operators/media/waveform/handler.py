"""`Waveform`: the shape of a sound, as numbers for a player and as a picture."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from PIL import Image, ImageDraw

from mediawright import InvalidInput, Task, operator
from operators.media import operation
from operators.media.containers import Decoder, audio_stream, opened
from operators.media.deadline import Deadline
from operators.media.sound import uniform

RATE = 8000
SLICE = 80
"""Samples in the smallest unit looked at: 10 ms."""
Peak = tuple[float, float]
"""The lowest and the highest amplitude, -1 to 1."""


def shape(source: Path, points: int, deadline: Deadline) -> tuple[list[Peak], float]:
    """Return at most `points` peaks of equal length, and the seconds they cover, of all channels mixed to one."""
    with opened(source) as container:
        frames = Decoder[AudioFrame](container, audio_stream(container), deadline).frames()
        slices = list(_slices(_samples(uniform(frames))))
    if not slices:
        raise InvalidInput("no sound can be decoded")
    return _folded(slices, points), len(slices) * SLICE / RATE


def _samples(frames: Iterable[AudioFrame]) -> Iterator[array[int]]:
    resampler = av.AudioResampler("s16", "mono", RATE)
    for frame in frames:
        frame.pts = None
        for piece in resampler.resample(frame):
            yield _integers(piece)
    for piece in resampler.resample(None):
        yield _integers(piece)


def _integers(frame: AudioFrame) -> array[int]:
    """A plane is longer than its samples: libav pads it."""
    integers = array("h")
    integers.frombytes(memoryview(frame.planes[0])[: frame.samples * integers.itemsize])
    return integers


def _slices(pieces: Iterable[array[int]]) -> Iterator[tuple[int, int]]:
    waiting = array("h")
    for piece in pieces:
        waiting.extend(piece)
        whole = len(waiting) - len(waiting) % SLICE
        for begin in range(0, whole, SLICE):
            part = waiting[begin : begin + SLICE]
            yield min(part), max(part)
        waiting = waiting[whole:]
    if waiting:
        yield min(waiting), max(waiting)


def _folded(slices: list[tuple[int, int]], points: int) -> list[Peak]:
    points = min(points, len(slices))
    edges = [number * len(slices) // points for number in range(points + 1)]
    parts = (slices[begin:end] for begin, end in pairwise(edges))
    return [
        (round(min(low for low, _ in part) / 32768, 4), round(max(high for _, high in part) / 32768, 4))
        for part in parts
    ]


def drawn(peaks: list[Peak], width: int, height: int, colour: str) -> Image.Image:
    """Return a picture of the peaks on a transparent ground."""
    image = Image.new("RGBA", (width, height))
    draw = ImageDraw.Draw(image)
    middle = (height - 1) / 2
    for x in range(width):
        low, high = peaks[x * len(peaks) // width]
        draw.line([(x, middle - high * middle), (x, middle - low * middle)], fill=colour)
    return image


@operator(configuration_schema=operation.schema_beside(__file__))
def lambda_handler(task: Task) -> None:
    configuration: dict[str, Any] = {"Points": 800, "Width": 1200, "Height": 240, "Colour": "#2a6f97"}
    configuration |= task.configuration
    peaks, seconds = shape(operation.fetched(task), configuration["Points"], operation.deadline(task))
    picture = task.directory / "waveform.png"
    drawn(peaks, configuration["Width"], configuration["Height"], configuration["Colour"]).save(picture)
    highest = max(max(-low, high) for low, high in peaks)
    summary = {"Points": len(peaks), "Seconds": round(seconds, 3), "Highest": highest}
    results = {**summary, "Peaks": peaks, "Picture": operation.publish(task, "Waveform", picture)}
    operation.report(task, results, summary)
