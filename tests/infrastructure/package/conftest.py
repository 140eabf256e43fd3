from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infrastructure.package import contents
from infrastructure.package.archive import Archive, Entry
from infrastructure.package.build import build
from infrastructure.package.target import Target, this_machine
from tests.infrastructure.sample_project import REPOSITORY

CACHE = REPOSITORY / ".build" / "wheels"
DEPLOYED = Target("x86_64", "3.12")


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Archive]]:
    """What `make package` builds of this repository."""
    out = tmp_path_factory.mktemp("package") / "dist"
    return out, build(REPOSITORY, out, DEPLOYED, CACHE)


@pytest.fixture(scope="session")
def engine_here() -> dict[str, Entry]:
    """The engine's archive as it is for this machine's Python, which can so import it."""
    return contents.engine(REPOSITORY, this_machine(), CACHE)


@pytest.fixture(scope="session")
def operators_here() -> dict[str, Entry]:
    """The operators' archive as it is for this machine's Python."""
    return contents.operators(REPOSITORY, this_machine(), CACHE)


@pytest.fixture
def unpack(tmp_path: Path) -> Callable[[str, dict[str, Entry]], Path]:
    """Lays files into a folder of a name; answers it."""

    def lay(name: str, files: dict[str, Entry]) -> Path:
        for file, entry in files.items():
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(entry.content)
        return tmp_path / name

    return lay
