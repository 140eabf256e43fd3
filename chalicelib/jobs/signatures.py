"""What a file is, told from its first bytes: never from its name, nor from what its sender says of it.

Only the beginning is looked at, and nothing is decoded: whether a file is whole, the operation finds out.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.jobs.kinds import AUDIO, IMAGE, VIDEO

HEAD_BYTES = 4_096
"""How much of a file is looked at."""


@dataclass(frozen=True)
class Content:
    """A kind of file that is taken."""

    content_type: str
    medium: str


_PREFIXES = (
    (b"\xff\xd8\xff", Content("image/jpeg", IMAGE)),
    (b"\x89PNG", Content("image/png", IMAGE)),
    (b"GIF87a", Content("image/gif", IMAGE)),
    (b"GIF89a", Content("image/gif", IMAGE)),
    (b"II*\0", Content("image/tiff", IMAGE)),
    (b"MM\0*", Content("image/tiff", IMAGE)),
    (b"\0\0\x01\xba", Content("video/mpeg", VIDEO)),
    (b"\0\0\x01\xb3", Content("video/mpeg", VIDEO)),
    (b"fLaC", Content("audio/flac", AUDIO)),
    (b"ID3", Content("audio/mpeg", AUDIO)),
    (b"\xff\xf1", Content("audio/aac", AUDIO)),
    (b"\xff\xf9", Content("audio/aac", AUDIO)),
    (b"\xff\xfb", Content("audio/mpeg", AUDIO)),
    (b"\xff\xf3", Content("audio/mpeg", AUDIO)),
    (b"\xff\xf2", Content("audio/mpeg", AUDIO)),
)
_RIFF = {
    b"WEBP": Content("image/webp", IMAGE),
    b"AVI ": Content("video/x-msvideo", VIDEO),
    b"WAVE": Content("audio/wav", AUDIO),
}
_BRANDS = {
    b"avif": Content("image/avif", IMAGE),
    b"avis": Content("image/avif", IMAGE),
    b"qt  ": Content("video/quicktime", VIDEO),
    b"M4A ": Content("audio/mp4", AUDIO),
    b"M4B ": Content("audio/mp4", AUDIO),
}
_FOREIGN_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"crx ", b"jp2 ", b"jxl ")
"""Pictures in the same container that are not taken."""
_OLD_QUICKTIME = (b"moov", b"mdat", b"wide")
_EBML = b"\x1aE\xdf\xa3"
_OGG_SOUNDS = (b"OpusHead", b"\x01vorbis", b"\x7fFLAC", b"Speex   ")
_BITMAP_HEADERS = (12, 40, 52, 56, 64, 108, 124)


def content(head: bytes) -> Content | None:
    """What a file is by its first bytes; None for what is not taken."""
    for prefix, found in _PREFIXES:
        if head.startswith(prefix):
            return found
    if head.startswith(b"BM"):
        return _bitmap(head)
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head.startswith(_EBML):
        kind = "video/webm" if b"webm" in head[:64] else "video/x-matroska"
        return Content(kind, VIDEO)
    if head.startswith(b"OggS"):
        sound = any(mark in head[:128] for mark in _OGG_SOUNDS) and b"\x80theora" not in head
        return Content("audio/ogg", AUDIO) if sound else Content("video/ogg", VIDEO)
    return _boxed(head)


def _bitmap(head: bytes) -> Content | None:
    """A bitmap by the size of its second header: two letters alone would be many a text."""
    fits = int.from_bytes(head[14:18], "little") in _BITMAP_HEADERS
    return Content("image/bmp", IMAGE) if fits else None


def _boxed(head: bytes) -> Content | None:
    """The family of MP4, by the brands in the first box."""
    box = head[4:8]
    if box in _OLD_QUICKTIME:
        return _BRANDS[b"qt  "]
    if box != b"ftyp":
        return None
    size = int.from_bytes(head[:4], "big")
    names = head[8:12], *(head[at : at + 4] for at in range(16, min(size, len(head)), 4))
    if names[0] in _BRANDS:
        return _BRANDS[names[0]]
    if names[0][:3] in (b"3gp", b"3g2"):
        return Content("video/3gpp", VIDEO)
    if b"avif" in names:
        return _BRANDS[b"avif"]
    return None if names[0] in _FOREIGN_BRANDS else Content("video/mp4", VIDEO)
