from __future__ import annotations

from pathlib import Path

import pytest

from mediawright.cli.media_types import media_type


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.mp4", "Video"), ("a.MOV", "Video"), ("a.mkv", "Video"), ("a.ts", "Video"), ("a.webm", "Video"),
        ("a.wav", "Audio"), ("a.mp3", "Audio"), ("a.flac", "Audio"), ("a.m4a", "Audio"),
        ("a.jpg", "Image"), ("a.png", "Image"), ("a.webp", "Image"),
        ("a.txt", "Text"), ("a.srt", "Text"), ("a.json", "Text"), ("a.md", "Text"), ("a.csv", "Text"),
        ("a.zip", None), ("a", None), (".mp4", None),
    ],
)  # fmt: skip
def test_a_files_name_tells_its_media_type(name: str, kind: str | None) -> None:
    assert media_type(Path(name)) == kind
