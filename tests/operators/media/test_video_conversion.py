from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

import operators.media.probe as probe_module
from mediawright import InvalidInput
from operators.media import containers, ffmpeg, video_files
from operators.media.deadline import Deadline
from operators.media.probe import Probe, Promise, kept, probe
from operators.media.video_resize.handler import target
from tests.operators.media.conftest import Render, Run, sine

SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=2")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25")


def pattern(size: str = "160x90", seconds: float = 2, rate: int = 25) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}")


@pytest.fixture
def video(render: Render) -> Path:
    """Two seconds, 160 x 90, a key frame each second, with sound."""
    return render("video.mp4", *pattern(), *SOUND, *H264, "-c:a", "aac", "-shortest")


@pytest.fixture
def mute(render: Render) -> Path:
    return render("mute.mp4", *pattern(), *H264)


def made(run: Run, tmp_path: Path, media_type: str = "Video") -> Probe:
    path = tmp_path / "made"
    path.write_bytes(run.made(media_type))
    return probe(path)


def picture(path: Path, seconds: float = 0) -> Image.Image:
    """A frame as a player shows it."""
    with containers.opened(path) as container:
        stream = containers.video_stream(container)
        frames = [frame for frame in container.decode(stream) if frame.time is not None and frame.time >= seconds]
        image = frames[0].to_image()
        return image.rotate(frames[0].rotation, expand=True)


def difference(one: Image.Image, other: Image.Image) -> float:
    stat = ImageStat.Stat(ImageChops.difference(one.convert("L"), other.convert("L").resize(one.size)))
    return float(stat.mean[0])


@pytest.mark.parametrize(
    ("parameters", "container", "codecs", "content_type"),
    [
        ({}, "mov", ("h264", "aac"), "video/mp4"),
        ({"OutputFormat": "webm"}, "matroska", ("vp9", "opus"), "video/webm"),
        ({"OutputFormat": "mkv", "Preset": "ultrafast"}, "matroska", ("h264", "aac"), "video/x-matroska"),
        ({"OutputFormat": "mov", "Preset": "ultrafast"}, "mov", ("h264", "aac"), "video/quicktime"),
        ({"Codec": "h265", "Preset": "ultrafast", "AudioCodec": "mp3"}, "mov", ("hevc", "mp3"), "video/mp4"),
        ({"OutputFormat": "webm", "Codec": "av1", "Preset": "ultrafast"}, "matroska", ("av1", "opus"), "video/webm"),
    ],
)
def test_containers_and_codecs_are_those_that_were_asked_for(
    run: Run, video: Path, tmp_path: Path, parameters: dict[str, Any], container: str, codecs: Any, content_type: str
) -> None:
    run.add("Video", video)

    run.operate("VideoConvert", **parameters)

    found = made(run, tmp_path)
    assert container in found.format.split(",")
    assert found.video is not None
    assert found.audio is not None
    assert (found.video.codec, found.audio.codec) == codecs
    assert (found.video.width, found.video.height) == (160, 90)
    assert found.seconds == pytest.approx(2, abs=0.1)
    assert run.bucket.content_types[run.media["Video"]["S3Key"]] == content_type
    assert run.metadata["VideoConvert"]["Video"]["Codec"] == codecs[0]


@pytest.mark.parametrize("rate", [2, 25])
@pytest.mark.parametrize("codec", ["h264", "h265", "vp9", "av1"])
def test_a_video_without_sound_is_proved_to_its_end(
    run: Run, render: Render, tmp_path: Path, codec: str, rate: int
) -> None:
    run.add("Video", render("mute.mp4", *pattern(seconds=6, rate=rate), *H264))

    run.operate("VideoConvert", OutputFormat="mkv", Codec=codec, Preset="veryfast")

    found = made(run, tmp_path)
    assert found.needed_video().codec == video_files.CANONICAL.get(codec, codec)
    assert found.seconds == pytest.approx(6, abs=0.1)


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_pictures_that_cannot_be_decoded_to_the_end_are_not_made_up_for_by_the_sound(
    render: Render, monkeypatch: pytest.MonkeyPatch, codec: str
) -> None:
    encoded = video_files.encoded(codec, "mp4", preset="ultrafast")
    path = render("made.mp4", *pattern(), *SOUND, *encoded, "-c:a", "aac", "-shortest")
    canonical = video_files.CANONICAL.get(codec, codec)
    promise = Promise("mov", canonical, "aac", (160, 90), 2.0)
    assert kept(path, promise, Deadline(20)).audio is not None

    # as if none after the first could be decoded
    monkeypatch.setitem(probe_module._SKIPPED, canonical, {"skip_frame": "nokey"})

    with pytest.raises(RuntimeError, match="cannot be decoded to their end"):
        kept(path, promise, Deadline(20))


def test_a_greater_crf_makes_a_smaller_file(run: Run, video: Path) -> None:
    sizes = []
    for crf in (10, 40):
        run.add("Video", video)
        run.operate("VideoConvert", Crf=crf, Preset="ultrafast")
        sizes.append(len(run.made("Video")))

    assert sizes[0] > sizes[1]


def test_a_video_without_sound_stays_without(run: Run, mute: Path, tmp_path: Path) -> None:
    run.add("Video", mute)

    run.operate("VideoConvert", OutputFormat="mkv")

    assert made(run, tmp_path).audio is None


def test_odd_sides_lose_a_pixel(run: Run, render: Render, tmp_path: Path) -> None:
    run.add("Video", render("odd.mkv", *pattern("161x91", 0.5), "-c:v", "ffv1", "-pix_fmt", "yuv444p"))

    run.operate("VideoConvert")

    found = made(run, tmp_path).needed_video()
    assert (found.width, found.height) == (160, 90)


def test_what_the_camera_noted_is_dropped(run: Run, render: Render) -> None:
    run.add("Video", render("tagged.mp4", *pattern(seconds=0.5), *H264, "-metadata", "artist=Photographer"))

    run.operate("VideoConvert")

    assert b"Photographer" not in run.made("Video")


def test_a_cover_is_no_video(run: Run, render: Render, tmp_path: Path) -> None:
    cover = tmp_path / "cover.png"
    Image.new("RGB", (40, 40), "red").save(cover)
    song = render("song.mp3", *sine(1), "-i", str(cover), "-map", "0", "-map", "1", "-c:v", "png",
                  "-disposition:v", "attached_pic")  # fmt: skip
    run.add("Video", song)

    with pytest.raises(InvalidInput, match="no video stream"):
        run.operate("VideoConvert")


# -- trimming ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["video.mp4", "video.webm", "video.mkv", "video.avi"])
def test_a_part_is_cut_at_the_frame(run: Run, render: Render, tmp_path: Path, name: str) -> None:
    own = {"video.webm": ("-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime", "-c:a", "libopus")}
    source = render(name, *pattern(), *SOUND, *own.get(name, (*H264, "-c:a", "aac")), "-shortest")
    run.add("Video", source)

    run.operate("VideoTrim", StartTime="00:00:00.5", EndTime=1.5)

    path = tmp_path / "made"
    found = made(run, tmp_path)
    assert found.seconds == pytest.approx(1.0, abs=0.1)
    assert found.audio is not None
    assert difference(picture(source, 0.5), picture(path)) < 6 < difference(picture(source, 0), picture(path))


def test_a_copied_part_begins_at_a_key_frame_and_has_its_pictures(run: Run, video: Path, tmp_path: Path) -> None:
    run.add("Video", video)

    run.operate("VideoTrim", StartTime=1.4, EndTime=1.8, Mode="copy")

    found = made(run, tmp_path)
    assert found.needed_video().codec == "h264"
    assert found.seconds is not None
    assert 0.4 <= found.seconds <= 1.1
    assert difference(picture(video, 1.0), picture(tmp_path / "made")) < 6


def test_without_an_end_the_part_goes_to_the_end(run: Run, video: Path, tmp_path: Path) -> None:
    run.add("Video", video)

    run.operate("VideoTrim", StartTime=1.5)

    assert made(run, tmp_path).seconds == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("operation", "parameters", "reason"),
    [
        (
            "VideoTrim",
            {"StartTime": 1, "EndTime": 9},
            "EndTime: 9 s is past the end of the video, which lasts 2.00 s",
        ),
        ("VideoTrim", {"StartTime": 3}, "StartTime: 3 s is past the end"),
        ("VideoTrim", {"StartTime": 3, "EndTime": 4, "Mode": "copy"}, "StartTime: 3 s is past the end"),
        ("VideoTrim", {"StartTime": 1.5, "EndTime": 0.5}, "EndTime: it must come after StartTime"),
        ("VideoThumbnail", {"Timestamp": "00:00:30"}, "Timestamp: 30 s is past the end"),
        ("VideoThumbnail", {"Timestamp": 2}, "Timestamp: 2 s is past the end"),
    ],
)
def test_times_that_the_video_has_not_are_refused(
    run: Run, video: Path, operation: str, parameters: dict[str, Any], reason: str
) -> None:
    run.add("Video", video)

    with pytest.raises(InvalidInput, match=f"^{re.escape(reason)}"):
        run.operate(operation, **parameters)

    assert list(run.bucket.objects) == ["in/Video"]


# -- size and direction ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "size"),
    [
        ({"Width": 321}, (320, 180)),
        ({"Height": 45}, (80, 44)),
        ({"Width": 320, "Height": 320}, (320, 180)),
        ({"Width": 320, "Height": 320, "KeepAspect": False}, (320, 320)),
        ({"Width": 1}, (2, 2)),
    ],
)
def test_sizes_keep_the_shape_and_are_even(parameters: dict[str, Any], size: tuple[int, int]) -> None:
    assert target((640, 360), {"KeepAspect": True, **parameters}) == size


def test_a_video_is_resized_and_its_sound_is_kept(run: Run, video: Path, tmp_path: Path) -> None:
    run.add("Video", video)

    run.operate("VideoResize", Width=81)

    found = made(run, tmp_path)
    assert (found.needed_video().width, found.needed_video().height) == (80, 44)
    assert found.needed_audio().codec == "aac"


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_both_ways_to_rotate_show_the_same_turned_clockwise(
    run: Run, video: Path, tmp_path: Path, degrees: int
) -> None:
    expected = picture(video).rotate(-degrees, expand=True)
    for without in (False, True):
        run.add("Video", video)
        run.operate("VideoRotate", Degrees=degrees, NoTranscode=without)
        found = made(run, tmp_path)

        assert (found.needed_video().width, found.needed_video().height) == expected.size
        assert found.needed_audio().codec == "aac"
        assert difference(expected, picture(tmp_path / "made")) < 6


@pytest.mark.parametrize("without", [False, True])
def test_a_video_that_is_turned_already_is_turned_further(
    run: Run, video: Path, tmp_path: Path, without: bool
) -> None:
    run.add("Video", video)
    run.operate("VideoRotate", Degrees=90, NoTranscode=True)

    run.operate("VideoRotate", Degrees=90, NoTranscode=without)

    made(run, tmp_path)
    assert difference(picture(video).rotate(180), picture(tmp_path / "made")) < 6


def test_what_mp4_cannot_keep_is_not_turned_by_a_note(run: Run, render: Render) -> None:
    run.add("Video", render("old.mkv", *pattern(seconds=0.5), "-c:v", "ffv1"))

    with pytest.raises(InvalidInput, match="NoTranscode"):
        run.operate("VideoRotate", NoTranscode=True)


# -- a picture out of it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0, 0.99, 1.0, 1.985])
def test_the_picture_is_the_one_shown_then(run: Run, mute: Path, seconds: float) -> None:
    run.add("Video", mute)

    run.operate("VideoThumbnail", Timestamp=seconds, OutputFormat="png")

    image = Image.open(io.BytesIO(run.made("Image")))
    frame = int(seconds * 25 + 1e-6)
    assert image.size == (160, 90)
    assert difference(picture(mute, frame / 25 - 1e-3), image) < 3
    assert run.metadata["VideoThumbnail"]["Seconds"] == pytest.approx(frame / 25, abs=0.001)


@pytest.mark.parametrize(("kind", "name"), [("webp", "WEBP"), ("jpg", "JPEG"), ("avif", "AVIF")])
def test_the_picture_is_of_the_format_asked_for(run: Run, mute: Path, kind: str, name: str) -> None:
    run.add("Video", mute)

    run.operate("VideoThumbnail", OutputFormat=kind)

    assert Image.open(io.BytesIO(run.made("Image"))).format == name


# -- bad input ---------------------------------------------------------------------------------------------------

OPERATIONS: dict[str, dict[str, Any]] = {
    "VideoConvert": {},
    "VideoTrim": {"StartTime": 0, "EndTime": 1},
    "VideoResize": {"Width": 64},
    "VideoRotate": {"NoTranscode": True},
    "VideoThumbnail": {},
}
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://169.254.169.254/latest/meta-data\n#EXT-X-ENDLIST\n"
CONCAT = b"ffconcat version 1.0\nfile 'http://169.254.169.254/latest/meta-data'\n"


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(
    "content", [b"", b"text, whatever its name says\n" * 50, PLAYLIST, CONCAT, b"\x1a\x45\xdf\xa3" + PLAYLIST]
)
def test_junk_and_lists_that_name_addresses_are_refused(run: Run, name: str, content: bytes) -> None:
    run.add("Video", content)

    with pytest.raises(InvalidInput) as refused:
        run.operate(name, **OPERATIONS[name])

    assert "169.254" not in str(refused.value)
    assert "/" not in str(refused.value)
    assert list(run.bucket.objects) == ["in/Video"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_mp4_of_sound_alone_is_no_video(run: Run, render: Render, name: str) -> None:
    run.add("Video", render("sound.mp4", *sine(1), "-c:a", "aac"))

    with pytest.raises(InvalidInput, match="no video stream"):
        run.operate(name, **OPERATIONS[name])


def test_a_damaged_video_is_not_called_done(run: Run, render: Render) -> None:
    whole = render("fast.mp4", *pattern(seconds=2), *H264, "-movflags", "+faststart").read_bytes()
    run.add("Video", whole[: len(whole) // 2])

    with pytest.raises(InvalidInput, match="damaged"):
        run.operate("VideoConvert", Preset="ultrafast")

    assert list(run.bucket.objects) == ["in/Video"]


@pytest.fixture
def broken_off(render: Render) -> bytes:
    """Four seconds by its index, which comes first, and about two by what there is."""
    clip = render("four.mp4", *pattern(seconds=4), *sine(4), *H264, "-c:a", "aac", "-movflags", "+faststart")
    whole = clip.read_bytes()
    return whole[: len(whole) // 2]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("VideoConvert", {"Preset": "ultrafast"}),
        ("VideoResize", {"Width": 64}),
        ("VideoRotate", {"NoTranscode": True}),
        ("VideoTrim", {"StartTime": 0, "EndTime": 3}),
        ("VideoThumbnail", {"Timestamp": 3}),
    ],
)
def test_pictures_that_break_off_are_told_before_any_work(
    run: Run, broken_off: bytes, name: str, parameters: dict[str, Any]
) -> None:
    run.add("Video", broken_off)

    with pytest.raises(InvalidInput, match=r"^the file is damaged: its pictures break off after [12]\.\d\d s$"):
        run.operate(name, **parameters)

    assert list(run.bucket.objects) == ["in/Video"]


def test_of_pictures_that_break_off_those_before_are_good(run: Run, broken_off: bytes, tmp_path: Path) -> None:
    run.add("Video", broken_off)

    run.operate("VideoThumbnail", Timestamp=1)
    run.operate("VideoTrim", StartTime=0, EndTime=1)

    assert made(run, tmp_path).seconds == pytest.approx(1, abs=0.1)


def test_a_damaged_picture_that_was_copied_is_the_files_fault(run: Run, mute: Path) -> None:
    content = bytearray(mute.read_bytes())
    with containers.opened(mute) as container:
        tenth = [packet for packet in container.demux(video=0) if packet.size][10]
        begin = int(tenth.pos or 0)
    content[begin : begin + tenth.size] = b"\xff" * tenth.size
    run.add("Video", bytes(content))

    with pytest.raises(InvalidInput, match="damaged"):
        run.operate("VideoRotate", NoTranscode=True)


def test_pictures_that_are_too_large_are_refused(run: Run, video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_FRAME_PIXELS", 100)
    run.add("Video", video)

    with pytest.raises(InvalidInput, match="160 x 90"):
        run.operate("VideoConvert")


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [("VideoConvert", {}), ("VideoThumbnail", {"Timestamp": 0}), ("VideoRotate", {"Degrees": 90})],
)
def test_pictures_that_are_only_shown_too_large_are_refused(
    run: Run, render: Render, monkeypatch: pytest.MonkeyPatch, operation: str, parameters: dict[str, Any]
) -> None:
    wide = render("wide.mp4", *pattern(seconds=0.5), "-vf", "setsar=50", *H264)
    monkeypatch.setattr(containers, "MAX_FRAME_PIXELS", 160 * 90 * 10)
    run.add("Video", wide)

    with pytest.raises(InvalidInput, match="8000 x 90"):
        run.operate(operation, **parameters)


def test_a_side_that_follows_the_other_is_bounded_too() -> None:
    with pytest.raises(InvalidInput, match="8192 x 32768000"):
        target((2, 8000), {"Width": 8192, "KeepAspect": True})


# -- the program -------------------------------------------------------------------------------------------------


def test_the_program_is_ended_when_the_time_is_used_up(video: Path, tmp_path: Path) -> None:
    # looped for ever: it would never end by itself
    with pytest.raises(TimeoutError):
        ffmpeg.run(video, tmp_path / "out.mp4", ["-f", "mp4"], Deadline(0.5), lambda _: None, ["-stream_loop", "-1"])


def test_the_program_opens_no_other_file(tmp_path: Path, video: Path) -> None:
    listing = tmp_path / "list.txt"
    listing.write_text(f"ffconcat version 1.0\nfile '{video}'\n")

    with pytest.raises(InvalidInput):
        ffmpeg.run(listing, tmp_path / "out.mp4", ["-f", "mp4"], Deadline(20), lambda _: None, ["-f", "concat"])


def test_the_watcher_is_told_how_far_it_is(video: Path, tmp_path: Path) -> None:
    told: list[float] = []

    ffmpeg.run(video, tmp_path / "out.mp4", ["-f", "mp4"], Deadline(60), told.append)

    assert told == sorted(told)
    assert told[-1] == pytest.approx(2, abs=0.1)


def test_a_result_that_is_another_than_promised_is_a_fault_of_ours(video: Path) -> None:
    with pytest.raises(RuntimeError, match=r"^the file made is"):
        kept(video, Promise("mov", "h264", None, (160, 90), None), Deadline(20))
    with pytest.raises(InvalidInput, match=r"of 5\.00 s only 2"):
        kept(video, Promise("mov", "h264", "aac", (160, 90), 5.0), Deadline(20))


def test_an_empty_result_is_a_fault_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.write_bytes(b"")

    with pytest.raises(RuntimeError, match="cannot be read"):
        kept(path, Promise("mov", "h264", None, None, None), Deadline(20))
