"""Pictures out of a video: at given times, upright, with square pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from operators.media.containers import Decoder, demand_bounded, start
from operators.media.deadline import Deadline

SEEK_SECONDS = 10.0
"""A gap that is cheaper to jump over (to the key frame before its end) than to decode."""


def frames_at(
    container: InputContainer, stream: VideoStream, times: Sequence[float], deadline: Deadline
) -> Iterator[tuple[float, VideoFrame]]:
    """Yield the first frame at or after each time, and its own time, in seconds from the beginning of the stream.

    A time that an earlier frame already covers, or past the end, gives none. `times` is in rising order.
    """
    origin = start(stream)
    frames = Decoder[VideoFrame](container, stream, deadline).frames()
    position = -1.0
    for wanted in times:
        if wanted <= position:
            continue
        if wanted - position > SEEK_SECONDS and _jumped(container, origin + wanted):
            frames = Decoder[VideoFrame](container, stream, deadline).frames()
        for frame in frames:
            position = frame.time - origin if frame.time is not None else wanted
            if position >= wanted - 1e-6:
                yield position, frame
                break
        else:
            return


def shown_at(
    container: InputContainer, stream: VideoStream, seconds: float, deadline: Deadline
) -> tuple[float, VideoFrame] | None:
    """Return the frame that a player shows at a time, and its own time, in seconds from the stream's beginning.

    None when nothing can be decoded up to there.
    """
    origin = start(stream)
    if seconds > SEEK_SECONDS:
        _jumped(container, origin + seconds)
    shown: tuple[float, VideoFrame] | None = None
    for frame in Decoder[VideoFrame](container, stream, deadline).frames():
        position = 0.0 if frame.time is None else frame.time - origin
        if shown is not None and position > seconds + 1e-6:
            break
        shown = (position, frame)
    return shown


def picture(frame: VideoFrame, stream: VideoStream, width: int) -> Image.Image:
    """Return a frame as RGB, upright as a player shows it, at most `width` wide. Raises InvalidInput when that is too
    large."""
    ratio = float(stream.sample_aspect_ratio or 1) or 1.0
    shown_width, shown_height = frame.width * ratio, float(frame.height)
    sideways = frame.rotation % 180 != 0
    scale = min(1.0, width / (shown_height if sideways else shown_width))
    size = max(1, round(shown_width * scale)), max(1, round(shown_height * scale))
    demand_bounded(*size)
    small = frame.reformat(*size, format="rgb24")
    image = Image.frombytes("RGB", (small.width, small.height), bytes(small.planes[0]), "raw", "RGB", _stride(small))
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image


def _stride(frame: VideoFrame) -> int:
    """The bytes from one line to the next, which libav pads."""
    return frame.planes[0].line_size


def _jumped(container: InputContainer, seconds: float) -> bool:
    """Formats without an index can't seek; decoding on is slower, but right."""
    try:
        container.seek(round(seconds * av.time_base))
    except av.error.FFmpegError:
        return False
    return True
