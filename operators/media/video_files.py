"""Videos made of videos: which container and codecs, in ffmpeg's words, and the proof of what came out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mediawright import InvalidInput, Task
from mediawright.media import codecs
from operators.media import ffmpeg, operation
from operators.media.deadline import Deadline
from operators.media.probe import AudioTrack, Probe, Promise, VideoTrack, kept, probe

MUXERS = {"mp4": "mp4", "mov": "mov", "mkv": "matroska", "webm": "webm"}
CANONICAL = {"h265": "hevc"}
"""libavcodec's names, where they are others than ours."""
_COPIED_VIDEO = {"mp4": {"h264", "hevc", "av1", "vp9", "mpeg4"}, "webm": {"vp8", "vp9", "av1"}}
_COPIED_AUDIO = {"mp4": {"aac", "mp3", "opus", "ac3"}, "webm": {"opus", "vorbis"}}
"""What the containers take as it is; mkv takes all."""
_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
_VP9_SPEEDS = (5, 5, 4, 4, 3, 2, 1, 1, 0)
_AV1_SPEEDS = (12, 11, 10, 10, 9, 8, 6, 5, 4)
_SOUND = {
    "aac": ("-c:a", "aac", "-b:a", "160k"),
    "opus": ("-c:a", "libopus", "-b:a", "128k"),
    "mp3": ("-c:a", "libmp3lame", "-b:a", "192k"),
}


@dataclass(frozen=True)
class Source:
    """A video to work on, and its facts."""

    path: Path
    facts: Probe
    video: VideoTrack
    audio: AudioTrack | None

    @property
    def seconds(self) -> float | None:
        """How long its pictures last, None when nothing tells."""
        return self.facts.seconds if self.video.seconds is None else self.video.seconds


@dataclass(frozen=True)
class Plan:
    """How a video is made: ffmpeg's arguments for the pictures and for the sound, and what comes out."""

    container: str
    pictures: tuple[str, ...]
    sound: tuple[str, ...]
    promise: Promise
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def source(task: Task) -> Source:
    """Fetch the video. Raises InvalidInput when it is none, or beyond the bounds."""
    path = operation.fetched(task)
    facts = probe(path)
    return Source(path, facts, facts.needed_video(), facts.audio)


def make(task: Task, given: Source, plan: Plan, deadline: Deadline, seconds: float | None) -> tuple[Path, Probe]:
    """Make the video and return its path and facts; `seconds` is how long it will be, for the progress."""
    path = task.directory / f"video.{plan.container}"
    arguments = [*_chosen(given), *plan.pictures, *plan.sound, *plan.after, "-f", MUXERS[plan.container]]
    if plan.container in ("mp4", "mov"):
        arguments += ["-movflags", "+faststart"]
    ffmpeg.run(given.path, path, arguments, deadline, operation.watcher(task, seconds), plan.before)
    # what was copied may be damaged in any of its pictures
    return path, kept(path, plan.promise, deadline, copied="copy" in plan.pictures)


def publish(task: Task, path: Path, found: Probe) -> None:
    """Hand the video on, with its facts."""
    container = path.suffix[1:]
    facts: dict[str, Any] = {"Format": container, **found.document()}
    facts |= operation.publish(task, "Video", path, codecs.CONTAINERS[container].content_type)
    operation.report(task, facts, operation.some(facts, ("Format", "Seconds", "Video", "Audio", "Bytes")))


def _chosen(given: Source) -> list[str]:
    """The first video and the first sound, without what the camera or the editor noted."""
    tracks = [given.video.index] + ([given.audio.index] if given.audio else [])
    maps = [part for track in tracks for part in ("-map", f"0:{track}")]
    return [*maps, "-map_metadata", "-1", "-map_chapters", "-1"]


def container_of(given: Source) -> str:
    """The container for a video that is encoded anew and stays of its kind: webm, mkv, otherwise mp4."""
    if "matroska" not in given.facts.format.split(","):
        return "mp4"
    return "webm" if _fits(given, "webm") else "mkv"


def copied_container(given: Source) -> str:
    """The container for a video whose streams are kept as they are."""
    container = container_of(given)
    return container if container == "mkv" or _fits(given, container) else "mkv"


def _fits(given: Source, container: str) -> bool:
    sound = given.audio is None or given.audio.codec in _COPIED_AUDIO[container]
    return given.video.codec in _COPIED_VIDEO[container] and sound


def demand_mp4(given: Source) -> None:
    """Raise InvalidInput for streams that an mp4 file cannot keep as they are."""
    if not _fits(given, "mp4"):
        raise InvalidInput("NoTranscode: mp4 cannot keep what this video is encoded with; encode it anew")


def even(width: float, height: float) -> tuple[int, int]:
    """The next smaller size that has even sides, which the usual encoders demand."""
    return max(2, int(width) // 2 * 2), max(2, int(height) // 2 * 2)


def encoded(codec: str, container: str, crf: int | None = None, preset: str = "medium") -> tuple[str, ...]:
    """ffmpeg's arguments for pictures in a codec."""
    quality = str(codecs.VIDEO[codec].crf if crf is None else crf)
    speed = _PRESETS.index(preset)
    if codec == "h264":
        own: tuple[str, ...] = ("-c:v", "libx264", "-preset", preset, "-crf", quality)
    elif codec == "h265":
        tag = ("-tag:v", "hvc1") if container in ("mp4", "mov") else ()
        own = ("-c:v", "libx265", "-preset", preset, "-crf", quality, "-x265-params", "log-level=error", *tag)
    elif codec == "vp9":
        own = (
            "-c:v",
            "libvpx-vp9",
            "-crf",
            quality,
            "-b:v",
            "0",
            "-cpu-used",
            str(_VP9_SPEEDS[speed]),
            "-row-mt",
            "1",
        )
    else:
        own = ("-c:v", "libsvtav1", "-crf", quality, "-preset", str(_AV1_SPEEDS[speed]))
    return (*own, "-pix_fmt", "yuv420p")


def sound(given: Source, codec: str) -> tuple[str, ...]:
    """ffmpeg's arguments for sound in a codec: at most two channels, at a rate that it takes."""
    if given.audio is None:
        return ()
    mixed = ("-ac", "2") if given.audio.channels > 2 else ()
    rate = given.audio.rate if given.audio.rate in (44100, 48000) and codec != "opus" else 48000
    return (*_SOUND[codec], "-ar", str(rate), *mixed)


def kept_sound(given: Source, container: str) -> tuple[tuple[str, ...], str | None]:
    """ffmpeg's arguments for sound as it is, where the container takes it, and the codec that comes out."""
    if given.audio is None:
        return (), None
    if container == "mkv" or given.audio.codec in _COPIED_AUDIO[container]:
        return ("-c:a", "copy"), given.audio.codec
    usual = codecs.CONTAINERS[container].audio[0]
    return sound(given, usual), usual


def reencoded(
    given: Source, filters: str, size: tuple[int, int], seconds: float | None, part: tuple[float, float] | None = None
) -> Plan:
    """The plan for a video of the same kind with other pictures; `filters` are ffmpeg's, of our own words.

    Of a `part` (its begin and its length in seconds) the sound is encoded anew, too: copied, it would begin earlier.
    """
    container = container_of(given)
    codec, usual = codecs.CONTAINERS[container].video[0], codecs.CONTAINERS[container].audio[0]
    heard, heard_codec = kept_sound(given, container)
    if part is not None and given.audio is not None:
        heard, heard_codec = sound(given, usual), usual
    promise = Promise(MUXERS[container], CANONICAL.get(codec, codec), heard_codec, size, seconds)
    pictures = ("-vf", filters, *encoded(codec, container))
    return Plan(container, pictures, heard, promise, *(cut(*part) if part else ()))


def cut(begin: float, length: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """ffmpeg's arguments for a part, in seconds: what comes before the source makes it seek there."""
    return ("-ss", f"{begin:.6f}"), ("-t", f"{length:.6f}")
