"""Which kind of media a file is, by its content: what to call it in a run's `Media`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from mediawright import InvalidInput
from operators.media import pictures, texts
from operators.media.containers import audio_stream, opened, video_stream
from operators.media.media_types import is_binary_media

Kind = Literal["Video", "Audio", "Image", "Text"]


def kind(path: Path) -> Kind:
    """Return a file's kind; animations are images. Raises InvalidInput when it is none that the operators work on."""
    if not is_binary_media(path):
        texts.read(path)
        return "Text"
    return "Image" if _is_picture(path) else _moving_or_heard(path)


def _is_picture(path: Path) -> bool:
    try:
        with pictures.opened(path):
            return True
    except InvalidInput:
        return False


def _moving_or_heard(path: Path) -> Kind:
    with opened(path) as container:
        try:
            video_stream(container)
        except InvalidInput:
            audio_stream(container)
            return "Audio"
        return "Video"
