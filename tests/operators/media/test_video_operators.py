from __future__ import annotations

import io
from pathlib import Path

import av
import pytest
from PIL import Image

from mediawright import InvalidInput
from tests.operators.media.conftest import BOTH, Render, Run, pixel, sine

TEST_PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2")


def test_mediainfo_tells_the_tracks_of_a_video_and_nothing_of_our_copy(run: Run, clip: Path) -> None:
    run.add("Video", clip)

    output = run.operate("Mediainfo")

    tracks = {track["track_type"]: track for track in run.documents["Mediainfo"]["tracks"]}
    assert (tracks["Video"]["width"], tracks["Video"]["height"]) == (640, 360)
    assert tracks["Audio"]["sampling_rate"] == 48000
    assert "complete_name" not in tracks["General"]
    assert [track["Type"] for track in output["MetaData"]["Mediainfo"]["Tracks"]] == ["General", "Video", "Audio"]


def test_mediainfo_refuses_what_is_no_media(run: Run) -> None:
    run.add("Video", b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n")

    with pytest.raises(InvalidInput, match="no video, audio or image"):
        run.operate("Mediainfo")


def test_thumbnail_makes_a_jpeg_for_every_interval_and_a_sheet_of_all(run: Run, clip: Path) -> None:
    run.add("Video", clip)

    output = run.operate("Thumbnail", IntervalSeconds=1, Width=320)

    document = run.documents["Thumbnail"]
    assert [still["Seconds"] for still in document["Stills"]] == [0, 1, 2, 3, 4, 5]
    stills = [Image.open(io.BytesIO(run.bucket.objects[still["S3Key"]])) for still in document["Stills"]]
    assert {(still.format, still.size) for still in stills} == {("JPEG", (320, 180))}
    sheet = Image.open(io.BytesIO(run.made("ContactSheet")))
    assert sheet.size == (4 * 244 + 4, 2 * 139 + 4)
    assert output["Media"]["Thumbnail"]["S3Key"] == document["Stills"][3]["S3Key"]
    assert output["Media"]["Thumbnail"]["S3Key"].startswith("private/assets/asset-1/workflows/run-1/Thumbnail/")


def test_stills_differ_between_scenes(run: Run, clip: Path) -> None:
    run.add("Video", clip)

    run.operate("Thumbnail", IntervalSeconds=2)

    contents = {run.bucket.objects[still["S3Key"]] for still in run.documents["Thumbnail"]["Stills"]}
    assert len(contents) == 3


def test_thumbnail_widens_the_interval_when_the_video_is_too_long_for_its_number_of_pictures(
    run: Run, clip: Path
) -> None:
    run.add("Video", clip)

    run.operate("Thumbnail", IntervalSeconds=0.1, MaxFrames=3)

    assert [still["Seconds"] for still in run.documents["Thumbnail"]["Stills"]] == [0, 2, 4]


def test_thumbnail_jumps_to_times_far_apart(run: Run, render: Render) -> None:
    long = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10:duration=60")
    run.add("Video", render("long.mkv", *long, "-c:v", "libx264", "-g", "50", "-preset", "ultrafast"))

    run.operate("Thumbnail", IntervalSeconds=20)

    assert [still["Seconds"] for still in run.documents["Thumbnail"]["Stills"]] == [0, 20, 40]


@pytest.mark.parametrize(("rotation", "size"), [("90", (180, 320)), ("-90", (180, 320)), ("180", (320, 180))])
def test_pictures_of_a_rotated_video_are_upright(
    run: Run, render: Render, rotation: str, size: tuple[int, int]
) -> None:
    half = ("-f", "lavfi", "-i", "color=red:size=160x180:rate=5:duration=1,pad=320:180:0:0:blue")
    plain = render("half.mp4", *half)
    turned = render(f"turned{rotation}.mp4", "-display_rotation", rotation, "-i", str(plain), "-c", "copy")
    run.add("Video", turned)

    run.operate("Thumbnail")

    shown = render(f"shown{rotation}.png", "-i", str(turned), "-frames:v", "1")
    expected = Image.open(shown).convert("RGB")
    picture = Image.open(io.BytesIO(run.made("Thumbnail")))
    assert picture.size == expected.size == size
    corner = zip(pixel(picture, 10, 10), pixel(expected, 10, 10), strict=True)
    assert all(abs(ours - theirs) < 40 for ours, theirs in corner)


def test_pictures_have_square_pixels(run: Run, render: Render) -> None:
    run.add("Video", render("wide.mp4", *TEST_PICTURE, "-vf", "setsar=2/1"))

    run.operate("Thumbnail", Width=640)

    assert Image.open(io.BytesIO(run.made("Thumbnail"))).size == (640, 180)


@pytest.mark.parametrize(
    ("kind", "codec"), [("m4a", "aac"), ("mp3", "mp3"), ("opus", "opus"), ("flac", "flac"), ("wav", "pcm_s16le")]
)
def test_audio_extract_makes_a_file_that_plays_in_every_format(run: Run, clip: Path, kind: str, codec: str) -> None:
    run.add("Video", clip)

    run.operate("AudioExtract", Format=kind)

    with av.open(io.BytesIO(run.made("Audio")), "r") as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.name.startswith(codec)
        samples = sum(frame.samples for frame in container.decode(stream))
        assert samples / stream.rate == pytest.approx(6, abs=0.15)
    assert run.documents["AudioExtract"]["Audio"]["S3Key"].endswith(f".{kind}")


def test_audio_extract_can_mix_to_one_channel(run: Run, clip: Path) -> None:
    run.add("Video", clip)

    run.operate("AudioExtract", Mono=True)

    assert run.documents["AudioExtract"]["Audio"]["Channels"] == 1


def test_audio_extract_measures_the_loudness_that_ffmpeg_measures(run: Run, render: Render) -> None:
    run.add("Video", render("loud.mkv", *TEST_PICTURE, *sine(2), "-c:a", "flac", *BOTH, "-shortest"))

    output = run.operate("AudioExtract")

    loudness = output["MetaData"]["AudioExtract"]["Loudness"]
    # a 1 kHz sine of -18.06 dBFS in both channels has -18.06 LUFS (BS.1770: -3.01 a channel, and as much for two)
    assert loudness["IntegratedLufs"] == pytest.approx(-18.06, abs=0.15)
    assert loudness["TruePeakDbtp"] == pytest.approx(-18.06, abs=0.15)
    assert loudness["TruePeakTooHigh"] is False


def test_a_video_without_sound_completes_with_a_note_and_no_audio(run: Run, render: Render) -> None:
    run.add("Video", render("silent.mp4", *TEST_PICTURE))

    output = run.operate("AudioExtract")

    assert output["Status"] == "Complete"
    assert output["Media"] == {}
    assert "no sound" in output["MetaData"]["AudioExtract"]["Note"]


def test_a_track_that_is_not_there_is_named(run: Run, clip: Path) -> None:
    run.add("Video", clip)

    with pytest.raises(InvalidInput, match=r"Configuration\.Track is 1"):
        run.operate("AudioExtract", Track=1)


def test_shots_begin_where_the_scenes_change(run: Run, clip: Path) -> None:
    run.add("Video", clip)

    run.operate("ShotDetection")

    shots = run.documents["ShotDetection"]["Shots"]
    assert [(shot["StartTimecode"], shot["EndTimecode"]) for shot in shots] == [
        ("00:00:00:00", "00:00:01:24"),
        ("00:00:02:00", "00:00:03:24"),
        ("00:00:04:00", "00:00:05:24"),
    ]
    assert [shot["Start"] for shot in shots] == [0, 2, 4]
    assert all(0.5 <= shot["Confidence"] <= 1 for shot in shots)
    assert run.documents["ShotDetection"]["Frames"] == 150


def test_a_video_of_one_scene_is_one_shot(run: Run, render: Render) -> None:
    run.add("Video", render("one.mp4", *TEST_PICTURE))

    output = run.operate("ShotDetection")

    assert output["MetaData"]["ShotDetection"]["ShotCount"] == 1


def test_a_damaged_video_is_worked_on_as_far_as_it_goes(run: Run, render: Render) -> None:
    whole = bytearray(render("damaged.mkv", *TEST_PICTURE, "-c:v", "mjpeg").read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 3000] = b"\x00" * 3000
    run.add("Video", bytes(whole))

    run.operate("ShotDetection")

    assert run.documents["ShotDetection"]["Frames"] >= 20


def test_a_video_that_changes_its_size_on_the_way_is_worked_on_to_the_end(run: Run, render: Render) -> None:
    parts = [
        render(f"{size}.h264", "-f", "lavfi", "-i", f"color=red:size={size}:rate=25:duration=1", "-bf", "0")
        for size in ("320x180", "640x360")
    ]
    run.add("Video", b"".join(part.read_bytes() for part in parts))

    assert run.operate("Thumbnail", IntervalSeconds=0.5)["MetaData"]["Thumbnail"]["Frames"] >= 3
    run.operate("ShotDetection")

    assert run.documents["ShotDetection"]["Frames"] == 50


@pytest.mark.parametrize("operation", ["Thumbnail", "AudioExtract", "ShotDetection"])
@pytest.mark.parametrize(
    "content",
    [
        b"just some text, renamed\n" * 50,
        b"\x00\x00\x00\x20ftypisom" + b"\x00" * 500,
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
    ],
)
def test_what_is_no_video_is_invalid_input(run: Run, operation: str, content: bytes) -> None:
    run.add("Video", content)

    with pytest.raises(InvalidInput):
        run.operate(operation)


def test_a_sound_file_is_no_video(run: Run, render: Render) -> None:
    run.add("Video", render("only-sound.m4a", *sine(1)))

    with pytest.raises(InvalidInput, match="no video stream"):
        run.operate("ShotDetection")
