"""One engine for all fault tests, and the suite's printout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults import report
from tests.faults.rig import Rig, rigged


@pytest.fixture(scope="package")
def rig() -> Iterator[Rig]:
    with rigged() as made:
        yield made


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what was injected."""
    for line in report.summary():
        terminalreporter.write_line(line)
