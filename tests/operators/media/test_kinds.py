from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from mediawright import InvalidInput
from operators.media.kinds import kind
from tests.operators.media.conftest import Render, sine


def test_every_kind_is_told_by_content_whatever_the_name(tmp_path: Path, clip: Path, render: Render) -> None:
    picture, text = tmp_path / "picture.mp4", tmp_path / "text.png"
    Image.new("RGB", (10, 10)).save(picture, "JPEG")
    text.write_text("Begin at the beginning.")

    told = [kind(path) for path in (clip, render("a.mp3", *sine(1)), picture, text)]

    assert told == ["Video", "Audio", "Image", "Text"]


def test_what_is_of_no_kind_is_refused(tmp_path: Path) -> None:
    unknown = tmp_path / "unknown.mp4"
    unknown.write_bytes(bytes(range(256)) * 20)

    with pytest.raises(InvalidInput, match="no text"):
        kind(unknown)


def test_a_sound_with_a_cover_is_a_sound(render: Render) -> None:
    cover = render("cover.png", "-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1")
    song = render("song.mp3", *sine(1), "-i", str(cover), "-map", "0", "-map", "1", "-disposition:v", "attached_pic")

    assert kind(song) == "Audio"
