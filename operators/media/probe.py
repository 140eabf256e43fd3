"""What a video or sound file holds: by its own account, and proved by decoding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from mediawright import InvalidInput
from mediawright.media.times import LONGEST_SECONDS
from operators.media.containers import (
    audio_streams,
    breaks_off,
    broken_off,
    demand_bounded,
    duration,
    lasts,
    opened,
    video_stream,
)
from operators.media.deadline import Deadline


@dataclass(frozen=True)
class VideoTrack:
    """A video stream. `width` and `height` are as players show it: turned, with square pixels.

    `rotation` is in degrees counter-clockwise, as the file notes it; `seconds` None when the stream doesn't tell;
    `breaks_off` the second from which on its pictures are missing, None when they aren't.
    """

    index: int
    codec: str
    width: int
    height: int
    rotation: int
    square: bool
    rate: float | None
    seconds: float | None
    breaks_off: float | None = None

    def demand_there(self, until: float | None = None) -> None:
        """Raise InvalidInput when pictures before a second are missing, or without one any."""
        if self.breaks_off is not None and (until is None or until > self.breaks_off):
            raise broken_off(self.breaks_off)


@dataclass(frozen=True)
class AudioTrack:
    """An audio stream; `rate` in Hz."""

    index: int
    codec: str
    rate: int
    channels: int
    seconds: float | None


@dataclass(frozen=True)
class Probe:
    """A file. `format` has libavformat's names of it; `seconds` is None when nothing tells."""

    format: str
    seconds: float | None
    video: VideoTrack | None
    audio: AudioTrack | None

    @property
    def exact(self) -> bool:
        """Whether the length is written in the file; in other formats it is an estimate."""
        return any(name in self.format.split(",") for name in ("mov", "matroska"))

    def needed_video(self) -> VideoTrack:
        """Return the video. Raises InvalidInput when there is none."""
        if self.video is None:
            raise InvalidInput("the file has no video stream")
        return self.video

    def needed_audio(self) -> AudioTrack:
        """Return the sound. Raises InvalidInput when there is none."""
        if self.audio is None:
            raise InvalidInput("the file has no audio stream")
        return self.audio

    def document(self) -> dict[str, Any]:
        """Return the facts as an operation hands them on."""
        facts: dict[str, Any] = {"Container": self.format, "Seconds": self.seconds}
        if self.video is not None:
            video = self.video
            facts["Video"] = {
                "Codec": video.codec,
                "Width": video.width,
                "Height": video.height,
                "FrameRate": video.rate,
                "Rotation": video.rotation,
            }
        if self.audio is not None:
            audio = self.audio
            facts["Audio"] = {"Codec": audio.codec, "SampleRate": audio.rate, "Channels": audio.channels}
        return facts


def probe(path: Path) -> Probe:
    """Return what a file holds; of a video one frame is decoded. Raises InvalidInput for what cannot be worked on."""
    with opened(path) as container:
        stream = _moving(container)
        video = None if stream is None else _video(container, stream, next(container.decode(stream), None))
        return _found(container, video)


def _found(container: InputContainer, video: VideoTrack | None) -> Probe:
    sounds = audio_streams(container)
    audio = _audio(sounds[0]) if sounds else None
    found = Probe(container.format.name, _seconds(container, video, audio), video, audio)
    if found.video is None and found.audio is None:
        raise InvalidInput("the file has neither a video nor an audio stream")
    if found.seconds is not None and found.seconds > LONGEST_SECONDS:
        raise InvalidInput(f"{found.seconds:.0f} s are more than the {LONGEST_SECONDS} s allowed")
    return found


def _seconds(container: InputContainer, video: VideoTrack | None, audio: AudioTrack | None) -> float | None:
    told = [track.seconds for track in (video, audio) if track is not None and track.seconds is not None]
    return max(told) if told else duration(container)


def _moving(container: InputContainer) -> VideoStream | None:
    """The video stream, None when there is none. Raises InvalidInput for one that can't be worked on."""
    try:
        return video_stream(container)
    except InvalidInput:
        if any(not _is_cover(stream) for stream in container.streams.video):
            raise
        return None


def _video(container: InputContainer, stream: VideoStream, frame: VideoFrame | None) -> VideoTrack:
    """The facts of a video stream, `frame` being its first. Raises InvalidInput when that is None or too large."""
    if frame is None:
        raise InvalidInput("no picture of the video can be decoded")
    ratio = float(stream.sample_aspect_ratio or 1) or 1.0
    width, height = round(frame.width * ratio), frame.height
    # pixels that are said to be very wide make a small file as large as anything
    demand_bounded(width, height)
    if frame.rotation % 180:
        width, height = height, width
    rate = stream.average_rate
    return VideoTrack(
        stream.index, canonical(stream), width, height, frame.rotation, ratio == 1.0,
        round(float(rate), 3) if rate else None, lasts(stream), breaks_off(container, stream),
    )  # fmt: skip


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _audio(stream: AudioStream) -> AudioTrack:
    return AudioTrack(stream.index, canonical(stream), stream.rate, stream.channels, lasts(stream))


def canonical(stream: VideoStream | AudioStream) -> str:
    """Return a codec's own name, whoever decodes it."""
    return stream.codec_context.codec.canonical_name


@dataclass(frozen=True)
class Promise:
    """What a file that was made has to be; `seconds` is the least that it has to last, None when nobody knows."""

    container: str
    video: str | None
    audio: str | None
    size: tuple[int, int] | None
    seconds: float | None


_SKIPPED = {
    "h264": {"skip_frame": "bidir", "skip_loop_filter": "all"},
    "hevc": {"skip_frame": "noref", "skip_loop_filter": "all"},
}
"""By codec, libavcodec's options for pictures that were just encoded: it skips those that no other leans on, in H.264
all B pictures, which leaves a third of the work. In H.265 P pictures lean on some of the B pictures. Other decoders
take no notice, or skip the last picture, too."""


@dataclass
class _Extent:
    """A stream in time, in seconds: as it was decoded, and until where it was read."""

    begin: float | None = None
    end: float = 0.0
    read: float = 0.0

    @property
    def seconds(self) -> float:
        return 0.0 if self.begin is None else self.end - self.begin

    @property
    def breaks_off(self) -> bool:
        return self.end < self.read - _slack(self.read)

    def take(self, packet: av.Packet[Any], frames: Iterable[VideoFrame | AudioFrame]) -> None:
        """Reach as far as a packet that was read and the frames that came out."""
        if packet.pts is not None:
            self.read = max(self.read, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        for frame in frames:
            if frame.time is not None:
                self.begin = frame.time if self.begin is None else self.begin
                self.end = frame.time + _length(frame)


def kept(path: Path, promise: Promise, deadline: Deadline, *, copied: bool = False) -> Probe:
    """Decode a file that was made, to its end, and return what it holds.

    Of pictures that were `copied` every one is decoded: they may be damaged as they were in the source. Raises
    InvalidInput when none or too little of them can be, and when the file is shorter than promised: then the source
    is damaged; RuntimeError when it isn't what was promised otherwise. What a decoder conceals isn't noticed.
    """
    try:
        found, extents = _decoded(path, deadline, {} if copied else _SKIPPED)
    except InvalidInput as fault:
        if copied:
            raise InvalidInput(f"the file is damaged: {fault}") from fault
        raise RuntimeError(f"the file made cannot be read: {fault}") from fault
    made = Promise(
        promise.container if promise.container in found.format.split(",") else found.format,
        found.video.codec if found.video else None,
        found.audio.codec if found.audio else None,
        (found.video.width, found.video.height) if found.video and promise.size else None,
        promise.seconds,
    )
    if made != promise:
        raise RuntimeError(f"the file made is {made}, not {promise}")
    if not copied and found.video is not None and extents[found.video.index].breaks_off:
        raise RuntimeError("the pictures made cannot be decoded to their end")
    lasted = max(extent.seconds for extent in extents.values())
    if promise.seconds is not None and lasted < promise.seconds - _slack(promise.seconds):
        raise InvalidInput(f"the file is damaged: of {promise.seconds:.2f} s only {lasted:.2f} s can be decoded")
    return found


def _slack(seconds: float) -> float:
    return max(0.25, seconds * 0.01)


def _decoded(
    path: Path, deadline: Deadline, skipped: Mapping[str, dict[str, str]]
) -> tuple[Probe, dict[int, _Extent]]:
    """The facts of a file, and its streams in time, by index; `skipped` is such as `_SKIPPED`."""
    track: VideoTrack | None = None
    with opened(path) as container:
        video = _moving(container)
        if video is not None:
            video.codec_context.options = {**video.codec_context.options, **skipped.get(canonical(video), {})}
        streams = [*([video] if video is not None else []), *audio_streams(container)[:1]]
        extents = {stream.index: _Extent() for stream in streams}
        for packet in container.demux(streams) if streams else ():
            deadline.check()
            frames = cast("list[VideoFrame | AudioFrame]", packet.decode())
            extents[packet.stream.index].take(packet, frames)
            if video is not None and track is None and frames and isinstance(frames[0], VideoFrame):
                track = _video(container, video, frames[0])
        if video is not None and track is None:
            track = _video(container, video, None)
        return _found(container, track), extents


def _length(frame: VideoFrame | AudioFrame) -> float:
    if isinstance(frame, AudioFrame):
        return frame.samples / frame.sample_rate
    return float(frame.duration * frame.time_base) if frame.duration and frame.time_base else 0.0
