"""`ImageThumbnail`: a small, upright copy of a picture, without what the camera noted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from mediawright import Task, operator
from operators.media import operation, pictures

ENDINGS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}


def thumbnail(source: Path, directory: Path, configuration: dict[str, Any]) -> Path:
    """Write a copy that fits into the configured box; never larger than the picture itself."""
    box = (configuration["Width"], configuration["Height"])
    kind = configuration["Format"]
    with pictures.opened(source) as image:
        # a JPEG can be decoded at a half, a quarter, an eighth of its size
        image.draft("RGB", (max(box) * 2, max(box) * 2))
        profile = image.info.get("icc_profile") if image.mode in ("RGB", "RGBA") else None
        small = pictures.plain(pictures.decoded(image))
    small.thumbnail(box)
    if kind == "JPEG":
        small = pictures.flattened(small, configuration["Background"])
    path = directory / f"thumbnail.{ENDINGS[kind]}"
    # a picture made anew has nothing but its pixels; PNG and an absent profile take no notice of the options
    bare = Image.frombytes(small.mode, small.size, small.tobytes())
    bare.save(path, kind, quality=configuration["Quality"], icc_profile=profile)
    return path


@operator(configuration_schema=operation.schema_beside(__file__))
def lambda_handler(task: Task) -> None:
    configuration = {"Width": 320, "Height": 320, "Format": "JPEG", "Quality": 85, "Background": "#ffffff"}
    configuration |= task.configuration
    path = thumbnail(operation.fetched(task), task.directory, configuration)
    with pictures.opened(path) as made:
        made.load()
        facts = {"Width": made.width, "Height": made.height, "Format": made.format}
    operation.report(task, facts | operation.publish(task, "Thumbnail", path), facts)
