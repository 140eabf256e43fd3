"""The main colours of a picture."""

from __future__ import annotations

from typing import TypedDict

from PIL import Image

LOOKED_AT = 128
"""Pixels a side that are looked at."""


class Colour(TypedDict):
    """A colour and the share of the visible pixels that are like it."""

    Hex: str
    Rgb: list[int]
    Share: float


def dominant(image: Image.Image, count: int) -> list[Colour]:
    """Return up to `count` colours, the commonest first; none when the picture is all transparent."""
    small = image.convert("RGBA")
    small.thumbnail((LOOKED_AT, LOOKED_AT))
    visible = [pixel[:3] for pixel in _pixels(small) if pixel[3] >= 128]
    if not visible:
        return []
    strip = Image.frombytes("RGB", (len(visible), 1), bytes(part for pixel in visible for part in pixel))
    reduced = strip.quantize(count, method=Image.Quantize.MEDIANCUT).convert("RGB")
    shares: dict[tuple[int, ...], int] = {}
    for pixel in _pixels(reduced):
        shares[pixel] = shares.get(pixel, 0) + 1
    ordered = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    return [
        {"Hex": "#" + bytes(pixel).hex(), "Rgb": list(pixel), "Share": round(found / len(visible), 4)}
        for pixel, found in ordered
    ]


def _pixels(image: Image.Image) -> list[tuple[int, ...]]:
    content, bands = image.tobytes(), len(image.getbands())
    return [tuple(content[at : at + bands]) for at in range(0, len(content), bands)]
