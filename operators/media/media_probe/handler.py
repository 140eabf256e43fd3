"""`MediaProbe`, `MediaProbeAudio`, `MediaProbeImage`: what a file holds, judged by its content and by decoding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from mediawright import Task, media, operator
from operators.media import operation, pictures
from operators.media.kinds import kind
from operators.media.media_types import is_binary_media
from operators.media.probe import probe


def probed(path: Path) -> dict[str, Any]:
    """Return the facts of a file. Raises InvalidInput when it is no picture, video or sound that can be decoded."""
    # text that only looks like a playlist is opened by nobody
    found = kind(path) if is_binary_media(path) else "Video"
    facts = _picture(path) if found == "Image" else probe(path).document()
    return {"Kind": found, "Bytes": path.stat().st_size, **facts}


def _picture(path: Path) -> dict[str, Any]:
    with pictures.opened(path) as image:
        frames = pictures.count(image)
        facts = {
            "Format": image.format,
            "ContentType": Image.MIME.get(image.format or ""),
            "Mode": image.mode,
            "Frames": frames,
            "HasAlpha": pictures.has_alpha(image),
        }
        width, height = pictures.decoded(image).size
    return {**facts, "Width": width, "Height": height}


@operator(configuration_schema=media.configuration_schema("MediaProbe"))
def lambda_handler(task: Task) -> None:
    facts = probed(operation.fetched(task))
    operation.report(task, facts, facts)
