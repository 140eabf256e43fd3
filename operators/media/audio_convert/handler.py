"""`AudioConvert`: sound in another format, a video's as well, on request as loud as others (EBU R128)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from av.audio.frame import AudioFrame

from mediawright import InvalidInput, Task, media, operator
from mediawright.media import formats
from operators.media import ffmpeg, operation, sound
from operators.media.containers import Decoder, audio_stream, opened
from operators.media.deadline import Deadline
from operators.media.loudness_meter import LoudnessMeter
from operators.media.probe import AudioTrack, Probe, Promise, kept, probe

TARGET_LUFS = -16
PEAK_DBTP = -1.5
_GATE_LU = 10
"""The relative gate lies this far below the loudness (ITU-R BS.1770)."""


@dataclass(frozen=True)
class Kind:
    """How a kind of file is made: ffmpeg's names, and those by which it is known again."""

    encoder: str
    muxer: str
    codec: str
    container: str
    lossy: bool


KINDS = {
    "mp3": Kind("libmp3lame", "mp3", "mp3", "mp3", True),
    "aac": Kind("aac", "adts", "aac", "aac", True),
    "m4a": Kind("aac", "ipod", "aac", "mov", True),
    "opus": Kind("libopus", "opus", "opus", "ogg", True),
    "flac": Kind("flac", "flac", "flac", "flac", False),
    "wav": Kind("pcm_s16le", "wav", "pcm_s16le", "wav", False),
}


def listened(source: Path, deadline: Deadline, meter: LoudnessMeter | None) -> float:
    """Decode the sound to its end and return its length in seconds; lengths that files tell may be estimates."""
    samples = 0.0

    def counted(frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
        nonlocal samples
        for frame in frames:
            samples += frame.samples / frame.sample_rate
            yield frame

    with opened(source) as container:
        frames = counted(sound.uniform(Decoder[AudioFrame](container, audio_stream(container), deadline).frames()))
        for _ in frames if meter is None else meter.passing(frames):
            pass
    if samples == 0:
        raise InvalidInput("no sound can be decoded")
    return samples


def arguments(track: AudioTrack, kind: Kind, kilobits: int, loudness: dict[str, Any] | None) -> list[str]:
    """ffmpeg's arguments; more than two channels are mixed to two."""
    kept_rate = not kind.lossy or (track.rate in (44100, 48000) and kind.codec != "opus")
    rate = track.rate if kept_rate else 48000
    chosen = ["-map", f"0:{track.index}", "-map_metadata", "-1", "-map_chapters", "-1", "-vn"]
    chosen += ["-c:a", kind.encoder, "-ar", str(rate)]
    chosen += ["-b:a", f"{kilobits}k"] if kind.lossy else []
    chosen += ["-ac", "2"] if track.channels > 2 else []
    chosen += ["-af", _levelled(loudness)] if loudness and loudness["IntegratedLufs"] is not None else []
    return [*chosen, *(["-rf64", "auto"] if kind.muxer == "wav" else []), "-f", kind.muxer]


def _levelled(loudness: dict[str, Any]) -> str:
    """One gain for all of it, as long as the peaks leave room; what was measured is told to the filter."""
    measured = loudness["IntegratedLufs"]
    return (
        f"loudnorm=I={TARGET_LUFS}:TP={PEAK_DBTP}:LRA=20:linear=true:measured_I={measured}"
        f":measured_TP={loudness['TruePeakDbtp'] or 0.0}:measured_LRA={loudness['RangeLu'] or 0.0}"
        f":measured_thresh={max(-99.0, measured - _GATE_LU)}"
    )


def convert(task: Task, source: Path, parameters: dict[str, Any], deadline: Deadline) -> tuple[Path, Probe, Any]:
    """Make the file and return its path, its facts and the loudness before, where it was measured."""
    track = probe(source).needed_audio()
    kind = KINDS[parameters["OutputFormat"]]
    meter = LoudnessMeter() if parameters["Normalize"] else None
    seconds = listened(source, deadline, meter)
    loudness = meter.report() if meter else None
    path = task.directory / f"audio.{parameters['OutputFormat']}"
    words = arguments(track, kind, parameters["BitRate"], loudness)
    ffmpeg.run(source, path, words, deadline, operation.watcher(task, seconds))
    return path, kept(path, Promise(kind.container, None, kind.codec, None, seconds), deadline), loudness


@operator(configuration_schema=media.configuration_schema("AudioConvert"))
def lambda_handler(task: Task) -> None:
    parameters = operation.parameters(task, "AudioConvert")
    path, found, loudness = convert(task, operation.fetched(task), parameters, operation.deadline(task))
    facts: dict[str, Any] = {"Format": parameters["OutputFormat"], **found.document()}
    if loudness is not None:
        facts["LoudnessBefore"] = loudness
    facts |= operation.publish(task, "Audio", path, formats.AUDIO[parameters["OutputFormat"]])
    operation.report(task, facts, operation.some(facts, ("Format", "Seconds", "Audio", "Bytes")))
