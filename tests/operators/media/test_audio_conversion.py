from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mediawright import InvalidInput
from mediawright.media import formats
from operators.media.audio_convert.handler import KINDS
from operators.media.containers import Decoder, audio_stream, opened
from operators.media.deadline import Deadline
from operators.media.loudness_meter import LoudnessMeter
from operators.media.probe import Probe, probe
from tests.operators.media.conftest import Render, Run, sine


def made(run: Run, tmp_path: Path) -> Probe:
    path = tmp_path / "made"
    path.write_bytes(run.made("Audio"))
    return probe(path)


def loudness(path: Path) -> Any:
    meter = LoudnessMeter()
    with opened(path) as container:
        meter.measure(Decoder(container, audio_stream(container), Deadline(20)).frames())
    return meter.report()["IntegratedLufs"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_made_and_is_what_it_says(run: Run, render: Render, tmp_path: Path, kind: str) -> None:
    run.add("Audio", render("tone.wav", *sine(1.5, rate=44100)))

    run.operate("AudioConvert", OutputFormat=kind)

    found = made(run, tmp_path)
    assert KINDS[kind].container in found.format.split(",")
    assert found.needed_audio().codec == KINDS[kind].codec
    assert found.needed_audio().channels == 1
    assert found.needed_audio().rate == (48000 if kind == "opus" else 44100)
    key = run.media["Audio"]["S3Key"]
    assert key.endswith(f"/AudioConvert/audio.{kind}")
    assert run.bucket.content_types[key] == formats.AUDIO[kind]


def test_the_sound_of_a_video_is_taken_on_request(run: Run, render: Render, tmp_path: Path) -> None:
    clip = render("av.mp4", "-f", "lavfi", "-i", "testsrc2=size=160x90:duration=1", *sine(1), "-shortest")
    run.add("Video", clip)

    run.operate("AudioConvert", MediaType="Video", OutputFormat="flac")

    assert made(run, tmp_path).video is None


def test_more_than_two_channels_are_mixed_to_two(run: Run, render: Render, tmp_path: Path) -> None:
    run.add("Audio", render("six.flac", "-f", "lavfi", "-i", "anoisesrc=d=1:a=0.1,aformat=channel_layouts=5.1"))

    run.operate("AudioConvert", OutputFormat="opus")

    assert made(run, tmp_path).needed_audio().channels == 2


@pytest.mark.parametrize("volume", [0.05, 3.0])
def test_sound_is_made_as_loud_as_others(run: Run, render: Render, tmp_path: Path, volume: float) -> None:
    run.add("Audio", render("level.wav", *sine(5, volume)))

    run.operate("AudioConvert", OutputFormat="wav", Normalize=True)

    made(run, tmp_path)
    assert loudness(tmp_path / "made") == pytest.approx(-16, abs=0.7)


def test_silence_stays_silent(run: Run, render: Render, tmp_path: Path) -> None:
    run.add("Audio", render("silence.wav", *sine(1, 0)))

    run.operate("AudioConvert", OutputFormat="mp3", Normalize=True)

    assert made(run, tmp_path).seconds == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("content", [b"", b"text\n" * 99, b"#EXTM3U\nhttp://169.254.169.254/a.mp3\n"])
def test_junk_is_refused(run: Run, content: bytes) -> None:
    run.add("Audio", content)

    with pytest.raises(InvalidInput):
        run.operate("AudioConvert")

    assert list(run.bucket.objects) == ["in/Audio"]


def test_a_video_without_sound_has_none_to_convert(run: Run, render: Render) -> None:
    run.add("Video", render("mute.mp4", "-f", "lavfi", "-i", "testsrc2=size=160x90:duration=1"))

    with pytest.raises(InvalidInput, match="no audio stream"):
        run.operate("AudioConvert", MediaType="Video")


@pytest.mark.parametrize(
    ("name", "media_type", "arguments", "kind"),
    [
        ("MediaProbe", "Video", ("clip.mp4", "-f", "lavfi", "-i", "testsrc2=size=160x90:duration=0.5"), "Video"),
        ("MediaProbeAudio", "Audio", ("tone.wav", *sine(0.5)), "Audio"),
        ("MediaProbeImage", "Image", ("one.png", "-f", "lavfi", "-i", "testsrc2=size=160x90", "-frames:v", "1"),
         "Image"),
    ],
)  # fmt: skip
def test_a_probe_tells_what_the_file_is(
    run: Run, render: Render, name: str, media_type: str, arguments: tuple[str, ...], kind: str
) -> None:
    run.add(media_type, render(*arguments))

    run.operate(name)

    assert run.metadata[name]["Kind"] == kind


def test_a_probe_refuses_a_playlist(run: Run) -> None:
    run.add("Video", b"#EXTM3U\nhttp://169.254.169.254/a.mp4\n")

    with pytest.raises(InvalidInput):
        run.operate("MediaProbe")
