"""What the suite tells at its end: tables of what was injected and what it came to.

A plugin of pytest: where several processes share the tests, each hands its rows to the one that prints them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

_HANDED = "fault tables"


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
TABLES = (INJECTIONS, OTHERS, MUTANTS)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the rows over, in a process that works for another one."""
    handed = getattr(session.config, "workeroutput", None)
    if handed is not None:
        handed[_HANDED] = [[list(map(_plain, row)) for row in table.rows] for table in TABLES]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the rows of a process that has ended; one that crashed has none to give."""
    for table, rows in zip(TABLES, getattr(node, "workeroutput", {}).get(_HANDED, ()), strict=False):
        table.rows += rows


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what was injected."""
    for line in summary():
        terminalreporter.write_line(line)


def _plain(value: object) -> int | str:
    """As it can be handed over; numbers stay numbers, which stand to the right."""
    return int(value) if isinstance(value, int) else str(value)


def summary() -> Iterable[str]:
    """All tables that have rows, the injections with their total."""
    for table in TABLES:
        if table.rows:
            yield from table.lines()
    if INJECTIONS.rows:
        sums = [sum(int(str(row[column])) for row in INJECTIONS.rows) for column in (2, 3, 4)]
        yield "  {} injections, {} fired, {} converged".format(*sums)
