"""`ShotDetection`: where one shot ends and the next begins (hard cuts), with time codes and confidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from av.video.frame import VideoFrame

from mediawright import InvalidInput, Task, operator
from operators.media import operation
from operators.media.containers import Decoder, opened, start, video_stream
from operators.media.deadline import Deadline
from operators.media.filters import filtered
from operators.media.timecode import timecode

ANALYSED_WIDTH = 320
"""Differences between frames are as clear in small pictures, at a tenth of the work."""


class Cut(NamedTuple):
    """A new shot's first frame, and how much it differs from the one before (0 to 100)."""

    seconds: float
    score: float


class Film(NamedTuple):
    """What was seen of a video; `end` is when its last frame is gone (seconds)."""

    cuts: list[Cut]
    rate: Fraction
    frames: int
    end: float
    damaged: int


def watched(source: Path, threshold: float, shortest: float, deadline: Deadline) -> Film:
    """Return the cuts of a video that score at least the threshold and are `shortest` seconds from the one before."""
    cuts: list[Cut] = []
    frames, seconds = 0, 0.0
    with opened(source) as container:
        stream = video_stream(container)
        rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
        origin = start(stream)
        decoder = Decoder[VideoFrame](container, stream, deadline)
        small = _small(decoder.frames(), stream.width, stream.height)
        for frame in filtered(small, ("scdet", f"threshold={threshold:g}")):
            seconds = frame.time - origin if frame.time is not None else frames / float(rate)
            frames += 1
            if "lavfi.scd.time" in frame.metadata:
                _add(cuts, Cut(seconds, float(frame.metadata["lavfi.scd.score"])), shortest)
    if not frames:
        raise InvalidInput("no picture of the video can be decoded")
    return Film(cuts, rate, frames, seconds + 1 / float(rate), decoder.damaged)


def _small(frames: Iterable[VideoFrame], width: int, height: int) -> Iterator[VideoFrame]:
    """All of one size, though broadcasts may change theirs on the way."""
    scale = min(1.0, ANALYSED_WIDTH / width)
    width, height = max(2, round(width * scale)), max(2, round(height * scale))
    for frame in frames:
        yield frame.reformat(width=width, height=height, format="yuv420p", interpolation="FAST_BILINEAR")


def _add(cuts: list[Cut], cut: Cut, shortest: float) -> None:
    """Of two cuts too near to each other the stronger one stays."""
    before = cuts[-1].seconds if cuts else 0.0
    if cut.seconds - before >= shortest:
        cuts.append(cut)
    elif cuts and cut.score > cuts[-1].score:
        cuts[-1] = cut


def confidence(score: float, threshold: float) -> float:
    """Return 0.5 for a score at the threshold, 1 for twice the threshold and beyond."""
    return round(min(1.0, score / (2 * threshold)), 3)


def shots(film: Film, threshold: float) -> list[dict[str, Any]]:
    """Return the shots of a film in order; the first one begins with it, so that's certain."""
    begins = [Cut(0.0, 2 * threshold), *film.cuts]
    ends = [cut.seconds for cut in film.cuts] + [film.end]
    return [
        _shot(number, cut, end, film.rate, confidence(cut.score, threshold))
        for number, (cut, end) in enumerate(zip(begins, ends, strict=True), 1)
    ]


def _shot(number: int, cut: Cut, end: float, rate: Fraction, confidence: float) -> dict[str, Any]:
    first, after = round(cut.seconds * rate), round(end * rate)
    return {
        "Shot": number,
        "Start": round(cut.seconds, 3),
        "End": round(end, 3),
        "Seconds": round(end - cut.seconds, 3),
        "StartFrame": first,
        "EndFrame": max(first, after - 1),
        "StartTimecode": timecode(first, rate),
        "EndTimecode": timecode(max(first, after - 1), rate),
        "Confidence": confidence,
    }


@operator(configuration_schema=operation.schema_beside(__file__))
def lambda_handler(task: Task) -> None:
    configuration = {"Threshold": 10, "MinShotSeconds": 0.2, **task.configuration}
    threshold = configuration["Threshold"]
    film = watched(operation.fetched(task), threshold, configuration["MinShotSeconds"], operation.deadline(task))
    found = shots(film, threshold)
    summary = {"ShotCount": len(found), "Seconds": round(film.end, 3), "FrameRate": round(float(film.rate), 3)}
    results = {
        **summary,
        "Frames": film.frames,
        "DamagedPackets": film.damaged,
        "Threshold": threshold,
        "Shots": found,
    }
    operation.report(task, results, summary)
