"""What kind of media a file is, by its name."""

from __future__ import annotations

import mimetypes
from pathlib import Path

MEDIA_TYPES = ("Video", "Audio", "Image", "Text")

_BY_KIND = {"video": "Video", "audio": "Audio", "image": "Image", "text": "Text"}
_BY_SUFFIX = {
    ".mxf": "Video",
    ".mkv": "Video",
    ".ts": "Video",
    ".mts": "Video",
    ".m2ts": "Video",
    ".webm": "Video",
    ".flac": "Audio",
    ".opus": "Audio",
    ".m4a": "Audio",
    ".heic": "Image",
    ".avif": "Image",
    ".webp": "Image",
    ".json": "Text",
    ".srt": "Text",
    ".vtt": "Text",
    ".md": "Text",
}


def media_type(path: Path) -> str | None:
    """Return the media type of a file, or None when its name doesn't tell."""
    suffix = path.suffix.lower()
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    kind = (mimetypes.guess_type(path.name)[0] or "").partition("/")[0]
    return _BY_KIND.get(kind)
