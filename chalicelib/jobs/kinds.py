"""The kinds of jobs: which operation does each, on what, and how its request's fields become parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

IMAGE, VIDEO, AUDIO = "Image", "Video", "Audio"
_PICTURE = {"background": "Background", "animated": "Animated", "keep_metadata": "KeepMetadata"}


@dataclass(frozen=True)
class Kind:
    """One kind of job. `fields` gives the parameter of each field of the request, `fixed` those that the route itself
    says, `defaults` what a field is where the route's own default isn't the operation's. `share` names the limit that
    it counts against; `batch` is the route that takes many files, if there is one. What `encodes` starts ffmpeg: its
    operators come as a container image, which a stack may be without."""

    name: str
    path: str
    summary: str
    operation: str
    medium: str
    share: str
    fields: Mapping[str, str]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    batch: str | None = None
    encodes: bool = False

    @property
    def workflow(self) -> str:
        """The workflow of the one operation."""
        return f"Run{self.operation}"


KINDS = (
    Kind(
        "image_convert_webp",
        "/v1/image/convert/webp",
        "Convert a picture to WebP",
        "ImageConvert",
        IMAGE,
        "image",
        {"quality": "Quality", "lossless": "Lossless", **_PICTURE},
        {"OutputFormat": "webp"},
        batch="/v1/image/batch/convert/webp",
    ),
    Kind(
        "image_convert_avif",
        "/v1/image/convert/avif",
        "Convert a picture to AVIF",
        "ImageConvert",
        IMAGE,
        "image",
        {"quality": "Quality", **_PICTURE},
        {"OutputFormat": "avif"},
        {"quality": 60},
        batch="/v1/image/batch/convert/avif",
    ),
    Kind(
        "image_convert_format",
        "/v1/image/convert/format",
        "Convert a picture to another format",
        "ImageConvert",
        IMAGE,
        "image",
        {"output_format": "OutputFormat", "quality": "Quality", "lossless": "Lossless", **_PICTURE},
        defaults={"quality": 85},
        batch="/v1/image/batch/convert/format",
    ),
    Kind(
        "image_resize",
        "/v1/image/resize",
        "Give a picture another size",
        "ImageResize",
        IMAGE,
        "image",
        {
            "width": "Width",
            "height": "Height",
            "fit": "Fit",
            "output_format": "OutputFormat",
            "quality": "Quality",
            **_PICTURE,
        },
    ),
    Kind(
        "video_convert",
        "/v1/video/convert",
        "Convert a video to another container or codec",
        "VideoConvert",
        VIDEO,
        "video",
        {
            "output_format": "OutputFormat",
            "codec": "Codec",
            "crf": "Crf",
            "preset": "Preset",
            "audio_codec": "AudioCodec",
        },
        defaults={"output_format": "mp4"},
        encodes=True,
    ),
    Kind(
        "video_rotate",
        "/v1/video/rotate",
        "Turn a video clockwise",
        "VideoRotate",
        VIDEO,
        "video",
        {"degrees": "Degrees", "no_transcode": "NoTranscode"},
        encodes=True,
    ),
    Kind(
        "video_resize",
        "/v1/video/resize",
        "Give a video another size",
        "VideoResize",
        VIDEO,
        "video",
        {"width": "Width", "height": "Height", "keep_aspect": "KeepAspect"},
        encodes=True,
    ),
    Kind(
        "video_trim",
        "/v1/video/trim",
        "Cut a part out of a video",
        "VideoTrim",
        VIDEO,
        "video",
        {"start_time": "StartTime", "end_time": "EndTime", "mode": "Mode"},
        encodes=True,
    ),
    Kind(
        "video_thumbnail",
        "/v1/video/thumbnail",
        "Take a picture out of a video",
        "VideoThumbnail",
        VIDEO,
        "thumbnail",
        {"timestamp": "Timestamp", "output_format": "OutputFormat", "quality": "Quality"},
    ),
    Kind(
        "audio_convert",
        "/v1/audio/convert",
        "Convert sound, or that of a video, to another format",
        "AudioConvert",
        AUDIO,
        "video",
        {"output_format": "OutputFormat", "bit_rate": "BitRate", "normalize": "Normalize"},
        encodes=True,
    ),
)
NAMES = tuple(kind.name for kind in KINDS)
