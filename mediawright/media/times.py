"""Times in a video, as people write them."""

from __future__ import annotations

LONGEST_SECONDS = 4 * 3600
"""The longest video or sound that is worked on."""


def seconds(time: float | int | str) -> float:
    """Return a time in seconds: a number, or `[[HH:]MM:]SS` with decimals. Raises ValueError for anything else."""
    if not isinstance(time, str):
        return float(time)
    total = 0.0
    for part in time.split(":"):
        total = total * 60 + float(part)
    return total
