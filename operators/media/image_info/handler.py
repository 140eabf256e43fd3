"""`ImageInfo`: what a picture is: its size, what the camera noted, its main colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from mediawright import Task, operator
from operators.media import colours, exif, operation, pictures


def described(path: Path, count: int, location: bool) -> dict[str, Any]:
    """Return the facts of a picture; of an animation the colours are those of its first picture."""
    with pictures.opened(path) as image:
        facts = _facts(image)
        facts["Exif"] = exif.tags(image)
        if location:
            facts["Location"] = exif.location(image)
        upright = pictures.decoded(image)
        facts["DisplayWidth"], facts["DisplayHeight"] = upright.size
        facts["DominantColours"] = colours.dominant(pictures.plain(upright), count)
    return facts


def _facts(image: Image.Image) -> dict[str, Any]:
    frames = pictures.count(image)
    return {
        "Format": image.format,
        "ContentType": Image.MIME.get(image.format or ""),
        "Width": image.width,
        "Height": image.height,
        "Mode": image.mode,
        "HasAlpha": pictures.has_alpha(image),
        "Frames": frames,
        "Animated": bool(getattr(image, "is_animated", False)),
        "HasColourProfile": bool(image.info.get("icc_profile")),
    }


@operator(configuration_schema=operation.schema_beside(__file__))
def lambda_handler(task: Task) -> None:
    configuration = {"Colours": 5, "Location": False, **task.configuration}
    found = described(operation.fetched(task), configuration["Colours"], configuration["Location"])
    keys = ("Format", "Width", "Height", "DisplayWidth", "DisplayHeight", "HasAlpha", "Frames")
    summary = operation.some(found, keys)
    summary["Colours"] = [colour["Hex"] for colour in found["DominantColours"]]
    operation.report(task, found, summary)
