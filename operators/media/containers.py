"""Opening video and audio that strangers sent: known formats only, no other file and no address, bounded pictures.

libavformat's playlist formats open what they name; they are not on the list, and only the file protocol is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from mediawright import InvalidInput
from operators.media.deadline import Deadline

DEMUXERS = (
    "aac", "ac3", "aiff", "amr", "asf", "avi", "eac3", "flac", "flv", "gif", "h264", "hevc", "m4v", "matroska",
    "mov", "mp3", "mpeg", "mpegts", "mpegvideo", "mxf", "obu", "ogg", "w64", "wav", "webm", "wv",
)  # fmt: skip
MAX_FRAME_PIXELS = 8192 * 8192
Frame = TypeVar("Frame", VideoFrame, AudioFrame)
_DAMAGE = (av.error.InvalidDataError, av.error.PermissionError, av.error.UndefinedError)
"""What decoders say of a damaged packet; the AAC one has a few ways of its own."""
_REFUSALS = (
    *_DAMAGE,
    av.error.ArgumentError,
    av.error.DecoderNotFoundError,
    av.error.DemuxerNotFoundError,
    av.error.EOFError,
    av.error.PatchWelcomeError,
)

# PyAV 18 refuses a file over a title that is no UTF-8 unless it is told otherwise; 19 can't be told, and takes it.
_LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Open a file for reading. Raises InvalidInput for what is no video or audio of a known format, also later on."""
    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(DEMUXERS)}
    try:
        container = av.open(f"file:{path}", mode="r", options=options, **_LENIENT)
    except av.error.FileNotFoundError:
        raise
    except (av.error.FFmpegError, OSError, MemoryError) as refusal:
        # the sizes that a damaged file tells of are beyond all memory, or its end
        raise _refused(refusal) from refusal
    with container:
        try:
            yield container
        except _REFUSALS as refusal:
            raise _refused(refusal) from refusal


def _refused(refusal: Exception) -> InvalidInput:
    return InvalidInput(f"the file is no video or audio that can be decoded: {getattr(refusal, 'strerror', refusal)}")


def video_stream(container: InputContainer) -> VideoStream:
    """Return the first moving picture; attached cover pictures don't count. Raises InvalidInput."""
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return _bounded(stream)
    raise InvalidInput("the file has no video stream")


def audio_streams(container: InputContainer) -> list[AudioStream]:
    """Return the audio streams that a decoder is at hand for."""
    return [stream for stream in container.streams.audio if stream.codec_context is not None]


def audio_stream(container: InputContainer) -> AudioStream:
    """Return the first audio stream. Raises InvalidInput."""
    streams = audio_streams(container)
    if not streams:
        raise InvalidInput("the file has no audio stream")
    return streams[0]


def duration(container: InputContainer) -> float | None:
    """Return what the container says of its length, in seconds."""
    return None if container.duration is None else container.duration / av.time_base


def lasts(stream: VideoStream | AudioStream) -> float | None:
    """Return what a stream says of its length, in seconds."""
    if stream.duration is None or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)


def breaks_off(container: InputContainer, stream: VideoStream | AudioStream) -> float | None:
    """Return the second of a stream from which on the file's own index leads past the file's end.

    None when all of it is there, and of formats that carry no index.
    """
    size, base = container.size, stream.time_base
    lost = [entry.timestamp for entry in stream.index_entries if entry.pos + entry.size > size]
    return float(min(lost) * base) - start(stream) if lost and base is not None else None


def broken_off(after: float) -> InvalidInput:
    """What is told of a file that lacks the pictures from a second on."""
    return InvalidInput(f"the file is damaged: its pictures break off after {max(0.0, after):.2f} s")


def start(stream: VideoStream | AudioStream) -> float:
    """Return the time stamp at which a stream begins, in seconds."""
    if stream.start_time is None or stream.time_base is None:
        return 0.0
    return float(stream.start_time * stream.time_base)


class Decoder(Generic[Frame]):
    """Decodes one stream and goes on after damaged packets, which it counts in `damaged`."""

    def __init__(self, container: InputContainer, stream: VideoStream | AudioStream, deadline: Deadline) -> None:
        self.damaged = 0
        self._container = container
        self._stream = stream
        self._deadline = deadline

    def frames(self) -> Iterator[Frame]:
        """Yield the frames from where the container stands."""
        for packet in self._container.demux(self._stream):
            self._deadline.check()
            try:
                yield from cast("list[Frame]", packet.decode())
            except _DAMAGE:
                self.damaged += 1


def demand_bounded(width: float, height: float) -> None:
    """Raise InvalidInput for pictures of more pixels than are worked on, as they are stored or as they are shown."""
    if width * height > MAX_FRAME_PIXELS:
        raise InvalidInput(f"pictures of {width:.0f} x {height:.0f} are more than {MAX_FRAME_PIXELS} pixels")


def _bounded(stream: VideoStream) -> VideoStream:
    if stream.codec_context is None:
        raise InvalidInput("the video is encoded in a way that is not known here")
    demand_bounded(stream.width, stream.height)
    stream.codec_context.options = {"max_pixels": str(MAX_FRAME_PIXELS)}
    stream.thread_type = "AUTO"
    return stream
