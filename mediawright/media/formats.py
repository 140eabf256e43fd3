"""The kinds of files that the media operations make: their names' endings, content types, and what they can hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

_SPELLINGS = {"jpeg": "jpg", "tif": "tiff"}


@dataclass(frozen=True)
class ImageFormat:
    """A kind of picture file. `longest_side` is what its format allows, in pixels."""

    content_type: str
    alpha: bool
    animation: bool
    longest_side: int


IMAGES = {
    "png": ImageFormat("image/png", True, True, 2**31 - 1),
    "jpg": ImageFormat("image/jpeg", False, False, 65_500),
    "gif": ImageFormat("image/gif", True, True, 65_535),
    "bmp": ImageFormat("image/bmp", False, False, 2**31 - 1),
    "tiff": ImageFormat("image/tiff", True, False, 2**31 - 1),
    "webp": ImageFormat("image/webp", True, True, 16_383),
    "avif": ImageFormat("image/avif", True, True, 65_536),
}
AUDIO = {
    "mp3": "audio/mpeg",
    "aac": "audio/aac",
    "m4a": "audio/mp4",
    "opus": "audio/ogg",
    "flac": "audio/flac",
    "wav": "audio/wav",
}
"""Content types by OutputFormat."""


def ending(name: str) -> str:
    """Return the one spelling of a format's name that files get: `.JPEG` and `jpeg` are `jpg`."""
    plain = name.strip().lower().lstrip(".")
    return _SPELLINGS.get(plain, plain)


def is_named_so(kind: str, path: PurePath) -> bool:
    """Whether a file's name tells that it is of a kind; webm is a kind of mkv."""
    made, named = ending(kind), ending(path.suffix)
    return made == named or (made, named) == ("webm", "mkv")
