"""What the suite tells at its end: tables of what was injected and what it came to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass
class Table:
    """A table in the making; empty ones aren't shown."""

    title: str
    head: Sequence[str]
    rows: list[Sequence[object]] = field(default_factory=list)

    def lines(self) -> Iterable[str]:
        """Columns as wide as they need to be, numbers to the right."""
        cells = [[str(cell) for cell in row] for row in [self.head, *self.rows]]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        yield self.title
        for row, given in zip(cells, [self.head, *self.rows], strict=True):
            padded = [
                cell.rjust(width) if isinstance(value, int) else cell.ljust(width)
                for cell, width, value in zip(row, widths, given, strict=True)
            ]
            yield "  " + "  ".join(padded).rstrip()


INJECTIONS = Table("Injections", ("workflow", "mode", "injected", "fired", "converged", "with the sweep's help"))
MUTANTS = Table("Seeded bugs", ("bug", "caught by", "what was seen"))
OTHERS = Table("Disturbances", ("check", "runs", "what"))


def summary() -> Iterable[str]:
    """All tables that have rows, the injections with their total."""
    for table in (INJECTIONS, OTHERS, MUTANTS):
        if table.rows:
            yield from table.lines()
    if INJECTIONS.rows:
        sums = [sum(int(str(row[column])) for row in INJECTIONS.rows) for column in (2, 3, 4)]
        yield "  {} injections, {} fired, {} converged".format(*sums)
