"""Another size for a picture: how one of another shape goes into a box."""

from __future__ import annotations

from typing import Literal

from PIL import Image, ImageColor, ImageOps

from mediawright import InvalidInput
from mediawright.media.rules import MAX_PIXELS

Fit = Literal["cover", "contain", "fill", "pad"]
Size = tuple[int, int]


def target(source: Size, width: int | None, height: int | None, fit: Fit) -> Size:
    """Return the box in pixels; a side that isn't given follows the picture's shape, or stays as it is (fill).

    Raises InvalidInput when the side that follows makes the picture too large.
    """
    if width is None and height is None:
        raise InvalidInput("Width: give Width, Height or both")
    if fit == "fill":
        box = (width or source[0], height or source[1])
    else:
        box = (width or _following(source[0], height, source[1]), height or _following(source[1], width, source[0]))
    if box[0] * box[1] > MAX_PIXELS:
        raise InvalidInput(f"{box[0]} x {box[1]} are more than the {MAX_PIXELS} pixels allowed")
    return box


def fitted(image: Image.Image, box: Size, fit: Fit, background: str) -> Image.Image:
    """Return a picture brought into a box of pixels."""
    if fit == "cover":
        return ImageOps.fit(image, box)
    if fit == "fill":
        return image.resize(box)
    if fit == "contain":
        return ImageOps.contain(image, box)
    ground = ImageColor.getrgb(background)
    colour = (*ground, 255) if image.mode == "RGBA" else ground
    return ImageOps.pad(image if image.mode != "L" else image.convert("RGB"), box, color=colour)


def _following(side: int, given: int | None, other: int) -> int:
    return max(1, round(side * (given or other) / other))
