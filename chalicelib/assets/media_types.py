"""What kind of media an object is, judged by what S3 says of its content, then by its key."""

from __future__ import annotations

from mimetypes import MimeTypes

_KINDS = {"video": "Video", "audio": "Audio", "image": "Image", "text": "Text"}
_TEXTS = {
    "application/json",
    "application/pdf",
    "application/ttml+xml",
    "application/x-subrip",
    "application/xml",
}
_SUFFIXES = {
    **dict.fromkeys(("mkv", "mxf", "mts", "m2ts", "flv", "wmv", "3gp", "ogv", "m4v", "webm", "avi"), "Video"),
    **dict.fromkeys(("m4a", "flac", "ogg", "oga", "opus", "wma", "aac"), "Audio"),
    **dict.fromkeys(("webp", "heic", "avif", "dng"), "Image"),
    **dict.fromkeys(("srt", "vtt", "ttml", "md", "jsonl"), "Text"),
}
# the machine's own tables would make the answer depend on where it is asked
_BY_NAME = MimeTypes(filenames=())


def inferred(content_type: str, key: str) -> str | None:
    """`Video`, `Audio`, `Image` or `Text`; None when neither content type nor key tell."""
    return _of_content(content_type) or _of_key(key)


def _of_content(content_type: str) -> str | None:
    kind = content_type.split(";")[0].strip().lower()
    return "Text" if kind in _TEXTS else _KINDS.get(kind.split("/")[0])


def _of_key(key: str) -> str | None:
    name = key.rpartition("/")[2].lower()
    known = _SUFFIXES.get(name.rpartition(".")[2]) if "." in name else None
    return known or _of_content(_BY_NAME.guess_type(f"file:{name}")[0] or "")
