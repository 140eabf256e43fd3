"""`ImageHash`: perceptual hashes, alike for pictures that look alike, and an exact one."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

from PIL import Image

from mediawright import Task, operator
from operators.media import operation, pictures

SIDE = 8
DCT_SIDE = 32
_COSINES = [
    [math.cos(math.pi * frequency * (2 * at + 1) / (2 * DCT_SIDE)) for at in range(DCT_SIDE)]
    for frequency in range(SIDE)
]


def hashes(path: Path) -> dict[str, str]:
    """Return 64-bit hashes in hexadecimal; the number of differing bits says how different two pictures look."""
    with pictures.opened(path) as image:
        grey = pictures.flattened(pictures.decoded(image), "#ffffff").convert("L")
    with path.open("rb") as file:
        exact = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "AverageHash": _average(grey),
        "DifferenceHash": _difference(grey),
        "PerceptualHash": _perceptual(grey),
        "Sha256": exact,
    }


def distance(one: str, other: str) -> int:
    """Return the number of bits in which two hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def _average(grey: Image.Image) -> str:
    pixels = _shrunk(grey, SIDE, SIDE)
    mean = sum(pixels) / len(pixels)
    return _hexadecimal([pixel > mean for pixel in pixels])


def _difference(grey: Image.Image) -> str:
    pixels, width = _shrunk(grey, SIDE + 1, SIDE), SIDE + 1
    return _hexadecimal([pixels[y * width + x] < pixels[y * width + x + 1] for y in range(SIDE) for x in range(SIDE)])


def _perceptual(grey: Image.Image) -> str:
    """The signs of the lowest frequencies of the cosine transform, against their median."""
    pixels = _shrunk(grey, DCT_SIDE, DCT_SIDE)
    rows = [pixels[y * DCT_SIDE : (y + 1) * DCT_SIDE] for y in range(DCT_SIDE)]
    across = [[_dot(row, cosine) for cosine in _COSINES] for row in rows]
    frequencies = [_dot(column, cosine) for cosine in _COSINES for column in zip(*across, strict=True)]
    median = sorted(frequencies[1:])[len(frequencies) // 2]
    return _hexadecimal([frequency > median for frequency in frequencies])


def _dot(numbers: bytes | list[float] | tuple[float, ...], factors: list[float]) -> float:
    return sum(number * factor for number, factor in zip(numbers, factors, strict=True))


def _shrunk(grey: Image.Image, width: int, height: int) -> bytes:
    return grey.resize((width, height), Image.Resampling.LANCZOS).tobytes()


def _hexadecimal(bits: list[bool]) -> str:
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):0{len(bits) // 4}x}"


@operator(configuration_schema=operation.schema_beside(__file__))
def lambda_handler(task: Task) -> None:
    found = hashes(operation.fetched(task))
    operation.report(task, found, found)
