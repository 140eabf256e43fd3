"""The printed table: a row per figure, with its limit and the old engine's figure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A figure. `limit` is the most it may be (the least, when `at_least`)."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False
    rival: float | None = None
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the figure is within its limit."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def median_ms(seconds: Sequence[float]) -> float:
    """The median in milliseconds."""
    return statistics.median(seconds) * 1000


def spread(seconds: Sequence[float]) -> str:
    """The smallest and largest of measurements, in milliseconds."""
    return f"{min(seconds) * 1000:.0f} to {max(seconds) * 1000:.0f} of {len(seconds)}"


def printed(rows: Sequence[Row]) -> str:
    """The rows as a table in Markdown."""
    lines = ["| figure | measured | limit | old engine | note |", "|---|---|---|---|---|"]
    for row in rows:
        sign = ">=" if row.at_least else "<="
        limit = "" if row.limit is None else f"{sign} {row.limit:g} {row.unit}{'' if row.holds else ' **missed**'}"
        rival = "" if row.rival is None else f"{row.rival:g} {row.unit}"
        lines.append(f"| {row.name} | {row.value:.4g} {row.unit} | {limit} | {rival} | {row.note} |")
    return "\n".join(lines)
