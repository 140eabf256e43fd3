"""Videos and sounds (acceptance rows MF23 to MF28 of the contract)."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import pytest
from PIL import Image

from tests.system.jobs.conftest import Person, completed, data, detail, ended, queued

pytestmark = pytest.mark.usefixtures("operators")


def rendered(path: Path, *arguments: str) -> bytes:
    program = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([program, "-v", "error", "-y", *arguments, str(path)], check=True, timeout=60)
    return path.read_bytes()


PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=2")
SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:duration=2")
ENCODED = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of 640x360 with sound, as QuickTime."""
    return rendered(tmp_path_factory.mktemp("clip") / "a.mov", *PICTURE, *SOUND, *ENCODED)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return rendered(tmp_path_factory.mktemp("sound") / "a.mp4", *SOUND, "-c:a", "aac")


def ask(person: Person, route: str, content: bytes, **fields: Any) -> str:
    return queued(person.ask("POST", route, files={"file": ("clip.mov", content)}, data=fields))


def made(person: Person, route: str, content: bytes, **fields: Any) -> Any:
    return av.open(io.BytesIO(completed(person, ask(person, route, content, **fields))))


def size(container: Any) -> tuple[int, int]:
    stream = container.streams.video[0]
    return stream.codec_context.width, stream.codec_context.height


def test_mf23_a_video_becomes_mp4(person: Person, clip: bytes) -> None:
    result = made(person, "video/convert", clip, preset="ultrafast", crf=30)

    assert result.streams.video[0].codec_context.name == "h264"
    assert result.streams.audio[0].codec_context.name == "aac"
    assert size(result) == (640, 360)


def test_mf23_a_codec_that_webm_does_not_take_becomes_its_usual(person: Person, clip: bytes) -> None:
    result = made(person, "video/convert", clip, output_format="webm", codec="libx264", preset="ultrafast")

    assert result.streams.video[0].codec_context.name in ("vp9", "libvpx-vp9")
    assert result.streams.audio[0].codec_context.name in ("opus", "libopus")


@pytest.mark.parametrize(
    ("route", "fields", "field"),
    [
        ("video/convert", {"output_format": "exe"}, "output_format"),
        ("video/convert", {"preset": "zz"}, "preset"),
        ("video/convert", {"codec": "bogus"}, "codec"),
        ("video/convert", {"codec": "copy"}, "codec"),
        ("video/convert", {"crf": "52"}, "crf"),
        ("video/convert", {"crf": "-1"}, "crf"),
        ("video/convert", {"output_format": "webm", "audio_codec": "aac"}, "audio_codec"),
        ("video/rotate", {"degrees": "45"}, "degrees"),
        ("video/resize", {}, "width"),
        ("video/resize", {"width": "0"}, "width"),
        ("video/trim", {"start_time": "1"}, "end_time"),
        ("video/trim", {"end_time": "1"}, "start_time"),
        ("video/trim", {"start_time": "2", "end_time": "1"}, "end_time"),
        ("video/trim", {"start_time": "1", "end_time": "1"}, "end_time"),
        ("video/trim", {"start_time": "one", "end_time": "2"}, "start_time"),
        ("video/trim", {"start_time": "-1", "end_time": "2"}, "start_time"),
        ("video/thumbnail", {"timestamp": "soon"}, "timestamp"),
        ("audio/convert", {"output_format": "midi"}, "output_format"),
        ("audio/convert", {"bit_rate": "1"}, "bit_rate"),
    ],
)
def test_mf23_to_mf28_what_is_out_of_range_is_refused(
    person: Person, clip: bytes, route: str, fields: dict[str, str], field: str
) -> None:
    answer = person.ask("POST", route, files={"file": ("a.mov", clip)}, data=fields)

    assert detail(answer, 422)[0]["loc"] == ["body", field]
    assert data(person.ask("GET", "jobs"))["total"] == 0


def test_mf24_progress_goes_up_and_is_whole_at_the_end(
    person: Person, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = ("-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=8")
    content = rendered(tmp_path_factory.mktemp("long") / "a.mp4", *source, *ENCODED, "-crf", "40")
    assert len(content) < 4_000_000, "it must fit a request"
    # the quicker presets are done before the first report, which comes after two seconds
    job_id = ask(person, "video/convert", content, preset="slow")
    seen: list[int] = []

    def look() -> dict[str, Any]:
        job: dict[str, Any] = data(person.ask("GET", f"jobs/{job_id}"))
        if job["status"] == "started" and job["progress"] is not None:
            seen.append(job["progress"])
        return job

    job = person.engine.until(look, lambda found: found["status"] in ("completed", "failed"), 120)

    assert (job["status"], job["progress"]) == ("completed", 100), job
    assert seen == sorted(seen)
    assert seen
    assert max(seen) <= 99


def test_mf25_a_quarter_turn_swaps_the_sides(person: Person, clip: bytes) -> None:
    assert size(made(person, "video/rotate", clip, degrees=90)) == (360, 640)


def test_mf26_sizes_are_even_and_keep_the_shape_when_asked_to(person: Person, clip: bytes) -> None:
    width, height = size(made(person, "video/resize", clip, width=321))
    assert (width % 2, height % 2) == (0, 0)

    width, height = size(made(person, "video/resize", clip, width=320, height=320))
    assert max(width, height) <= 320
    assert abs(width / height - 16 / 9) < 0.05
    assert size(made(person, "video/resize", clip, width=320, height=320, keep_aspect="false")) == (320, 320)


def test_mf27_a_cut_is_as_long_as_asked_for(person: Person, clip: bytes) -> None:
    result = made(person, "video/trim", clip, start_time="0.5", end_time="00:00:01.5")

    stream = result.streams.video[0]
    assert abs(float(stream.duration * stream.time_base) - 1.0) <= 0.1


@pytest.mark.parametrize(
    ("route", "fields"),
    [
        ("video/trim", {"start_time": "100", "end_time": "110"}),
        ("video/thumbnail", {"timestamp": "100"}),
    ],
)
def test_mf27_and_mf28_past_the_end_there_is_nothing(
    person: Person, clip: bytes, route: str, fields: dict[str, str]
) -> None:
    job = ended(person, ask(person, route, clip, **fields))

    assert (job["status"], job["result_url"]) == ("failed", None)
    assert job["error"]


def test_mf28_a_thumbnail_is_a_picture_of_the_frames_size(person: Person, clip: bytes) -> None:
    image = Image.open(io.BytesIO(completed(person, ask(person, "video/thumbnail", clip))))

    assert (image.format, image.size) == ("WEBP", (640, 360))


def test_sound_alone_is_no_video_and_is_converted_as_sound(person: Person, sound: bytes, clip: bytes) -> None:
    job = ended(person, ask(person, "video/convert", sound))
    assert job["status"] == "failed"
    assert job["error"]

    for content in (sound, clip):
        result = made(person, "audio/convert", content, output_format="mp3")
        assert result.streams.audio[0].codec_context.name.startswith("mp3")
