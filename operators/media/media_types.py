"""What a file is, judged by its first bytes, never by its name."""

from __future__ import annotations

import re
from pathlib import Path

HEAD_BYTES = 4096
_SIGNATURES = re.compile(
    rb"""
      \A.{4}(?:ftyp|moov|mdat|free|wide|skip)          # MP4, QuickTime, HEIF, AVIF
    | \A\x1a\x45\xdf\xa3                               # Matroska, WebM
    | \A(?:RIFF|RIFX|RF64).{4}(?:WAVE|AVI\x20|WEBP)
    | \Ariff\x2e\x91\xcf\x11                           # Wave64
    | \AFORM.{4}AIF[FC]
    | \A(?:fLaC|OggS|FLV\x01|ID3|\#!AMR|wvpk|caff)
    | \A\x30\x26\xb2\x75\x8e\x66\xcf\x11               # ASF: WMV, WMA
    | \A\xff[\xe0-\xfd\xff]                            # MPEG audio, ADTS; ff fe is UTF-16's mark
    | \A\xff\xd8\xff
    | \A\x0b\x77                                       # AC-3
    | \A\x00\x00\x01[\xba\xb3]                         # MPEG programme and video streams
    | \A(?:\x00?\x00\x00\x01[\x09\x27\x40\x42\x67])    # H.264, H.265 elementary streams
    | \A\x47.{187}\x47 | \A.{4}\x47.{191}\x47          # MPEG transport stream
    | \A\x06\x0e\x2b\x34\x02\x05\x01\x01               # MXF
    | \A\x89PNG\r\n\x1a\n
    | \AGIF8[79]a
    | \ABM
    | \A(?:II\x2a\x00|MM\x00\x2a|II\x2b\x00|MM\x00\x2b)  # TIFF
    | \A\x00\x00\x00\x0cjP\x20\x20 | \A\xff\x4f\xff\x51  # JPEG 2000
    | \A\x00\x00\x01\x00[\x01-\x40]\x00                # ICO
    | \AP[1-7][\s\#]                                   # PNM
    """,
    re.VERBOSE | re.DOTALL,
)


def head(path: Path) -> bytes:
    """Return the first bytes of a file."""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def is_binary_media(path: Path) -> bool:
    """Say whether a file begins like video, audio or a picture; playlists, which name other files, don't."""
    return _SIGNATURES.match(head(path)) is not None
