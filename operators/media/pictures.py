"""Opening pictures that strangers sent: known formats only, bounded pixels, faults named."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from mediawright import InvalidInput
from mediawright.media.rules import MAX_PIXELS

FORMATS = ("AVIF", "BMP", "GIF", "ICO", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
"""Pillow's names. Not EPS or PDF, which start other programs."""
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
FAULTS = (
    OSError, SyntaxError, ValueError, EOFError, OverflowError, IndexError, KeyError, TypeError, ZeroDivisionError,
    RuntimeError, struct.error, Image.DecompressionBombError,
)  # fmt: skip
"""What Pillow raises over files that are damaged; RuntimeError is libavif's."""


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture without decoding its pixels. Raises InvalidInput."""
    with _open(path) as image:
        if image.width * image.height > MAX_PIXELS:
            raise InvalidInput(f"{image.width} x {image.height} are more than the {MAX_PIXELS} pixels allowed")
        yield image


def decoded(image: Image.Image) -> Image.Image:
    """Return the first picture, decoded and upright as its EXIF orientation says: always a new one.

    Raises InvalidInput.
    """
    try:
        image.load()
        return ImageOps.exif_transpose(image)
    except FAULTS as fault:
        raise InvalidInput(f"the picture cannot be decoded: {fault}") from fault


def guarded(frames: Iterable[Image.Image]) -> Iterator[Image.Image]:
    """Yield an animation's frames. Raises InvalidInput when one of them cannot be read."""
    try:
        yield from frames
    except FAULTS as fault:
        raise InvalidInput(f"the animation cannot be decoded: {fault}") from fault


def count(image: Image.Image) -> int:
    """Return how many pictures a file holds, pages and sizes included. Raises InvalidInput."""
    try:
        found: int = getattr(image, "n_frames", 1)
    except FAULTS as fault:
        raise InvalidInput(f"the pictures cannot be counted: {fault}") from fault
    return found


def has_alpha(image: Image.Image) -> bool:
    """Say whether a picture has transparency, in a channel or as a colour."""
    return image.has_transparency_data


def plain(image: Image.Image) -> Image.Image:
    """Return a picture in 8 bits a channel: L, RGB or RGBA; more are scaled, where Pillow would cut them off.

    Of numbers with a fraction 0 is black and 1 is white.
    """
    if image.mode.startswith("I"):
        # of pictures of 16 bits Pillow's `point` ignores the mode asked for
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode == "F":
        return image.point(lambda value: value * 255).convert("L")
    if has_alpha(image):
        return image.convert("RGBA")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def flattened(image: Image.Image, background: str) -> Image.Image:
    """Return a picture as RGB, its transparency laid over a background colour."""
    image = plain(image)
    if image.mode != "RGBA":
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, background)
    return Image.alpha_composite(ground, image).convert("RGB")


def _open(path: Path) -> Image.Image:
    """Pillow's own bound on pixels only warns at first; here both the warning and the error refuse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(path, formats=FORMATS)
    except UnidentifiedImageError:
        raise InvalidInput("the file is no picture of a known format") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise InvalidInput(f"the picture has more than the {MAX_PIXELS} pixels allowed") from None
    except FAULTS as fault:
        raise InvalidInput(f"the picture cannot be read: {fault}") from fault
