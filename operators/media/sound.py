"""Writing sound: a stream of frames becomes an audio file of an allowed kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer

from mediawright import InvalidInput
from operators.media.containers import audio_stream, duration, opened


@dataclass(frozen=True)
class AudioFormat:
    """How a kind of audio file is written. `rates` are what its codec takes (Hz), the first is the fallback."""

    muxer: str
    codec: str
    ending: str
    content_type: str
    rates: tuple[int, ...]
    lossy: bool


_COMMON_RATES = (48000, 44100, 32000, 22050, 16000)
FORMATS = {
    "m4a": AudioFormat("ipod", "aac", "m4a", "audio/mp4", _COMMON_RATES, True),
    "mp3": AudioFormat("mp3", "libmp3lame", "mp3", "audio/mpeg", _COMMON_RATES, True),
    "opus": AudioFormat("ogg", "libopus", "opus", "audio/ogg", (48000,), True),
    "flac": AudioFormat("flac", "flac", "flac", "audio/flac", (*_COMMON_RATES, 96000, 192000), False),
    "wav": AudioFormat("wav", "pcm_s16le", "wav", "audio/wav", (*_COMMON_RATES, 96000, 192000), False),
}

_Form = tuple[str, str, int]


@dataclass(frozen=True)
class WrittenAudio:
    """An audio file as read back after writing."""

    codec: str
    rate: int
    channels: int
    seconds: float


def uniform(frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
    """Yield all sound in the form of the first frame: broadcasts change from stereo to 5.1 and back on the way."""
    form: _Form | None = None
    converters: dict[_Form, av.AudioResampler] = {}
    for frame in frames:
        found = (frame.format.name, frame.layout.name, frame.sample_rate)
        form = form or found
        if found == form:
            yield frame
            continue
        if found not in converters:
            converters[found] = av.AudioResampler(*form)
        yield from converters[found].resample(frame)


def write(path: Path, frames: Iterable[AudioFrame], kind: AudioFormat, *, mono: bool, kilobits: int) -> float:
    """Encode frames into a file of at most two channels and return the seconds written.

    `kilobits` (a second) counts for lossy kinds only. Raises InvalidInput when there are no frames.
    """
    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        raise InvalidInput("no sound can be decoded")
    with av.open(str(path), mode="w", format=kind.muxer) as container:
        return _encoded(container, chain([first], frames), _stream(container, first, kind, mono, kilobits))


def _stream(
    container: OutputContainer, first: AudioFrame, kind: AudioFormat, mono: bool, kilobits: int
) -> AudioStream:
    rate = first.sample_rate if first.sample_rate in kind.rates else kind.rates[0]
    layout = "mono" if mono or first.layout.nb_channels == 1 else "stereo"
    stream = cast(AudioStream, container.add_stream(kind.codec, rate=rate, layout=layout))
    if kind.lossy:
        stream.bit_rate = kilobits * 1000
    return stream


def _encoded(container: OutputContainer, frames: Iterable[AudioFrame], stream: AudioStream) -> float:
    resampler = av.AudioResampler(stream.format, stream.layout, stream.rate)
    samples = 0
    for frame in chain(frames, [None]):
        if frame is not None:
            # gaps in the time stamps would become jumps in the file
            frame.pts = None
        for piece in resampler.resample(frame):
            samples += piece.samples
            container.mux(stream.encode(piece))
    container.mux(stream.encode(None))
    return samples / stream.rate


def read_back(path: Path, at_least: float) -> WrittenAudio:
    """Open a file that was just written and say what it is; an encoder's good conscience proves nothing.

    Raises RuntimeError when it does not decode or is shorter than it should be (by more than an encoder's padding).
    """
    try:
        written = _read(path)
    except (InvalidInput, StopIteration) as fault:
        raise RuntimeError(f"the audio written cannot be read: {fault}") from fault
    if written.seconds < at_least - 0.2:
        raise RuntimeError(f"the audio written lasts {written.seconds:.2f} s instead of {at_least:.2f} s")
    return written


def _read(path: Path) -> WrittenAudio:
    with opened(path) as container:
        stream = audio_stream(container)
        next(container.decode(stream))
        seconds = round(duration(container) or 0.0, 3)
        return WrittenAudio(stream.codec_context.name, stream.rate, stream.channels, seconds)
