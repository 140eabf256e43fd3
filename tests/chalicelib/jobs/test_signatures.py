"""Files are told by how they begin."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from chalicelib.jobs import signatures

FTYP = b"\0\0\0\x18ftyp"


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [("JPEG", "jpeg"), ("PNG", "png"), ("GIF", "gif"), ("WEBP", "webp"), ("TIFF", "tiff"), ("BMP", "bmp"),
     ("AVIF", "avif")],
)  # fmt: skip
def test_real_pictures_are_known(kind: str, content_type: str) -> None:
    written = io.BytesIO()
    Image.new("RGB", (8, 8)).save(written, kind)

    found = signatures.content(written.getvalue())

    assert found == signatures.Content(f"image/{content_type}", "Image")


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"\xff\xd8\xff" + bytes(20), "image/jpeg"),
        (b"\x89PNG", "image/png"),
        (b"MM\0*" + bytes(4), "image/tiff"),
        (FTYP + b"isom\0\0\0\0isomiso2", "video/mp4"),
        (FTYP, "video/mp4"),
        (FTYP + b"qt  \0\0\0\0qt  ", "video/quicktime"),
        (b"\0\0\0\x08wide\0\0", "video/quicktime"),
        (FTYP + b"3gp5\0\0\0\0", "video/3gpp"),
        (FTYP + b"mif1\0\0\0\0mif1avif", "image/avif"),
        (FTYP + b"M4A \0\0\0\0", "audio/mp4"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "video/webm"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska", "video/x-matroska"),
        (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"\0\0\x01\xba", "video/mpeg"),
        (b"OggS" + bytes(24) + b"\x80theora", "video/ogg"),
        (b"OggS" + bytes(24) + b"OpusHead", "audio/ogg"),
        (b"fLaC", "audio/flac"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90", "audio/mpeg"),
        (b"\xff\xf1\x50", "audio/aac"),
    ],
)
def test_a_few_bytes_are_enough(head: bytes, content_type: str) -> None:
    found = signatures.content(head)

    assert found is not None
    assert found.content_type == content_type


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\x89PN",
        b"text",
        b"BM is how a text may begin, too",
        b"#EXTM3U\n",
        b"<svg",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"RIFF\0\0\0\0RMID",
        b"RIFF",
        FTYP + b"heic\0\0\0\0mif1heic",
        FTYP + b"crx \0\0\0\0",
        b"MZ\x90\0",
        b"\x7fELF",
        b"GIF88a",
    ],
)
def test_what_is_not_taken_is_nothing(head: bytes) -> None:
    assert signatures.content(head) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(head: bytes) -> None:
    for begin in (b"", b"\0\0\0\0ftyp", b"\xff\xff\xff\xffftyp", b"OggS", b"BM", b"RIFF", b"\x1aE\xdf\xa3"):
        found = signatures.content(begin + head)
        assert found is None or found.medium in ("Image", "Video", "Audio")
