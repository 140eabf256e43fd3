"""Many pictures on one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps

CELL_WIDTH = 240
MAX_CELL_HEIGHT = 480
GAP = 4


def write(target: Path, pictures: Sequence[Path], columns: int) -> Path:
    """Lay out pictures of one shape, row by row, and write them as one JPEG, which is read again."""
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    with Image.open(pictures[0]) as first:
        height = min(MAX_CELL_HEIGHT, max(1, round(first.height * CELL_WIDTH / first.width)))
    sheet = Image.new("RGB", (columns * (CELL_WIDTH + GAP) + GAP, rows * (height + GAP) + GAP), "white")
    for number, path in enumerate(pictures):
        row, column = divmod(number, columns)
        with Image.open(path) as picture:
            small = ImageOps.contain(picture, (CELL_WIDTH, height))
        sheet.paste(small, (GAP + column * (CELL_WIDTH + GAP), GAP + row * (height + GAP)))
    sheet.save(target, quality=85)
    with Image.open(target) as written:
        written.load()
    return target
