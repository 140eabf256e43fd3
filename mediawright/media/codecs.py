"""Which codecs go into which containers, and on which scales of quality."""

from __future__ import annotations

from dataclasses import dataclass

WORST_AVIF_CRF = 63


@dataclass(frozen=True)
class Container:
    """A kind of video file: the codecs that it takes, the usual one first."""

    video: tuple[str, ...]
    audio: tuple[str, ...]
    content_type: str


@dataclass(frozen=True)
class VideoCodec:
    """A codec's own scale of constant quality, from 0 (best), and where it stands when nothing is said."""

    crf: int
    largest_crf: int


CONTAINERS = {
    "mp4": Container(("h264", "h265", "av1", "vp9"), ("aac", "mp3", "opus"), "video/mp4"),
    "mov": Container(("h264", "h265"), ("aac", "mp3"), "video/quicktime"),
    "mkv": Container(("h264", "h265", "vp9", "av1"), ("aac", "opus", "mp3"), "video/x-matroska"),
    "webm": Container(("vp9", "av1"), ("opus",), "video/webm"),
}
VIDEO = {"h264": VideoCodec(23, 51), "h265": VideoCodec(28, 51), "vp9": VideoCodec(32, 63), "av1": VideoCodec(35, 63)}

ENCODERS = {
    "libx264": "h264", "libx265": "h265", "libvpx-vp9": "vp9", "libaom-av1": "av1", "libsvtav1": "av1",
}  # fmt: skip
"""The codecs that ffmpeg's encoders make, by the names that other services take."""


def fitting(container: str, codec: str) -> str:
    """Return a codec, named as here or by its encoder, or the container's usual one where it takes no such codec.

    Raises KeyError for an unknown container or codec.
    """
    named = ENCODERS.get(codec, codec)
    VIDEO[named]
    taken = CONTAINERS[container].video
    return named if named in taken else taken[0]


def quality_of_avif_crf(crf: int) -> int:
    """Return Quality (0 to 100, higher is better) for a place on AV1's scale, 0 (best) to 63. Raises ValueError."""
    if not 0 <= crf <= WORST_AVIF_CRF:
        raise ValueError(f"{crf} is not between 0 and {WORST_AVIF_CRF}")
    return round((WORST_AVIF_CRF - crf) * 100 / WORST_AVIF_CRF)
