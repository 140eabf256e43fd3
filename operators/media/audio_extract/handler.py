"""`AudioExtract`: the sound of a video as an audio file, and how loud it is (EBU R128)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from mediawright import InvalidInput, Task, operator
from operators.media import operation, sound
from operators.media.containers import Decoder, audio_streams, opened
from operators.media.deadline import Deadline
from operators.media.loudness_meter import LoudnessMeter

NO_SOUND = "The video has no sound: there is no audio file."


def extract(
    source: Path, directory: Path, configuration: dict[str, Any], deadline: Deadline
) -> tuple[Path | None, dict[str, Any]]:
    """Write a track's sound beside and return the file (None without sound) and what is to be said of it."""
    with opened(source) as container:
        streams = audio_streams(container)
        if not streams:
            return None, {"HasAudio": False, "Tracks": 0, "Note": NO_SOUND}
        stream = _chosen(streams, configuration["Track"])
        kind = sound.FORMATS[configuration["Format"]]
        path = directory / f"audio.{kind.ending}"
        decoder, meter = Decoder[AudioFrame](container, stream, deadline), LoudnessMeter()
        measured = meter.passing(sound.uniform(decoder.frames()))
        seconds = sound.write(path, measured, kind, mono=configuration["Mono"], kilobits=configuration["BitRate"])
        facts = {"HasAudio": True, "Tracks": len(streams), **_facts(stream), "DamagedPackets": decoder.damaged}
    audio = _described(sound.read_back(path, seconds))
    return path, {**facts, "Audio": audio, "Loudness": meter.report()}


def _chosen(streams: list[AudioStream], track: int) -> AudioStream:
    if track >= len(streams):
        raise InvalidInput(f"Configuration.Track is {track}, but the tracks are numbered 0 to {len(streams) - 1}")
    return streams[track]


def _facts(stream: AudioStream) -> dict[str, Any]:
    return {"Language": stream.language, "SourceCodec": stream.codec_context.name, "SourceChannels": stream.channels}


def _described(written: sound.WrittenAudio) -> dict[str, Any]:
    return {
        "Codec": written.codec,
        "SampleRate": written.rate,
        "Channels": written.channels,
        "Seconds": written.seconds,
    }


@operator(configuration_schema=operation.schema_beside(__file__))
def lambda_handler(task: Task) -> None:
    configuration = {"Format": "m4a", "Track": 0, "Mono": False, "BitRate": 128, **task.configuration}
    path, found = extract(operation.fetched(task), task.directory, configuration, operation.deadline(task))
    if path is not None:
        found["Audio"] |= operation.publish(task, "Audio", path)
    operation.report(task, found, operation.some(found, ("HasAudio", "Note", "Loudness")))
