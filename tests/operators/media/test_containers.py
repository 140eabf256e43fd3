from __future__ import annotations

import os
from pathlib import Path

import pytest
from av.video.frame import VideoFrame

from mediawright import InvalidInput
from operators.media import containers
from operators.media.containers import Decoder, opened, video_stream
from operators.media.deadline import Deadline
from operators.media.media_types import is_binary_media
from tests.operators.media.conftest import Render


def test_a_playlist_is_refused_without_opening_what_it_names(tmp_path: Path, clip: Path) -> None:
    reads = tmp_path / "named.ts"
    os.mkfifo(reads)  # opening it would wait for ever
    playlist = tmp_path / "clip.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{reads}\n#EXT-X-ENDLIST\n")

    with pytest.raises(InvalidInput), opened(playlist):
        pass


def test_pictures_too_large_are_refused(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_FRAME_PIXELS", 640 * 360 - 1)

    with pytest.raises(InvalidInput, match="640 x 360"), opened(clip) as container:
        video_stream(container)


def test_decoding_ends_in_time(clip: Path) -> None:
    with opened(clip) as container:
        decoder = Decoder[VideoFrame](container, video_stream(container), Deadline(0))

        with pytest.raises(TimeoutError, match="not done within 0 s"):
            list(decoder.frames())


@pytest.mark.parametrize("ending", ["mp4", "mkv", "webm", "mov", "avi", "ts", "flv", "gif", "mxf", "mpg", "wmv"])
def test_common_containers_are_recognised_by_their_first_bytes_and_open(render: Render, ending: str) -> None:
    video = render(f"a.{ending}", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=0.5")

    assert is_binary_media(video)
    with opened(video) as container:
        assert video_stream(container).width == 320


@pytest.mark.parametrize("ending", ["mp3", "m4a", "flac", "wav", "ogg", "opus", "aac", "aiff", "wma", "ac3", "w64"])
def test_common_sounds_are_recognised_by_their_first_bytes_and_open(render: Render, ending: str) -> None:
    sound = render(f"a.{ending}", "-f", "lavfi", "-i", "sine=duration=0.5:sample_rate=48000")

    assert is_binary_media(sound)
    with opened(sound) as container:
        assert containers.audio_stream(container).rate == 48000


def test_a_title_that_is_no_utf_8_is_no_reason_to_refuse_a_file(render: Render) -> None:
    sound = render("a.wav", "-f", "lavfi", "-i", "sine=duration=0.5", "-metadata", "title=caf?")
    sound.write_bytes(sound.read_bytes().replace(b"caf?", b"caf\xe9"))

    with opened(sound) as container:
        assert containers.audio_stream(container).rate == 44100


def test_a_cover_picture_is_no_video(render: Render) -> None:
    cover = render("cover.png", "-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1")
    sound = ("-f", "lavfi", "-i", "sine=duration=1", "-i", str(cover), "-map", "0", "-map", "1")
    song = render("song.mp3", *sound, "-disposition:v", "attached_pic")

    with pytest.raises(InvalidInput, match="no video stream"), opened(song) as container:
        video_stream(container)


def test_a_video_of_an_unknown_codec_is_refused(render: Render) -> None:
    video = render("strange.mkv", "-f", "lavfi", "-i", "testsrc2=size=64x48:duration=0.2", "-c:v", "libx264")
    video.write_bytes(video.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_STRANGE/NEVER"))

    with pytest.raises(InvalidInput, match="not known here"), opened(video) as container:
        video_stream(container)


@pytest.mark.parametrize("kept", [8, 40, 200])
def test_a_file_cut_in_its_head_is_refused(render: Render, tmp_path: Path, kept: int) -> None:
    video = render("whole.mkv", "-f", "lavfi", "-i", "testsrc2=size=64x48:duration=0.2", "-c:v", "libx264")
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(video.read_bytes()[:kept])

    with pytest.raises(InvalidInput), opened(cut) as container:
        video_stream(container)


def test_a_file_that_is_not_there_is_no_fault_of_the_input(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), opened(tmp_path / "nothing"):
        pass
